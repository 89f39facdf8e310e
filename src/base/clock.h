// Time comes in as an interface, so that a test decides what time it is. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall() const = 0;      ///< for records and token times
  [[nodiscard]] virtual SteadyTime steady() const = 0;  ///< for time limits and ages
};

/// The machine's clocks.
[[nodiscard]] Clock& system_clock();

/// A clock that a test sets. Starts at 2026-11-21T00:00:00Z.
class FakeClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] SteadyTime steady() const override;
  void advance(std::chrono::microseconds by) { now_ += by.count(); }
  void set_wall(WallTime to);

 private:
  std::atomic<std::int64_t> now_{1795219200000000};
};

/// RFC 3339 in UTC with microseconds: 2026-11-21T08:15:30.123456Z
[[nodiscard]] std::string format_time(WallTime time);
/// Reads what format_time writes, and no other form.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text);
/// Seconds since 1970, as tokens count.
[[nodiscard]] inline std::int64_t unix_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace sallyport
