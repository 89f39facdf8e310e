#include "base/waiters.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/errand.h"
#include "base/task.h"

namespace sallyport {
namespace {

constexpr std::uint32_t kHere = 1, kLate = 2, kGone = 4;

Task<void> wait_in(Waiters& waiters, Signal& signal, std::uint32_t& why) {
  Waiters::Place place(waiters, signal);
  why = co_await signal.wait(kHere | kGone);
}

TEST(Waiters, AllAreWokenOnce) {
  EventLoop loop;
  Signal one(loop), other(loop);
  Waiters waiters;
  std::uint32_t first = 0, second = 0;
  loop.post([&] {
    spawn(wait_in(waiters, one, first));
    spawn(wait_in(waiters, other, second));
    EXPECT_FALSE(waiters.empty());
    waiters.wake(kHere);
    EXPECT_TRUE(waiters.empty());
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(first, kHere);
  EXPECT_EQ(second, kHere);
}

TEST(Waiters, WhoEndsItsWaitOtherwiseIsInNoListAnyMore) {
  EventLoop loop;
  Signal signal(loop);
  Waiters waiters;
  std::uint32_t why = 0;
  loop.post([&] {
    spawn(wait_in(waiters, signal, why));
    signal.raise(kGone);
    loop.post([&] {
      EXPECT_TRUE(waiters.empty());
      waiters.wake(kHere);
      EXPECT_FALSE(signal.is_raised(kHere));
      loop.stop();
    });
  });
  loop.run();
  EXPECT_EQ(why, kGone);
}

Task<void> wait_for(Signal& signal, std::uint32_t mask, std::uint32_t& why) {
  why = co_await signal.wait(mask);
}

TEST(Signal, AKeptBitIsToldToEveryWait) {
  EventLoop loop;
  Signal signal(loop);
  signal.keep(kGone);
  std::uint32_t first = 0, second = 0;
  loop.post([&] {
    signal.raise(kGone | kHere);
    spawn(wait_for(signal, kGone | kHere, first));
    EXPECT_TRUE(signal.is_raised(kGone));
    EXPECT_FALSE(signal.is_raised(kHere));
    spawn(wait_for(signal, kGone | kHere, second));
    signal.clear(kGone);
    EXPECT_FALSE(signal.is_raised(kGone));
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(first, kGone | kHere);
  EXPECT_EQ(second, kGone);
}

TEST(SignalDeathTest, RefusesASecondSleeper) {
  EXPECT_DEATH(
      {
        EventLoop loop;
        Signal signal(loop);
        std::uint32_t why = 0;
        loop.post([&] {
          spawn(wait_for(signal, kHere, why));
          spawn(wait_for(signal, kLate, why));
        });
        loop.run();
      },
      "sleeper_");
}

TEST(Errand, IsDoneByAnotherThread) {
  EventLoop loop;
  Signal signal(loop);
  std::uint32_t why = 0;
  std::thread other;
  auto run = [&]() -> Task<void> {
    Errand errand(loop, signal, kHere);
    other = std::thread(errand.done());
    why = co_await signal.wait(kHere);
    EXPECT_TRUE(errand.is_done());
    loop.stop();
  };
  loop.post([&] { spawn(run()); });
  loop.run();
  other.join();
  EXPECT_EQ(why, kHere);
}

TEST(Errand, ReachesNobodyWhoHasGone) {
  EventLoop loop;
  Signal signal(loop);
  std::function<void()> done;
  loop.post([&] {
    {
      Errand errand(loop, signal, kHere);
      done = errand.done();
    }
    done();
    loop.post([&] {
      EXPECT_FALSE(signal.is_raised(kHere));
      loop.stop();
    });
  });
  loop.run();
}

}  // namespace
}  // namespace sallyport
