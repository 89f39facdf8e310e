// A mutex that the compiler knows. A member says which mutex guards it, a function which one its
// caller holds; clang (-Wthread-safety, an error here) refuses code that does otherwise. Other
// compilers see plain std::mutex. https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
//
//   Mutex mutex_;
//   int count_ GUARDED_BY(mutex_) = 0;
//   void count() { MutexLock lock(mutex_); ++count_; }
//
// A condition is waited for in a loop that stands where the lock is held:
//   while (count_ == 0) changed_.wait(mutex_);
// A lambda is a function of its own to the analysis: what it may touch, it says after its
// parameters: [&]() REQUIRES(mutex_) { ... }
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define SALLYPORT_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SALLYPORT_THREAD_ATTRIBUTE(x)
#endif

#define CAPABILITY(name) SALLYPORT_THREAD_ATTRIBUTE(capability(name))
#define SCOPED_CAPABILITY SALLYPORT_THREAD_ATTRIBUTE(scoped_lockable)
#define GUARDED_BY(mutex) SALLYPORT_THREAD_ATTRIBUTE(guarded_by(mutex))        // the member
#define PT_GUARDED_BY(mutex) SALLYPORT_THREAD_ATTRIBUTE(pt_guarded_by(mutex))  // what it points to
#define REQUIRES(...) SALLYPORT_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) SALLYPORT_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) SALLYPORT_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) SALLYPORT_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define RETURN_CAPABILITY(mutex) SALLYPORT_THREAD_ATTRIBUTE(lock_returned(mutex))

namespace sallyport {

class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

/// Holds a mutex while it lives, but for the time between unlock() and lock().
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() {
    if (held_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  void unlock() RELEASE() {
    held_ = false;
    mutex_.unlock();
  }
  void lock() ACQUIRE() {
    mutex_.lock();
    held_ = true;
  }

 private:
  Mutex& mutex_;
  bool held_ = true;
};

/// Wakes whoever waits. A wait may end without a call: always in a loop over what is waited for.
class Condition {
 public:
  void wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock held(mutex.mutex_, std::adopt_lock);
    condition_.wait(held);
    held.release();
  }
  /// False: the time is over.
  template <typename Clock, typename Duration>
  [[nodiscard]] bool wait_until(Mutex& mutex, std::chrono::time_point<Clock, Duration> end)
      REQUIRES(mutex) {
    std::unique_lock held(mutex.mutex_, std::adopt_lock);
    bool in_time = condition_.wait_until(held, end) == std::cv_status::no_timeout;
    held.release();
    return in_time;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace sallyport
