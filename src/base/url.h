// An absolute URL, taken apart (RFC 3986 section 3). One parser: its strict form is what we speak
// to ourselves, its wide form what people write into a profile for other programs. Pure; any
// thread.
//
//   auto url = parse_request_url("https://[::1]:8443/v1?x");
//   url->host == "::1", url->port == 8443, url->path == "/v1", url->query == "x"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

struct Url {
  std::string scheme;      ///< lower case
  std::string host;        ///< lower case, an IPv6 literal without its brackets
  std::uint16_t port = 0;  ///< as written, else the scheme's own; 0 where that is not known
  std::string path;        ///< empty, or with its first slash
  std::string query;       ///< what follows the first `?`
  std::string fragment;    ///< what follows the first `#`
  /// Something stands before an `@`. It is a credential, so it is not kept.
  bool has_user_info = false;
  bool has_port = false;
  bool has_query = false;
  bool has_fragment = false;

  [[nodiscard]] bool is_https() const { return scheme == "https"; }
  /// host, and the port where it is not the scheme's: what a Host header says.
  [[nodiscard]] std::string authority() const;
};

/// http or https in lower case, a host name or a literal, a port from 1 to 65535 without leading
/// zeros, the characters of RFC 3986 alone, at most 2048 bytes; else nothing.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

/// The same, and nothing where it has user information or a fragment, which no request carries
/// (RFC 9110 sections 4.2.4 and 7.1).
[[nodiscard]] std::optional<Url> parse_request_url(std::string_view text);

/// Also other schemes, in any case; letters beyond ASCII; in path, query and fragment every visible
/// character (`{placeholder}`), of any length.
[[nodiscard]] std::optional<Url> parse_any_url(std::string_view text);

}  // namespace sallyport
