// The document that an identity provider publishes about itself (OpenID Connect Discovery 1.0):
// where its keys are and where people sign in. What it says counts only if its `issuer` is the
// configured one, character for character (section 4.3). Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport::identity {

/// The code of a document that was refused.
inline constexpr std::string_view kDiscoveryRejected = "discovery.rejected";

struct Discovery {
  std::string issuer;
  std::string jwks_uri;
  std::string authorization_endpoint;         ///< empty if absent
  std::string token_endpoint;                 ///< empty if absent
  std::string device_authorization_endpoint;  ///< empty if absent
  std::string revocation_endpoint;            ///< empty if absent (RFC 8414)
  /// An authorization response always names its issuer (RFC 9207).
  bool names_issuer_in_response = false;
  std::vector<std::string> scopes;  ///< scopes_supported; empty if absent
};

/// Where the document is: section 4.1, the well-known path after the issuer without its final `/`.
[[nodiscard]] std::string discovery_url(std::string_view issuer);

/// Error: discovery.rejected, with the cause. Addresses must be https; http only on a loopback
/// literal (127.0.0.0/8, [::1]), and only where the issuer itself is one.
[[nodiscard]] Result<Discovery> parse_discovery(std::string_view json, std::string_view issuer);

/// True for `https://host...`, and for `http://` on a loopback literal if `allow_http`; as
/// parse_request_url has it (no user information, no fragment), at most 2048 bytes.
[[nodiscard]] bool is_endpoint_url(std::string_view url, bool allow_http);
/// True for an http URL on 127.0.0.0/8 or [::1], written as such (never a name).
[[nodiscard]] bool is_loopback_http(std::string_view url);

}  // namespace sallyport::identity
