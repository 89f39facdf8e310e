#include "identity/failure_limiter.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"

namespace sallyport::identity {
namespace {

std::int64_t second_of(SteadyTime now) {
  return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
}

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
  SALLYPORT_CHECK(limits.sources >= kWays && limits.sources % kWays == 0 && limits.failures > 0);
  slots_.resize(limits.sources);
}

std::size_t FailureLimiter::first_slot(const SourceAddress& source) const {
  std::uint64_t half[2];
  std::memcpy(half, source.data(), sizeof half);
  std::uint64_t hash = mixed(mixed(half[0] ^ seed_) + std::rotl(half[1], 31) + seed_);
  return hash % (slots_.size() / kWays) * kWays;
}

bool FailureLimiter::blocked(const SourceAddress& source, SteadyTime now) const {
  SourceAddress key = counted(source);
  std::int64_t second = second_of(now);
  auto from = slots_.begin() + static_cast<std::ptrdiff_t>(first_slot(key));
  return std::any_of(from, from + kWays, [&](const Slot& slot) {
    return slot.second == second && slot.source == key && slot.count >= limits_.failures;
  });
}

void FailureLimiter::failed(const SourceAddress& source, SteadyTime now) {
  SourceAddress key = counted(source);
  std::int64_t second = second_of(now);
  auto from = slots_.begin() + static_cast<std::ptrdiff_t>(first_slot(key));
  auto to = from + kWays;
  auto slot = std::find_if(from, to, [&](const Slot& one) { return one.source == key; });
  if (slot == to) {
    // The place that matters least: of an earlier second, else the one with the fewest failures.
    slot = std::min_element(from, to, [](const Slot& a, const Slot& b) {
      return std::pair(a.second, a.count) < std::pair(b.second, b.count);
    });
    *slot = {.source = key};
  }
  if (slot->second != second) {
    slot->second = second;
    slot->count = 0;
  }
  if (slot->count < limits_.failures) ++slot->count;
}

}  // namespace sallyport::identity
