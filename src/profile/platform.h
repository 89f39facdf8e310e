// The platforms of Claude Desktop, as rules, readers and the catalogue name them. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace sallyport::profile {

enum class Platform { kMacos, kWindows, kLinux };

/// For people: macOS, Windows, Linux.
[[nodiscard]] constexpr std::string_view platform_text(Platform platform) {
  switch (platform) {
    case Platform::kMacos:
      return "macOS";
    case Platform::kWindows:
      return "Windows";
    case Platform::kLinux:
      return "Linux";
  }
  return "";
}

/// In data and on the command line: macos, windows, linux.
[[nodiscard]] constexpr std::string_view platform_word(Platform platform) {
  switch (platform) {
    case Platform::kMacos:
      return "macos";
    case Platform::kWindows:
      return "windows";
    case Platform::kLinux:
      return "linux";
  }
  return "";
}

[[nodiscard]] constexpr std::optional<Platform> parse_platform(std::string_view word) {
  for (Platform platform : {Platform::kMacos, Platform::kWindows, Platform::kLinux}) {
    if (platform_word(platform) == word) return platform;
  }
  return std::nullopt;
}

}  // namespace sallyport::profile
