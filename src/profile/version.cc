#include "profile/version.h"

#include <charconv>

namespace sallyport::profile {

std::optional<AppVersion> parse_version(std::string_view text) {
  AppVersion version;
  const char* at = text.data();
  const char* end = at + text.size();
  for (std::size_t i = 0; i < version.parts.size(); ++i) {
    auto [next, error] = std::from_chars(at, end, version.parts[i]);
    if (error != std::errc()) return std::nullopt;
    if (next == end) return version;
    if (*next != '.') return std::nullopt;
    at = next + 1;
  }
  return std::nullopt;
}

std::optional<AppVersion> parse_since(std::string_view text) {
  constexpr std::string_view kAfter = "after ";
  constexpr std::string_view kAtOrBefore = "at or before ";
  if (text.starts_with(kAfter)) {
    auto version = parse_version(text.substr(kAfter.size()));
    if (version) ++version->parts[3];
    return version;
  }
  if (text.starts_with(kAtOrBefore)) return parse_version(text.substr(kAtOrBefore.size()));
  return parse_version(text);
}

}  // namespace sallyport::profile
