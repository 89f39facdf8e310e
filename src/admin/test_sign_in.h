// A tenant for tests of signing in at the administrator's port: an issuer with one key, the port's
// settings, ID tokens with any claim changed, and access taken back. Test code only.
#pragma once

#include <future>
#include <string>

#include "admin/settings.h"
#include "admin/test_backends.h"
#include "identity/test_tokens.h"

namespace sallyport::admin {

inline constexpr std::string_view kTestWebClient = "admin-web";
inline constexpr std::string_view kTestProvider = "https://login.example/contoso";

inline identity::IssuerSettings test_issuer() {
  identity::IssuerSettings issuer;
  issuer.name = "contoso";
  issuer.issuer = kTestProvider;
  issuer.audiences = {"data-plane"};
  issuer.clients = {"desk"};
  issuer.require_roles = {"Claude.User"};
  return issuer;
}

inline Settings test_settings() {
  Settings settings;
  settings.tls_certificate = "cert.pem";
  settings.public_url = "https://admin.example";
  settings.issuer = "contoso";
  settings.sign_in = WebSignIn{.client = std::string(kTestWebClient), .credential = {}};
  settings.roles.push_back({Role::kAuditor, {"auditors"}, {}, {}});
  settings.roles.push_back({Role::kAdministrator, {}, {}, {"contoso//ada"}});
  return settings;
}

inline identity::Members id_token_claims(std::string_view nonce) {
  using identity::in_quotes;
  return {{"iss", in_quotes(kTestProvider)},
          {"aud", in_quotes(kTestWebClient)},
          {"sub", "\"ada\""},
          {"iat", std::to_string(identity::kTestNow - 5)},
          {"exp", std::to_string(identity::kTestNow + 3600)},
          {"auth_time", std::to_string(identity::kTestNow - 5)},
          {"name", "\"Ada Byron\""},
          {"email", "\"ada@contoso.example\""},
          {"groups", "[\"auditors\"]"},
          {"nonce", in_quotes(nonce)}};
}

/// Waits until it is in force; gives its id.
inline std::string take_access_back(identity::RevocationRegister& revocations,
                                    identity::RevocationKind kind, std::string target) {
  std::promise<std::string> made;
  identity::RevocationRequest request;
  request.kind = kind;
  request.target = std::move(target);
  request.by = "root (uid 0)";
  revocations.revoke({std::move(request)}, [&](auto outcome) {
    made.set_value(outcome ? outcome->front().change.revocation->id : std::string());
  });
  return made.get_future().get();
}

}  // namespace sallyport::admin
