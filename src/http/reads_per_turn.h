// Keeps a peer that is always ready from having the loop to itself: whoever reads from it never
// waits, so nobody else is served, the loop's time stands still and no deadline runs out.
//
//   if (reads_.spent(loop.now())) {
//     co_await loop.next_turn();
//     ... look at the signal: what would have ended a wait ends this, too ...
//   }
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace sallyport::http {

class ReadsPerTurn {
 public:
  static constexpr std::size_t kMost = 32;

  /// Counts one read in the turn that began at `turn`. True: others come first.
  [[nodiscard]] bool spent(SteadyTime turn) {
    if (turn != turn_) {
      turn_ = turn;
      reads_ = 0;
    }
    return ++reads_ % kMost == 0;
  }

 private:
  SteadyTime turn_{};
  std::size_t reads_ = 0;
};

}  // namespace sallyport::http
