#include "base/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "base/task.h"

namespace sallyport {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kRead = 1;
constexpr std::uint32_t kWrite = 2;
constexpr std::uint32_t kTime = 4;
constexpr std::uint32_t kGone = 8;

struct Pair {
  Pair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    ours = UniqueFd(fds[0]);
    theirs = UniqueFd(fds[1]);
  }
  UniqueFd ours, theirs;
};

Task<int> add(int a, int b) {
  co_return a + b;
}

Task<void> sum_many(int count, long& total) {
  for (int i = 0; i < count; ++i) {
    int next = co_await add(i, 1);
    total += next;
  }
}

TEST(Task, AwaitsAMillionWithoutGrowingTheStack) {
  long total = 0;
  spawn(sum_many(1'000'000, total));
  EXPECT_EQ(total, 500000500000L);
}

Task<int> fail_inside() {
  throw std::runtime_error("inside");
  co_return 1;
}

Task<void> catch_outside(std::string& what) {
  try {
    std::ignore = co_await fail_inside();
  } catch (const std::exception& error) {
    what = error.what();
  }
}

TEST(Task, PassesAnExceptionToItsAwaiter) {
  std::string what;
  spawn(catch_outside(what));
  EXPECT_EQ(what, "inside");
}

Task<void> read_byte(EventLoop& loop, int fd, char& byte, std::uint32_t& why) {
  Signal signal(loop);
  Watch watch(loop, fd);
  watch.attach(&signal, kRead, kWrite, kGone);
  why = co_await signal.wait(kRead);
  EXPECT_TRUE(watch.readable);
  EXPECT_EQ(::read(fd, &byte, 1), 1);
  loop.stop();
}

TEST(EventLoop, WakesAReaderWhenBytesCome) {
  EventLoop loop;
  Pair pair;
  char byte = 0;
  std::uint32_t why = 0;
  spawn(read_byte(loop, pair.ours.get(), byte, why));
  std::thread other([&] { EXPECT_EQ(::write(pair.theirs.get(), "x", 1), 1); });
  loop.run();
  other.join();
  EXPECT_EQ(byte, 'x');
  EXPECT_EQ(why, kRead);
}

Task<void> wait_for_gone(EventLoop& loop, int fd, bool& hung_up) {
  Signal signal(loop);
  Watch watch(loop, fd);
  watch.attach(&signal, kRead, kWrite, kGone);
  std::uint32_t why = co_await signal.wait(kGone);
  hung_up = watch.hung_up && why == kGone;
  loop.stop();
}

TEST(EventLoop, TellsAHangUpFromBytes) {
  EventLoop loop;
  Pair pair;
  bool hung_up = false;
  spawn(wait_for_gone(loop, pair.ours.get(), hung_up));
  EXPECT_EQ(::write(pair.theirs.get(), "x", 1), 1);
  loop.post([&] { pair.theirs.reset(); });
  loop.run();
  EXPECT_TRUE(hung_up);
}

Task<void> wait_until(EventLoop& loop, SteadyTime at, SteadyTime later, SteadyTime& woken) {
  Signal signal(loop);
  Deadline deadline(loop, signal, kTime);
  deadline.set(at);
  deadline.set(later);  // moving it on costs nothing and holds
  std::ignore = co_await signal.wait(kTime);
  woken = std::chrono::steady_clock::now();
  loop.stop();
}

TEST(EventLoop, NeverFiresADeadlineEarly) {
  EventLoop loop;
  auto start = std::chrono::steady_clock::now();
  SteadyTime woken{};
  spawn(wait_until(loop, start + 1ms, start + 80ms, woken));
  loop.run();
  EXPECT_GE(woken - start, 80ms);
}

Task<void> wait_earlier(EventLoop& loop, SteadyTime& woken) {
  Signal signal(loop);
  Deadline deadline(loop, signal, kTime);
  deadline.set(loop.now() + 24h);  // beyond the wheel
  deadline.set(loop.now() + 40ms);
  std::ignore = co_await signal.wait(kTime);
  woken = std::chrono::steady_clock::now();
  loop.stop();
}

TEST(EventLoop, MovesADeadlineToAnEarlierTime) {
  EventLoop loop;
  SteadyTime woken{};
  auto start = loop.now();
  spawn(wait_earlier(loop, woken));
  loop.run();
  EXPECT_GE(woken - start, 40ms);
  EXPECT_LT(woken - start, 20s);
}

Task<void> wait_cleared(EventLoop& loop, std::uint32_t& why) {
  Signal signal(loop);
  Deadline cleared(loop, signal, kTime);
  Deadline other(loop, signal, kGone);
  cleared.set(loop.now() + 10ms);
  cleared.clear();
  other.set(loop.now() + 100ms);
  why = co_await signal.wait(kTime | kGone);
  loop.stop();
}

TEST(EventLoop, DoesNotFireAClearedDeadline) {
  EventLoop loop;
  std::uint32_t why = 0;
  spawn(wait_cleared(loop, why));
  loop.run();
  EXPECT_EQ(why, kGone);
}

TEST(EventLoop, RunsPostedWorkInOrderFromManyThreads) {
  EventLoop loop;
  std::array<int, 4> last{};
  std::array<bool, 4> ordered{true, true, true, true};
  int left = 4 * 1000;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 1; i <= 1000; ++i) {
        loop.post([&, t, i] {
          ordered[t] = ordered[t] && last[t] + 1 == i;
          last[t] = i;
          if (--left == 0) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ordered, (std::array<bool, 4>{true, true, true, true}));
}

Task<void> wait_bit(Signal& signal, std::vector<std::string>& order) {
  std::ignore = co_await signal.wait(kRead);
  order.push_back("woken");
}

TEST(EventLoop, RunsWhatTheEndOfATurnWakesInTheSameTurn) {
  EventLoop loop;
  Signal signal(loop);
  std::vector<std::string> order;
  loop.at_end_of_turn([&] {
    if (order.size() == 1) {
      order.push_back("written");
      signal.raise(kRead);
    }
  });
  spawn(wait_bit(signal, order));
  loop.post([&] {
    order.push_back("appended");
    loop.post([&] {
      order.push_back("next turn");
      loop.stop();
    });
  });
  loop.run();
  EXPECT_EQ(order, (std::vector<std::string>{"appended", "written", "woken", "next turn"}));
}

TEST(EventLoop, SaysThatTheKernelWillNotWatchADescriptor) {
  EventLoop loop;
  UniqueFd file(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));  // always ready: EPERM
  Watch watch(loop, file.get());
  EXPECT_EQ(watch.error(), EPERM);
  Pair pair;
  Watch good(loop, pair.ours.get());
  EXPECT_EQ(good.error(), 0);
}

}  // namespace
}  // namespace sallyport
