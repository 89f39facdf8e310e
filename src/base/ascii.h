// The classes of ASCII characters that grammars are made of (RFC 5234 B.1), whatever the locale.
// Nothing above 0x7f is in any of them.
#pragma once

namespace sallyport {

/// DIGIT
[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// ALPHA
[[nodiscard]] constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

[[nodiscard]] constexpr bool is_letter_or_digit(char c) {
  return is_letter(c) || is_digit(c);
}

}  // namespace sallyport
