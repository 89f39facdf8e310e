// A share of requests for each caller or source: so many at once, then so many a second (a token
// bucket, kept as the time at which it would be full again). Fixed memory; of one loop's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace sallyport::admin {

class RateShare {
 public:
  struct Bounds {
    unsigned at_once = 100;
    unsigned a_second = 50;
    std::size_t callers = 4096;  ///< remembered at once
  };

  explicit RateShare(Bounds bounds) : bounds_(bounds) {}

  /// Takes one request's place. False: the share is used up for now. With more callers than are
  /// remembered, those whose share is whole are forgotten; where none is, a new one is refused.
  [[nodiscard]] bool take(const std::string& caller, SteadyTime now);

 private:
  [[nodiscard]] Duration one() const { return std::chrono::seconds(1) / bounds_.a_second; }
  Bounds bounds_;
  std::unordered_map<std::string, SteadyTime> full_at_;
  SteadyTime swept_{};
};

}  // namespace sallyport::admin
