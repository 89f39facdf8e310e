// Where the administrator's questions are answered: one thread for each door, so that the disk is
// waited for there and never on the door's own loop, and a bounded queue in front of it, of which
// one caller has a share. A question counts until it is answered, be that later and elsewhere.
// Whoever comes first, root at the machine say, has a queue of their own before it.
//
//   Desk desk({.waiting = 64, .waiting_of_one = 4});
//   if (!desk.take(caller.key(), [=](Desk::Place place) { ... })) refuse(503);
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "base/mutex.h"

namespace sallyport::admin {

class Desk {
 public:
  struct Bounds {
    std::size_t waiting = 64;        ///< without an answer, in each of the two queues
    std::size_t waiting_of_one = 4;  ///< of one caller
    int nice = 0;                    ///< how far the thread stands back (nice(2))
  };

  enum class Order : std::uint8_t {
    kInOrder,
    kFirst,  ///< before all that are in order
  };

  /// What a question that is looked at holds of the desk; the desk does not end before it is gone.
  /// Moved to whoever answers later. Any thread, one at a time.
  class Place {
   public:
    Place() = default;  ///< of no desk
    Place(Place&& other) noexcept
        : desk_(std::exchange(other.desk_, nullptr)),
          caller_(std::move(other.caller_)),
          order_(other.order_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(desk_, other.desk_);
      std::swap(caller_, other.caller_);
      std::swap(order_, other.order_);
      return *this;
    }
    ~Place();

    /// The answer is there: the caller may ask again.
    void answered();
    /// False: the desk is being closed, and whatever takes long is to end.
    [[nodiscard]] bool go_on() const { return desk_ == nullptr || !desk_->closing_; }

   private:
    friend class Desk;
    Place(Desk& desk, std::string caller, Order order)
        : desk_(&desk), caller_(std::move(caller)), order_(order) {}
    Desk* desk_ = nullptr;
    std::string caller_;  ///< empty: it was answered
    Order order_ = Order::kInOrder;
  };
  using Work = std::function<void(Place place)>;

  explicit Desk(Bounds bounds);
  /// Drops what waits, and ends after what runs and the last place.
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /// The same, before the end of its life; nothing is taken from then on. One thread.
  void close();
  /// Any thread; `caller` is not empty. False: the desk, or this caller's share of it, is full.
  [[nodiscard]] bool take(const std::string& caller, Work work, Order order = Order::kInOrder);

 private:
  struct Job {
    std::string caller;
    Work work;
  };
  struct Queue {
    std::deque<Job> waiting;
    std::size_t unanswered = 0;
  };
  void run();
  void leave(const std::string& caller, Order order) REQUIRES(mutex_);
  [[nodiscard]] Queue& queue(Order order) REQUIRES(mutex_) {
    return order == Order::kFirst ? first_ : in_order_;
  }

  Bounds bounds_;
  std::atomic<bool> closing_{false};
  Mutex mutex_;
  Condition changed_;
  Queue first_ GUARDED_BY(mutex_);
  Queue in_order_ GUARDED_BY(mutex_);
  std::map<std::string, std::size_t> unanswered_of_ GUARDED_BY(mutex_);
  std::size_t places_ GUARDED_BY(mutex_) = 0;
  bool stop_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

/// How far the calling thread stands back from others of this machine; a thread's own on Linux.
void stand_back(int nice);

}  // namespace sallyport::admin
