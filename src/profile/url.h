// The parts of a URL that the rules and the firewall list need (RFC 3986, section 3). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sallyport::profile {

struct Url {
  std::string scheme;  ///< lower case
  std::string user_info;
  bool has_user_info = false;
  std::string host;  ///< lower case; an IPv6 literal keeps its brackets
  std::string port;  ///< digits or empty
  std::string path, query, fragment;

  /// host or host:port, as a firewall list names it
  [[nodiscard]] std::string host_and_port() const {
    return port.empty() || port == "443" ? host : host + ":" + port;
  }
};

/// nullopt: no scheme and authority, an empty host, a bad port, spaces or control characters.
[[nodiscard]] std::optional<Url> parse_url(std::string_view text);

/// The same scheme, host and port (RFC 6454). False where one of them is no URL.
[[nodiscard]] bool same_origin(std::string_view a, std::string_view b);

/// localhost, *.localhost, 127.0.0.0/8, [::1]
[[nodiscard]] bool is_loopback_host(std::string_view host);
/// Eight, four, four, four and twelve hexadecimal digits.
[[nodiscard]] bool is_guid(std::string_view text);
/// The tenant GUID of https://login.microsoftonline.com/TENANT/..., in lower case; else empty.
[[nodiscard]] std::string entra_tenant(std::string_view issuer);
[[nodiscard]] bool is_entra_host(std::string_view host);

}  // namespace sallyport::profile
