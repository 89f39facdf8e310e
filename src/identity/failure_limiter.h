// Damps a source that sends bad tokens. Past the limit within a second, tokens of that source which
// are not in the cache are answered 429 with `retry-after: 1` and are not verified at all; people
// in the cache behind the same address are not affected, because the cache is asked first.
// One a worker (so a source can reach the limit once per worker), not thread-safe, fixed memory.
//
//   if (limiter.blocked(source, now)) refuse(Reason::kTooManyFailures);
//   if (!verify(...)) limiter.failed(source, now);
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace sallyport::identity {

/// An IPv6 address; IPv4 as ::ffff:a.b.c.d. IPv6 sources count by their /64, since one host has
/// that many addresses to choose from.
using SourceAddress = std::array<std::uint8_t, 16>;

class FailureLimiter {
 public:
  struct Limits {
    std::uint32_t failures = 100;  ///< in one second
    std::size_t sources = 4096;    ///< remembered at once; a multiple of 8
  };
  /// `seed` is random: a stranger must not be able to choose addresses that share a place.
  FailureLimiter(Limits limits, std::uint64_t seed);

  [[nodiscard]] bool blocked(const SourceAddress& source, SteadyTime now) const;
  void failed(const SourceAddress& source, SteadyTime now);

 private:
  static constexpr std::size_t kWays = 8;
  struct Slot {
    SourceAddress source{};
    std::int64_t second = -1;  ///< of the steady clock
    std::uint32_t count = 0;
  };
  [[nodiscard]] std::size_t first_slot(const SourceAddress& source) const;

  Limits limits_;
  std::uint64_t seed_;
  std::vector<Slot> slots_;
};

}  // namespace sallyport::identity
