#include "http/resolver.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <atomic>
#include <semaphore>

namespace sallyport::http {
namespace {

constexpr std::uint32_t kGiveUp = 1U << 30;

Addresses one_address(std::uint16_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  v4->sin_family = AF_INET;
  v4->sin_port = htons(port);
  v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.size = sizeof *v4;
  return {address};
}

// Name servers as a test wants them: names that begin with "silent" are answered when the test
// lets them, "none" never has an address.
struct NameServers {
  std::counting_semaphore<1024> let{0};
  std::counting_semaphore<1024> sat{0};  ///< a look-up began to wait
  std::atomic<int> asked{0};
  Addresses operator()(const std::string& host, std::uint16_t port) {
    ++asked;
    if (host.starts_with("silent")) {
      sat.release();
      let.acquire();
    }
    return host == "none" ? Addresses{} : one_address(port);
  }
};

struct Fixture : testing::Test {
  // The look-ups may outlast the test's resolver.
  std::shared_ptr<NameServers> servers = std::make_shared<NameServers>();
  EventLoop loop;
  Resolver resolver{[kept = servers](const std::string& host, std::uint16_t port) {
    return (*kept)(host, port);
  }};
  int running = 0;

  struct Question {
    explicit Question(EventLoop& on) : signal(on) {}
    Signal signal;
    Addresses addresses;
    bool done = false;
  };
  Task<void> ask(Question& question, std::string host) {
    question.addresses = co_await resolver.resolve(loop, question.signal, host, 443, kGiveUp);
    question.done = true;
    if (--running == 0) loop.stop();
  }
  void start(Question& question, const std::string& host) {
    ++running;
    spawn(ask(question, host));
  }
};

using ResolverTest = Fixture;

TEST_F(ResolverTest, KeepsAnAnswer) {
  Question first(loop), second(loop);
  start(first, "good");
  loop.run();
  start(second, "good");
  loop.run();
  EXPECT_EQ(first.addresses.size(), 1U);
  EXPECT_EQ(second.addresses.size(), 1U);
  EXPECT_EQ(servers->asked, 1);
}

TEST_F(ResolverTest, AsksAgainWhereThereWasNoAddress) {
  Question first(loop), second(loop);
  start(first, "none");
  loop.run();
  start(second, "none");
  loop.run();
  EXPECT_TRUE(first.addresses.empty());
  EXPECT_EQ(servers->asked, 2);
}

TEST_F(ResolverTest, ASilentNameKeepsNobodyElseWaiting) {
  Question silent(loop), good(loop);
  start(silent, "silent");
  servers->sat.acquire();
  running = 0;  // what is silent is not waited for
  start(good, "good");
  loop.run();
  EXPECT_EQ(good.addresses.size(), 1U);
  EXPECT_FALSE(silent.done);
  running = 1;
  servers->let.release();
  loop.run();
  EXPECT_EQ(silent.addresses.size(), 1U);
}

TEST_F(ResolverTest, LooksANameUpOnceForAllWhoWait) {
  std::vector<std::unique_ptr<Question>> questions;
  for (int i = 0; i < 100; ++i) {
    start(*questions.emplace_back(std::make_unique<Question>(loop)), "silent");
  }
  servers->let.release();
  loop.run();
  EXPECT_EQ(servers->asked, 1);
  for (const auto& question : questions) EXPECT_EQ(question->addresses.size(), 1U);
}

TEST_F(ResolverTest, RefusesMoreNamesThanItHoldsAndServesThoseItTook) {
  std::vector<std::unique_ptr<Question>> questions;
  for (std::size_t i = 0; i < Resolver::kMaxNames; ++i) {
    start(*questions.emplace_back(std::make_unique<Question>(loop)), "silent" + std::to_string(i));
  }
  int held = running;
  running = 0;
  Question more(loop);
  start(more, "good");
  loop.run();
  EXPECT_TRUE(more.done);
  EXPECT_TRUE(more.addresses.empty());
  for (std::size_t i = 0; i < Resolver::kThreads; ++i) servers->sat.acquire();
  EXPECT_FALSE(servers->sat.try_acquire()) << "more threads than there may be";
  running = held;
  servers->let.release(Resolver::kMaxNames);
  loop.run();
  for (const auto& question : questions) EXPECT_EQ(question->addresses.size(), 1U);
}

TEST_F(ResolverTest, WhoGivesUpIsNotToldLater) {
  {
    auto question = std::make_unique<Question>(loop);
    start(*question, "silent");
    servers->sat.acquire();
    loop.post([&] { question->signal.raise(kGiveUp); });
    loop.run();
    EXPECT_TRUE(question->done);
    EXPECT_TRUE(question->addresses.empty());
  }
  servers->let.release();
  Question good(loop);
  start(good, "silent");  // joins the running look-up or finds its answer kept
  loop.run();
  EXPECT_EQ(good.addresses.size(), 1U);
}

TEST_F(ResolverTest, PostsNothingOnceItIsStopped) {
  Question silent(loop);
  start(silent, "silent");
  servers->sat.acquire();
  resolver.stop();
  servers->let.release();
  running = 0;
  loop.post([this] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(silent.done);
  running = 1;
  loop.post([&] { silent.signal.raise(kGiveUp); });
  loop.run();
  EXPECT_TRUE(silent.done);
}

TEST(SystemLookUp, LeavesOutWhereNoProviderLives) {
  EXPECT_EQ(Resolver::system_look_up("127.0.0.1", 80).size(), 1U);
  for (const char* host : {"169.254.169.254", "0.0.0.0", "::", "fe80::1", "::ffff:169.254.169.254",
                           "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "2852039166"}) {
    EXPECT_TRUE(Resolver::system_look_up(host, 80).empty()) << host;
  }
}

}  // namespace
}  // namespace sallyport::http
