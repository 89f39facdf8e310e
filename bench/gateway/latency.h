// A histogram of durations: 64 steps to each doubling (1.6 % wide), from 1 ns to hours, 30 KB.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace rig {

class Latency {
 public:
  void add(std::int64_t ns) {
    ++counts_[slot_of(ns < 1 ? 1 : static_cast<std::uint64_t>(ns))];
    ++total_;
  }

  [[nodiscard]] std::uint64_t count() const { return total_; }

  /// The duration that this share of all stayed below, in microseconds; 0 when there are none.
  [[nodiscard]] double microseconds_at(double share) const {
    std::uint64_t wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t slot = 0; slot < counts_.size(); ++slot) {
      seen += counts_[slot];
      if (seen > wanted) return middle_of(slot) / 1000.0;
    }
    return 0;
  }

 private:
  static constexpr unsigned kSteps = 64;
  static constexpr unsigned kStepBits = 6;

  static std::size_t slot_of(std::uint64_t ns) {
    if (ns < kSteps) return ns;
    unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - kStepBits - 1;
    return (shift + 1) * kSteps + (ns >> shift) - kSteps;
  }
  static double middle_of(std::size_t slot) {
    if (slot < kSteps) return static_cast<double>(slot);
    std::size_t shift = slot / kSteps - 1;
    return (static_cast<double>(slot % kSteps + kSteps) + 0.5) *
           static_cast<double>(std::uint64_t{1} << shift);
  }

  std::array<std::uint64_t, kSteps * 48> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace rig
