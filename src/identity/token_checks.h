// The single checks of a token, for token_verifier.cc alone. Each looks at one thing, adds what it
// learned to Examined and returns nothing, or returns the refusal. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "identity/claims.h"
#include "identity/compact_jws.h"
#include "identity/token_verifier.h"

namespace sallyport::identity {

/// One token under examination: what was given, then what the checks so far found out.
struct Examined {
  const Snapshot& snapshot;
  std::string_view token;
  WallTime now;

  std::optional<CompactJws> jws;        // from check_form
  StrictJson payload;                   // from check_form
  std::optional<Claims> claims;         // from check_form
  const IssuerState* issuer = nullptr;  // from check_issuer, settled by check_audience
  std::string_view audience;            // from check_audience: the one of the token's that is ours
  Algorithm algorithm = Algorithm::kRS256;  // from check_algorithm
  const VerificationKey* key = nullptr;     // from check_key
  bool signature_verified = false;          // from check_signature
  PrincipalDraft principal;                 // from check_subject on, piece by piece
  std::string_view app_only_sign;           // from check_claims; empty for a person
};

// Who got the token, by the names that providers use: Entra v2, Keycloak, Auth0 and Google `azp`;
// Entra v1 `appid`; Okta `cid`; RFC 9068 and Cognito `client_id`.
inline constexpr std::string_view kClientClaims[] = {"azp", "appid", "cid", "client_id"};

using Refused = std::optional<TokenRefusal>;

/// A refusal with what is known of the token so far; texts are bounded here.
[[nodiscard]] TokenRefusal refuse(const Examined& token, Reason reason, std::string_view claim,
                                  std::string_view expected, std::string_view got);
[[nodiscard]] TokenRefusal refuse(const Examined& token, const ClaimFault& fault);
/// "a, b, c", bounded.
template <typename List>
[[nodiscard]] std::string joined(const List& list) {
  std::string out;
  for (const auto& item : list) {
    if (out.size() > 200) break;
    if (!out.empty()) out += ", ";
    out += item;
  }
  return out;
}

/// For explain(): where a check that passed looked, what it asked for and what it saw.
/// passed_checks.cc
void show(const Examined& token, TokenCheck& check);

// Is it genuine? genuine_checks.cc
[[nodiscard]] Refused check_form(Examined& token);
[[nodiscard]] Refused check_header_rules(Examined& token);
[[nodiscard]] Refused check_issuer(Examined& token);
[[nodiscard]] Refused check_audience(Examined& token);
[[nodiscard]] Refused check_type(Examined& token);
[[nodiscard]] Refused check_algorithm(Examined& token);
[[nodiscard]] Refused check_times(Examined& token);
[[nodiscard]] Refused check_key(Examined& token);
[[nodiscard]] Refused check_signature(Examined& token);

// Whose is it? subject_checks.cc
[[nodiscard]] Refused check_tenant(Examined& token);
[[nodiscard]] Refused check_version(Examined& token);
[[nodiscard]] Refused check_binding(Examined& token);
[[nodiscard]] Refused check_kind(Examined& token);
[[nodiscard]] Refused check_subject(Examined& token);
[[nodiscard]] Refused check_claims(Examined& token);
/// The claim that shows an application's own token, by being there or by being absent; empty for a
/// person's. The view is of a constant. app_only.cc
[[nodiscard]] std::string_view app_only_sign(const Examined& token);

// May they come in? admission_checks.cc
[[nodiscard]] Refused check_client(Examined& token);
[[nodiscard]] Refused check_app_only(Examined& token);
[[nodiscard]] Refused check_guest(Examined& token);
[[nodiscard]] Refused check_scopes(Examined& token);
[[nodiscard]] Refused check_roles(Examined& token);
[[nodiscard]] Refused check_groups(Examined& token);

}  // namespace sallyport::identity
