#include "identity/failure_limiter.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"

namespace sallyport::identity {
namespace {

constexpr std::uint32_t kMostFailures = 255;
constexpr unsigned kTagShift = 24;
constexpr unsigned kSecondShift = 8;

std::uint16_t second_of(SteadyTime now) {
  return static_cast<std::uint16_t>(
      std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count());
}

/// A slot's word taken apart. Of the second its last 16 bits: after 18 hours they come again, and
/// then a source that had reached the limit, and sent nothing bad since, waits a moment once more.
struct Count {
  std::uint64_t tag;  ///< 0: an empty slot
  std::uint16_t second;
  std::uint32_t failures;

  static Count of(std::uint64_t word) {
    return {word >> kTagShift, static_cast<std::uint16_t>(word >> kSecondShift),
            static_cast<std::uint32_t>(word & 0xff)};
  }
  [[nodiscard]] std::uint64_t word() const {
    return tag << kTagShift | std::uint64_t{second} << kSecondShift | failures;
  }
  /// Seconds from this one to `now`. Workers look at the clock once a turn: one that is a moment
  /// behind belongs to the second that has begun.
  [[nodiscard]] std::uint16_t age(std::uint16_t now) const {
    constexpr std::uint16_t kBehind = 0xfffe;
    auto passed = static_cast<std::uint16_t>(now - second);
    return passed >= kBehind ? std::uint16_t{0} : passed;
  }
};

// IPv4-mapped addresses count whole, IPv6 by the first half.
SourceAddress counted(SourceAddress source) {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!std::equal(kMapped.begin(), kMapped.end(), source.begin())) {
    std::fill(source.begin() + 8, source.end(), 0);
  }
  return source;
}

// Multiply and rotate with a secret seed (the finaliser of MurmurHash3): enough to spread, and the
// table's places say nothing to the outside that would let somebody aim at one.
std::uint64_t mixed(std::uint64_t value) {
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccd;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53;
  return value ^ value >> 33;
}

}  // namespace

FailureLimiter::FailureLimiter(Limits limits, std::uint64_t seed) : limits_(limits), seed_(seed) {
  SALLYPORT_CHECK(limits.sources >= kWays && limits.sources % kWays == 0);
  SALLYPORT_CHECK(limits.failures > 0 && limits.failures <= kMostFailures);
  slots_ = std::make_unique<Slot[]>(limits.sources);
}

FailureLimiter::Place FailureLimiter::place_of(const SourceAddress& address) const {
  SourceAddress source = counted(address);
  std::uint64_t half[2];
  std::memcpy(half, source.data(), sizeof half);
  std::uint64_t hash = mixed(mixed(half[0] ^ seed_) + std::rotl(half[1], 31) + seed_);
  // Two hashes of the one: where a source lies must not say what its tag is.
  std::uint64_t tag = mixed(hash ^ std::rotl(seed_, 17)) >> kTagShift;
  return {hash % (limits_.sources / kWays) * kWays, std::max<std::uint64_t>(tag, 1)};
}

bool FailureLimiter::blocked(const SourceAddress& source, SteadyTime now) const {
  Place place = place_of(source);
  std::uint16_t second = second_of(now);
  for (std::size_t i = place.first_slot; i < place.first_slot + kWays; ++i) {
    Count count = Count::of(slots_[i].load(std::memory_order_relaxed));
    if (count.tag == place.tag && count.age(second) == 0 && count.failures >= limits_.failures) {
      return true;
    }
  }
  return false;
}

// Only counts are exchanged here, nothing that other memory hangs on: relaxed order is enough. Two
// workers that meet a new source at the same moment may give it two slots; from the next second on
// the first of them counts.
void FailureLimiter::failed(const SourceAddress& source, SteadyTime now) {
  Place place = place_of(source);
  std::uint16_t second = second_of(now);
  for (;;) {
    Slot* slot = nullptr;
    std::uint64_t word = 0;
    // The source's own slot, else the one that matters least: empty, of an earlier second, with the
    // fewest failures.
    auto matters = [&](const Count& count) {
      constexpr int kLess = -65536;
      return std::pair(count.tag == 0 ? kLess : -int{count.age(second)}, count.failures);
    };
    for (std::size_t i = place.first_slot; i < place.first_slot + kWays; ++i) {
      std::uint64_t seen = slots_[i].load(std::memory_order_relaxed);
      Count count = Count::of(seen);
      bool own = count.tag == place.tag;
      if (own || slot == nullptr || matters(count) < matters(Count::of(word))) {
        slot = &slots_[i];
        word = seen;
      }
      if (own) break;
    }
    Count count = Count::of(word);
    if (count.tag != place.tag || count.age(second) > 0) {
      count = {.tag = place.tag, .second = second, .failures = 0};
    }
    if (count.failures >= limits_.failures) return;
    ++count.failures;
    if (slot->compare_exchange_weak(word, count.word(), std::memory_order_relaxed)) return;
  }
}

}  // namespace sallyport::identity
