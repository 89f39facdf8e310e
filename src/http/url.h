// An absolute http(s) URL, taken apart (RFC 3986). No user information, no fragment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::http {

struct Url {
  bool https = true;
  std::string host;  ///< lower case, an IPv6 literal without brackets
  std::uint16_t port = 443;
  std::string path;  ///< with the query; empty or starts with `/`
  /// host, and the port where it is not the scheme's: what a Host header says.
  [[nodiscard]] std::string authority() const;
};

[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

/// 127.0.0.0/8 or ::1 as a literal; `localhost` is a name and does not count.
[[nodiscard]] bool is_loopback_literal(std::string_view host);

}  // namespace sallyport::http
