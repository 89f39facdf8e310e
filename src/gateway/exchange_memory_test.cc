// No memory in the middle of an exchange: each allocation that a worker makes for a connection and
// its request fails once, from accept to close. Whatever it was for, that one client gets a whole
// answer or a closed connection, everybody after it is served, and no opened line of the record
// stays without its end. (The parsers alone: allocation_failure_test.cc.)
//
// What ends the process for want of memory, on purpose, is not reached by one request: the loop's
// list of who is to run next (EventLoop::schedule), which is warm; the closed line and the line that
// begins a segment (audit/chain), for which there is memory as long as few lines wait to be written;
// the write at the end of a turn where the disk fails; and what other threads make.
#include <cstdlib>

#include "base/failing_allocator.h"
#include "gateway/test_worker.h"

#ifndef SALLYPORT_UNDER_TSAN
namespace sallyport::gateway {
namespace {

constexpr std::size_t kMost = 3000;  // allocations of one exchange: far more than there are

// In a long run each allocation; else every few, and the first ones all.
std::size_t stride(std::size_t nth) {
  const char* size = std::getenv("SIZE");
  const bool all = size != nullptr && std::string_view(size) == "long";
  return all || nth < 64 ? 1 : 3;
}

struct Heard {
  std::string text;
  bool whole = false;
};

Heard hear_answer(const http::TestPeer& client) {
  Heard heard;
  heard.text = client.hear();
  auto end = heard.text.find("\r\n\r\n");
  if (end == std::string::npos) return heard;
  auto length = heard.text.find("content-length: ");
  heard.whole = length < end
                    ? heard.text.size() - end - 4 == std::stoul(heard.text.substr(length + 16))
                    : heard.text.ends_with("0\r\n\r\n");
  return heard;
}

class ExchangeMemory : public testing::Test {
 protected:
  // The provider answers so on each connection, as often as one is made.
  void provider_says(const std::string& answer) {
    for (std::size_t i = 0; i < 2 * kMost; ++i) {
      at.house.provider.on_connection({read_request(), say(answer), hold()});
    }
  }
  std::string ask(const std::string& body) const {
    auto text = at.request(body);
    return text.insert(text.find("\r\n") + 2, "connection: close\r\n");
  }
  void arm(std::size_t nth) {
    at.on_its_thread([&] {
      workers = &allocations;
      workers->until_failure = nth;
    });
  }
  /// Whether the allocation came that should fail. The worker sleeps by now; to ask it would make it
  /// allocate.
  [[nodiscard]] bool disarm() const { return std::exchange(workers->until_failure, 0) == 0; }

  // Fails the nth allocation, for each nth up to the first that is never reached.
  void fail_each(const std::string& request, std::string_view expected = "HTTP/1.1 200 ") {
    for (int warm = 0; warm < 3; ++warm) exchange(request, expected);
    std::size_t failed = 0;
    std::size_t broken_off = 0;
    for (std::size_t nth = 1; nth < kMost; nth += stride(nth)) {
      SCOPED_TRACE("allocation " + std::to_string(nth));
      arm(nth);
      const bool whole = exchange(request);
      const bool reached = disarm();
      if (!reached) {
        EXPECT_TRUE(whole);
        break;
      }
      ++failed;
      if (!whole) ++broken_off;
    }
    exchange(request, expected);  // as if nothing had been
    EXPECT_GT(failed, 20U);
    EXPECT_LT(failed, kMost / 2);
    EXPECT_GT(broken_off, 0U);
    expect_ends();
  }
  // One connection from its beginning to its end; whether a whole answer came.
  bool exchange(const std::string& request, std::string_view expected = {}) {
    const auto closed = ended();
    auto client = at.connect();
    client.say(request);
    auto heard = hear_answer(client);
    client.leave();
    while (ended() == closed) std::this_thread::yield();
    if (!expected.empty()) {
      EXPECT_TRUE(heard.whole && heard.text.starts_with(expected)) << heard.text;
    }
    return heard.whole;
  }
  [[nodiscard]] std::uint64_t ended() const {
    const auto& counters = at.worker->counters();
    return counters.connections_closed.value() + counters.connections_refused.value();
  }
  void expect_ends() {
    EXPECT_TRUE(at.stop());
    EXPECT_TRUE(at.ended);
    const auto lines = at.lines();
    EXPECT_GT(audit::count_of(lines, R"("type":"opened")"), 20U);
    EXPECT_EQ(audit::count_of(lines, R"("type":"opened")"),
              audit::count_of(lines, R"("type":"closed")"));
    EXPECT_GT(audit::count_of(lines, "gateway.failed"), 0U);
    EXPECT_EQ(at.house.bodies.used(), 0U);
    // Nobody's place is lost.
    at.house.connections.set(1, 1);
    EXPECT_TRUE(at.house.connections.enter({}));
  }

  WorkerHouse at;
  Allocations* workers = nullptr;  ///< its thread's
};

TEST_F(ExchangeMemory, OfAWholeAnswer) {
  provider_says(http_answer(200, whole_answer(), "application/json", "connection: close\r\n"));
  at.start();
  fail_each(ask(message("claude-sonnet-5")));
}

TEST_F(ExchangeMemory, OfAStream) {
  auto head = stream_head();
  head.insert(head.find("\r\n") + 2, "connection: close\r\n");
  provider_says(head + chunk(message_start()) + chunk(message_end()) + "0\r\n\r\n");
  at.start();
  fail_each(ask(message("claude-sonnet-5", R"(,"stream":true)")));
}

// The person is new each time: signature, claims, principal, cache, name.
TEST_F(ExchangeMemory, OfATokenThatWasNotSeenBefore) {
  at.house.limits.verified_tokens = 0;
  at.house.configure();
  provider_says(http_answer(200, whole_answer(), "application/json", "connection: close\r\n"));
  at.start();
  fail_each(ask(message("claude-sonnet-5")));
}

TEST_F(ExchangeMemory, OfAnAnswerThatIsRefused) {
  provider_says(http_answer(403, "<html>", "text/html", "connection: close\r\n"));
  at.start();
  fail_each(ask(message("claude-sonnet-5")), "HTTP/1.1 502 ");
}

// On purpose: a coroutine that cannot be put on the list of who is to run would never wake.
TEST(ExchangeMemoryDeathTest, ALoopThatCannotWakeSomebodyEndsTheProcess) {
  EXPECT_DEATH(
      {
        EventLoop loop;
        allocations.until_failure = 1;
        loop.schedule(std::noop_coroutine());
      },
      "bad_alloc");
}

}  // namespace
}  // namespace sallyport::gateway
#endif  // SALLYPORT_UNDER_TSAN
