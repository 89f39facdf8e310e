// Hexadecimal, base64, base64url, SHA-256, small letters: pure functions over bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sallyport {

inline constexpr char kHexDigits[] = "0123456789abcdef";

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(std::string_view bytes);
/// HMAC-SHA-256 (RFC 2104).
[[nodiscard]] Sha256 hmac_sha256(std::span<const std::uint8_t> key, std::string_view bytes);

[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

/// RFC 4648 section 5 without padding.
[[nodiscard]] std::string to_base64url(std::string_view bytes);
/// Strict: no padding, no white space, no foreign character, unused bits zero (RFC 7515 section 2).
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);
/// RFC 4648 section 4 with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Strict: padding required, no white space, unused bits zero.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

[[nodiscard]] inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A to Z become a to z; everything else stays.
[[nodiscard]] std::string lower_case(std::string_view text);

/// Strict UTF-8 (RFC 3629: no surrogates, no over-long forms, nothing above U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace sallyport
