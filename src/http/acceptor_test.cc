// From a bound port to accepted connections: whose port it is, who is let in, how it ends, and what
// happens where the process has no descriptor left.
#include "http/acceptor.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "base/log.h"
#include "http/listener.h"
#include "http/test_line.h"

namespace sallyport::http {
namespace {

using std::chrono::milliseconds;

UniqueFd connect_to(std::uint16_t port) {
  return std::move(TestPeer::connect(port).theirs);
}

// ---- the listener ------------------------------------------------------------------------------

TEST(Listener, SaysThatAPortIsInUseHoweverManyWantIt) {
  auto first = listen_tcp("127.0.0.1", 0, 2);  // shares its port, as workers do
  ASSERT_TRUE(first) << first.error().text();
  ASSERT_NE(first->port, 0);
  EXPECT_EQ(first->sockets.size(), 2U);
  for (unsigned count : {1U, 3U}) {
    auto second = listen_tcp("127.0.0.1", first->port, count);
    ASSERT_FALSE(second) << count;
    EXPECT_EQ(second.error().code, "listen.in_use");
  }
}

TEST(Listener, AllSocketsOfAPortTakeConnections) {
  auto all = listen_tcp("127.0.0.1", 0, 3);
  ASSERT_TRUE(all);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(connect_to(all->port));
  for (const auto& one : all->sockets) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    ASSERT_EQ(::getsockname(one.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    EXPECT_EQ(ntohs(at.sin_port), all->port);
  }
}

TEST(Listener, WantsAnAddressAndNoName) {
  auto named = listen_tcp("localhost", 0, 1);
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code, "listen.failed");
  auto foreign = listen_tcp("192.0.2.1", 0, 1);  // RFC 5737: nobody's
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, "listen.failed");
}

// ---- the acceptor ------------------------------------------------------------------------------

class Accepting : public testing::Test {
 protected:
  void SetUp() override {
    auto made = listen_tcp("127.0.0.1", 0, 1);
    ASSERT_TRUE(made);
    port = made->port;
    acceptor.emplace(loop, std::move(made->sockets.front()));
  }
  // The acceptor from its start to its end.
  void run(Acceptor::OnConnection on_connection) {
    auto all = [&]() -> Task<void> {
      co_await acceptor->run(std::move(on_connection));
      loop.stop();
    };
    loop.post([&] { spawn(all()); });
    loop.run();
  }
  void connect(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      clients.push_back(connect_to(port));
      ASSERT_TRUE(clients.back());
    }
  }

  EventLoop loop;
  std::uint16_t port = 0;
  std::optional<Acceptor> acceptor;
  std::vector<UniqueFd> clients;
  std::vector<UniqueFd> taken;
};

TEST_F(Accepting, TellsWhoCame) {
  connect(1);
  sockaddr_in peer{};
  run([&](UniqueFd fd, const sockaddr_storage& from) {
    std::memcpy(&peer, &from, sizeof peer);
    taken.push_back(std::move(fd));
    acceptor->stop();
  });
  sockaddr_in client{};
  socklen_t size = sizeof client;
  ::getsockname(clients[0].get(), reinterpret_cast<sockaddr*>(&client), &size);
  EXPECT_EQ(peer.sin_port, client.sin_port);
  ASSERT_EQ(taken.size(), 1U);
  char byte = 0;
  EXPECT_EQ(::recv(taken[0].get(), &byte, 1, 0), -1);  // it does not block
  EXPECT_TRUE(errno == EAGAIN || errno == EWOULDBLOCK);
}

TEST_F(Accepting, StopsInTheMiddleOfACrowdAndClosesItsPort) {
  connect(20);
  run([&](UniqueFd fd, const sockaddr_storage&) {
    taken.push_back(std::move(fd));
    if (taken.size() == 5) acceptor->stop();
  });
  EXPECT_EQ(taken.size(), 5U);
  EXPECT_FALSE(connect_to(port));
}

TEST_F(Accepting, StopsWhileItWaits) {
  loop.post([&] { loop.post([&] { acceptor->stop(); }); });
  run([&](UniqueFd, const sockaddr_storage&) { ADD_FAILURE() << "nobody came"; });
  EXPECT_FALSE(connect_to(port));
}

TEST_F(Accepting, GivesWayWhileManyCome) {
  connect(150);
  std::size_t when_others_ran = 0;
  run([&](UniqueFd fd, const sockaddr_storage&) {
    if (taken.empty()) loop.post([&] { when_others_ran = taken.size(); });
    taken.push_back(std::move(fd));
    if (taken.size() == 150) acceptor->stop();
  });
  EXPECT_GT(when_others_ran, 0U);
  EXPECT_LT(when_others_ran, 100U);
}

// No descriptor may be opened that is not open already, for as long as this lives.
class NoDescriptorLeft {
 public:
  NoDescriptorLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::dup(0);
    ::close(lowest_free);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest_free);
    SALLYPORT_CHECK(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptorLeft(const NoDescriptorLeft&) = delete;
  NoDescriptorLeft& operator=(const NoDescriptorLeft&) = delete;

 private:
  rlimit before_{};
};

// accept4(2) fails at once and the connection stays in the queue, so nothing would wake the loop,
// and trying again at once would never let it sleep.
TEST_F(Accepting, WithoutADescriptorItWaitsAndThenGoesOn) {
  connect(1);
  // The one line that a minute has: UBSan looks at its virtual calls with a descriptor of its own.
  log::once_a_minute(log::Level::kError, "connection.accept_failed", {});
  std::optional<NoDescriptorLeft> none;
  none.emplace();
  int turns = 0;
  loop.at_end_of_turn([&] { ++turns; });
  Signal signal(loop);
  auto descriptors_come_back = [&]() -> Task<void> {
    Deadline later(loop, signal, 1);
    later.set(loop.now() + milliseconds(40));
    std::ignore = co_await signal.wait(1);
    EXPECT_TRUE(taken.empty());
    none.reset();
  };
  loop.post([&] { spawn(descriptors_come_back()); });
  run([&](UniqueFd fd, const sockaddr_storage&) {
    taken.push_back(std::move(fd));
    acceptor->stop();
  });
  EXPECT_EQ(taken.size(), 1U);
  EXPECT_LT(turns, 20) << "it span";
}

}  // namespace
}  // namespace sallyport::http
