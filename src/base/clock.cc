#include "base/clock.h"

#include <fmt/format.h>

namespace sallyport {
namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  [[nodiscard]] SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

// Takes `digits` digits and the character behind them away from the text; false where something
// else stands there.
bool take_number(std::string_view& text, std::size_t digits, char behind, unsigned& value) {
  if (text.size() <= digits || text[digits] != behind) return false;
  value = 0;
  for (char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  text.remove_prefix(digits + 1);
  return true;
}

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

WallTime FakeClock::wall() const {
  return WallTime{std::chrono::microseconds{now_.load()}};
}

SteadyTime FakeClock::steady() const {
  return SteadyTime{std::chrono::microseconds{now_.load()}};
}

void FakeClock::set_wall(WallTime to) {
  now_ = to.time_since_epoch().count();
}

std::string format_time(WallTime time) {
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date{day};
  std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<WallTime> parse_time(std::string_view text) {
  unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micro = 0;
  bool shaped = take_number(text, 4, '-', year) && take_number(text, 2, '-', month) &&
                take_number(text, 2, 'T', day) && take_number(text, 2, ':', hour) &&
                take_number(text, 2, ':', minute) && take_number(text, 2, '.', second) &&
                take_number(text, 6, 'Z', micro) && text.empty();
  std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                   std::chrono::month{month}, std::chrono::day{day}};
  if (!shaped || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second} + std::chrono::microseconds{micro};
}

}  // namespace sallyport
