#include "base/mutex.h"

#include <gtest/gtest.h>

#include <thread>

namespace sallyport {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Shared {
  Mutex mutex;
  Condition changed;
  int steps GUARDED_BY(mutex) = 0;
};

TEST(Mutex, LetsOneInAtATime) {
  Shared shared;
  auto count = [&shared] {
    for (int i = 0; i < 10'000; ++i) {
      MutexLock lock(shared.mutex);
      int before = shared.steps;
      std::this_thread::yield();  // without the mutex the other one would come in here
      shared.steps = before + 1;
    }
  };
  std::thread other(count);
  count();
  other.join();
  MutexLock lock(shared.mutex);
  EXPECT_EQ(shared.steps, 20'000);
}

TEST(Mutex, ALockGivenBackCanBeTakenByAnother) {
  Shared shared;
  MutexLock lock(shared.mutex);
  lock.unlock();
  std::thread([&shared] {
    MutexLock other(shared.mutex);
    ++shared.steps;
  }).join();
  lock.lock();
  EXPECT_EQ(shared.steps, 1);
}

TEST(Condition, WaitsWithoutTheMutexAndReturnsWithIt) {
  Shared shared;
  MutexLock lock(shared.mutex);
  std::thread other([&shared] {
    MutexLock inside(shared.mutex);  // to be had only while the test waits
    for (; shared.steps < 2; ++shared.steps) shared.changed.notify_all();
  });
  while (shared.steps < 2) shared.changed.wait(shared.mutex);
  lock.unlock();
  other.join();
}

TEST(Condition, SaysWhenTheTimeIsOver) {
  Shared shared;
  auto end = steady_clock::now() + milliseconds(5);
  MutexLock lock(shared.mutex);
  while (shared.changed.wait_until(shared.mutex, end)) continue;
  EXPECT_GE(steady_clock::now(), end);
}

}  // namespace
}  // namespace sallyport
