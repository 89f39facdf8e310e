#include "http/http1_connection.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <string>

#include "base/task.h"

namespace sallyport::http {
namespace {

constexpr std::size_t kMany = std::size_t{1} << 20;  // of bytes: twice as many as a turn reads

// A connection over loopback. The kernel holds what the client says before it is read (megabytes,
// as long as nobody sets the size of its buffers).
struct Line {
  Line() {
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    EXPECT_EQ(::bind(listener.get(), address, size), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), address, &size), 0);
    client = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), address, size), 0);
    ours = UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  }

  // Without waiting for a reader; how much went out.
  std::size_t say(std::string_view text) const {
    std::size_t said = 0;
    while (said < text.size()) {
      ssize_t n =
          ::send(client.get(), text.data() + said, text.size() - said, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n <= 0) break;
      said += static_cast<std::size_t>(n);
    }
    return said;
  }

  UniqueFd client, ours;
};

struct Reading {
  ByteBudget budget{std::size_t{64} << 20};
  BudgetShare share{budget};
  bool ended = false;
};

Task<void> read_request(EventLoop& loop, Http1Connection& connection, Reading& reading) {
  auto next = co_await connection.next_head();
  EXPECT_EQ(next, Http1Connection::Next::kHead);
  auto read = co_await connection.read_body(std::size_t{32} << 20, reading.share);
  EXPECT_EQ(read, Http1Connection::BodyRead::kClientGone);
  reading.ended = true;
  loop.stop();
}

std::string chunks(std::string_view one) {
  std::string all;
  while (all.size() < kMany) all += one;
  return all;
}

// What comes as fast as it is read leaves room for others: the rest is still unread when they run.
TEST(Http1Connection, GivesWayWhileASmallChunkFollowsTheOther) {
  Line line;
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  ASSERT_EQ(line.say(head), head.size());
  const std::size_t said = line.say(chunks("1\r\nx\r\n"));
  ASSERT_GT(said, 40 * Buffer::kBlock) << "the kernel holds too little for this test";
  EventLoop loop;
  int left = -1;
  Reading reading;
  const int fd = line.ours.get();
  Http1Connection connection(loop, std::move(line.ours), {});
  loop.post([&] {
    spawn(read_request(loop, connection, reading));
    loop.post([&] {
      EXPECT_EQ(::ioctl(fd, FIONREAD, &left), 0);
      line.client = UniqueFd();
    });
  });
  loop.run();
  EXPECT_TRUE(reading.ended);
  EXPECT_GT(left, 0);
}

}  // namespace
}  // namespace sallyport::http
