// Version numbers of Claude Desktop as the catalogue and administrators write them: 1.46388.2,
// "after 1.46388.4", "at or before 2.2553.1.0", "baseline".
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport::profile {

struct AppVersion {
  std::array<std::uint32_t, 4> parts{};
  friend auto operator<=>(const AppVersion&, const AppVersion&) = default;
};

/// One to four numbers with points between them.
[[nodiscard]] std::optional<AppVersion> parse_version(std::string_view text);

/// The first release that is known to have a key. "baseline" and "before X" say nothing useful and
/// give nullopt; "after X" gives X with its last part raised by one.
[[nodiscard]] std::optional<AppVersion> parse_since(std::string_view text);

}  // namespace sallyport::profile
