// Coroutines of one loop that wait for the same thing, each on its own Signal. A place in the list
// lies in the coroutine's frame and leaves it with the frame, so nothing allocates and nobody who
// is gone is woken.
//
//   Waiters waiters;                                       // "the record of this turn is written"
//   Waiters::Place place(waiters, signal);
//   std::uint32_t why = co_await signal.wait(kWritten | kCut);
//   ... elsewhere on the loop: waiters.wake(kWritten);     // all, once
#pragma once

#include <cstdint>

#include "base/event_loop.h"

namespace sallyport {

class Waiters {
 public:
  Waiters() = default;
  Waiters(const Waiters&) = delete;
  Waiters& operator=(const Waiters&) = delete;

  class Place {
   public:
    Place(Waiters& all, Signal& signal) : signal_(signal), next_(all.first_), link_(&all.first_) {
      if (next_ != nullptr) next_->link_ = &next_;
      all.first_ = this;
    }
    ~Place() { leave(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    friend class Waiters;
    void leave() {
      if (link_ == nullptr) return;
      *link_ = next_;
      if (next_ != nullptr) next_->link_ = link_;
      link_ = nullptr;
      next_ = nullptr;
    }
    Signal& signal_;
    Place* next_;
    Place** link_;  ///< what points here; null: in no list any more
  };

  /// Raises `bits` of everybody's signal and empties the list. Raising only schedules: nobody runs
  /// before this returns.
  void wake(std::uint32_t bits) {
    while (first_ != nullptr) {
      Place* place = first_;
      place->leave();
      place->signal_.raise(bits);
    }
  }
  [[nodiscard]] bool empty() const { return first_ == nullptr; }

 private:
  Place* first_ = nullptr;
};

}  // namespace sallyport
