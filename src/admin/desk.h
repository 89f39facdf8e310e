// Where the administrator's questions are answered: one thread for each door, so that the disk is
// waited for there and never on the door's own loop, and a bounded queue in front of it, of which
// one caller has a share. Whoever comes first, root at the machine say, has a queue of their own
// before it.
//
//   Desk desk({.waiting = 64, .waiting_of_one = 4});
//   if (!desk.take(caller.key(), [=] { ... })) refuse(503);
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "base/mutex.h"

namespace sallyport::admin {

class Desk {
 public:
  struct Bounds {
    std::size_t waiting = 64;        ///< in each of the two queues
    std::size_t waiting_of_one = 4;  ///< of one caller
    int nice = 0;                    ///< how far the thread stands back (nice(2))
  };

  explicit Desk(Bounds bounds);
  /// Drops what waits and ends after what runs.
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// The same, before the end of its life; nothing is taken from then on. One thread.
  void close();
  enum class Place : std::uint8_t {
    kInOrder,
    kFirst,  ///< before all that are in order
  };
  /// Any thread. False: the queue, or this caller's share of it, is full.
  [[nodiscard]] bool take(const std::string& caller, std::function<void()> work,
                          Place place = Place::kInOrder);

 private:
  struct Job {
    std::string caller;
    std::function<void()> work;
  };
  void run();
  void leave(const std::string& caller) REQUIRES(mutex_);

  Bounds bounds_;
  Mutex mutex_;
  Condition changed_;
  std::deque<Job> first_ GUARDED_BY(mutex_);
  std::deque<Job> waiting_ GUARDED_BY(mutex_);
  std::map<std::string, std::size_t> waiting_of_ GUARDED_BY(mutex_);
  bool stop_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

/// How far the calling thread stands back from others of this machine; a thread's own on Linux.
void stand_back(int nice);

}  // namespace sallyport::admin
