// The small languages of values in sallyport.yaml: durations, addresses, networks, names.
// Pure functions over text, any thread; nothing or false where the text is not of the kind. What
// a person is told about a wrong value is decided in value_types.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/configuration.h"

namespace sallyport::config {

/// A whole number and its unit: `100ms`, `5s`, `2m`, `24h`.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The shortest of these forms: 7200000 ms -> `2h`.
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

/// Decimal digits alone, without sign, separators or leading zeros.
[[nodiscard]] std::optional<std::int64_t> parse_number(std::string_view text);

/// `0.0.0.0:8443` or `[::1]:8443`: an IP literal and a port from 0 to 65535.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

/// An IP literal or a network in CIDR form (RFC 4632, RFC 4291 section 2.3) in its shortest right
/// form: for 10.1.2.3/8 that is 10.0.0.0/8. Nothing where the text is neither.
[[nodiscard]] std::optional<std::string> canonical_network(std::string_view text);

/// A field name of HTTP: a token (RFC 9110 section 5.6.2).
[[nodiscard]] bool is_header_name(std::string_view text);
/// Letters, digits, `.`, `_`, `-`, starting with a letter or digit, at most 64.
[[nodiscard]] bool is_name(std::string_view text);
/// Visible ASCII without white space, double quote and backslash, 1 to `limit` characters: can
/// stand in a JSON text and a header as it is.
[[nodiscard]] bool is_plain_word(std::string_view text, std::size_t limit);

/// For a message: at most 80 bytes, control characters and bad UTF-8 as '?'.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace sallyport::config
