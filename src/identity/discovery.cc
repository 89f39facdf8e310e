#include "identity/discovery.h"

#include "base/address.h"
#include "base/url.h"
#include "identity/strict_json.h"

namespace sallyport::identity {
namespace {

constexpr std::size_t kUrlBytes = 2048;

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kMost = 200;
  std::string out = "'";
  for (char c : text.substr(0, kMost)) {
    out.push_back(c >= 0x20 && c < 0x7f ? c : '?');
  }
  out += text.size() > kMost ? "...'" : "'";
  return out;
}

std::unexpected<Error> rejected(std::string message) {
  return fail(kDiscoveryRejected, std::move(message),
              "compare issuers[].issuer with the `issuer` member of the provider's "
              ".well-known/openid-configuration document");
}

// Reads an optional endpoint; false if it is there and unusable.
bool read_endpoint(const JsonView& root, std::string_view name, bool allow_http, std::string& to) {
  auto member = root.member(name);
  if (!member) return true;
  if (!member->is_text() || !is_endpoint_url(member->text(), allow_http)) return false;
  to = member->text();
  return true;
}

}  // namespace

bool is_loopback_http(std::string_view url) {
  auto parts = parse_request_url(url);
  return parts && !parts->is_https() && is_loopback_literal(parts->host);
}

bool is_endpoint_url(std::string_view url, bool allow_http) {
  if (url.size() > kUrlBytes) return false;
  auto parts = parse_request_url(url);
  if (!parts) return false;
  return parts->is_https() || (allow_http && is_loopback_literal(parts->host));
}

std::string discovery_url(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + "/.well-known/openid-configuration";
}

Result<Discovery> parse_discovery(std::string_view json, std::string_view issuer) {
  auto document = StrictJson::parse(json, kDocumentJson);
  if (!document) {
    return rejected("the discovery document is " + std::string(describe(document.error())));
  }
  JsonView root = document->root();
  if (!root.is_object()) return rejected("the discovery document is not a JSON object");
  auto its_issuer = root.member("issuer");
  if (!its_issuer || !its_issuer->is_text()) {
    return rejected("the discovery document has no issuer");
  }
  if (its_issuer->text() != issuer) {
    return rejected("the discovery document is of issuer " + in_quotes(its_issuer->text()) +
                    ", not of " + in_quotes(issuer));
  }
  bool allow_http = is_loopback_http(issuer);
  auto jwks = root.member("jwks_uri");
  if (!jwks || !jwks->is_text()) return rejected("the discovery document has no jwks_uri");
  if (!is_endpoint_url(jwks->text(), allow_http)) {
    return rejected("jwks_uri " + in_quotes(jwks->text()) + " is not an https address");
  }
  Discovery found{.issuer = std::string(issuer),
                  .jwks_uri = std::string(jwks->text()),
                  .authorization_endpoint = {},
                  .token_endpoint = {},
                  .device_authorization_endpoint = {},
                  .revocation_endpoint = {},
                  .scopes = {}};
  if (!read_endpoint(root, "authorization_endpoint", allow_http, found.authorization_endpoint) ||
      !read_endpoint(root, "token_endpoint", allow_http, found.token_endpoint) ||
      !read_endpoint(root, "device_authorization_endpoint", allow_http,
                     found.device_authorization_endpoint) ||
      !read_endpoint(root, "revocation_endpoint", allow_http, found.revocation_endpoint)) {
    return rejected("an endpoint in the discovery document is not an https address");
  }
  auto named = root.member("authorization_response_iss_parameter_supported");
  found.names_issuer_in_response = named && named->is_true();
  if (auto scopes = root.member("scopes_supported"); scopes && scopes->is_array()) {
    for (JsonView scope : *scopes) {
      if (scope.is_text()) found.scopes.emplace_back(scope.text());
    }
  }
  return found;
}

}  // namespace sallyport::identity
