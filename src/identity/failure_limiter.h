// Damps a source that sends bad tokens. Past the limit within a second, tokens of that source which
// are not in the cache are answered 429 with `retry-after: 1` and are not verified at all; people
// in the cache behind the same address are not affected, because the cache is asked first.
// One a process, so that the limit is the same however many workers a source's connections fall
// to. Thread-safe without a lock, fixed memory (a word a source).
//
//   if (limiter.blocked(source, now)) refuse(Reason::kTooManyFailures);
//   if (!verify(...)) limiter.failed(source, now);
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/clock.h"

namespace sallyport::identity {

/// An IPv6 address; IPv4 as ::ffff:a.b.c.d. IPv6 sources count by their /64, since one host has
/// that many addresses to choose from.
using SourceAddress = std::array<std::uint8_t, 16>;

class FailureLimiter {
 public:
  struct Limits {
    std::uint32_t failures = 100;  ///< in one second; at most 255
    std::size_t sources = 4096;    ///< remembered at once; a multiple of 8
  };
  /// `seed` is random: a stranger must not be able to choose addresses that share a place.
  FailureLimiter(Limits limits, std::uint64_t seed);

  [[nodiscard]] bool blocked(const SourceAddress& source, SteadyTime now) const;
  void failed(const SourceAddress& source, SteadyTime now);

 private:
  /// What is known of a source is one word, so that it changes as a whole: 40 bits of the keyed
  /// hash of its address, 16 of the second, 8 of the count.
  using Slot = std::atomic<std::uint64_t>;
  static constexpr std::size_t kWays = 8;
  struct Place {
    std::size_t first_slot;
    std::uint64_t tag;
  };
  [[nodiscard]] Place place_of(const SourceAddress& source) const;

  Limits limits_;
  std::uint64_t seed_;
  std::unique_ptr<Slot[]> slots_;
};

}  // namespace sallyport::identity
