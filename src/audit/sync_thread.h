// The one thread that waits for the disk, so that no worker does: fdatasync of all chains, every
// interval or on request (one sync serves everybody who asked before it began: group commit), the
// preparing of spare segments, the cutting of finished ones. It sleeps while nothing is written.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace sallyport::audit {

class Segments;

class SyncThread {
 public:
  /// `interval` 0: on request (`sync: each`), and every 100 ms for what nobody waits for.
  explicit SyncThread(std::chrono::milliseconds interval);
  /// Every chain must have been removed (Chain's end does it).
  ~SyncThread();
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;

  void add(Segments& segments);
  /// Returns when the thread is done with it; waits for a sync that runs.
  void remove(Segments& segments);

  /// Something was written. Cheap; a call to the thread only if it sleeps.
  void note_written() {
    if (asleep_.load()) wake();
  }
  /// Somebody waits for a sync or a spare segment.
  void wake();

  /// From now on; what was written by then is synced at once, so that who waits under the old
  /// interval waits for nothing of the new one. Any thread but a worker.
  void set_interval(std::chrono::milliseconds interval);
  /// As it was given.
  [[nodiscard]] std::chrono::milliseconds interval() const { return interval_.load(); }

 private:
  void run();
  void rest();
  void round();
  [[nodiscard]] bool work_left();
  [[nodiscard]] std::chrono::milliseconds pause() const;

  std::atomic<std::chrono::milliseconds> interval_;
  std::atomic<bool> sweep_asked_{true};  ///< the first one, and after a change of the interval
  Mutex round_mutex_;  ///< held while the chains are worked on; never taken by a worker
  std::vector<Segments*> chains_ GUARDED_BY(round_mutex_);
  std::chrono::steady_clock::time_point next_spare_ GUARDED_BY(round_mutex_){};
  std::chrono::steady_clock::time_point last_sweep_ GUARDED_BY(round_mutex_){};

  Mutex wake_mutex_;  ///< held for moments
  Condition changed_;
  std::atomic<bool> asleep_{false};
  bool woken_ GUARDED_BY(wake_mutex_) = false;
  bool stop_ GUARDED_BY(wake_mutex_) = false;
  std::thread thread_;
};

}  // namespace sallyport::audit
