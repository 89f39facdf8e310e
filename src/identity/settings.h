// What the administrator said about one identity provider: the `issuers` block of the
// configuration, already checked (config/) and free of file syntax.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace sallyport::identity {

enum class TokenKind { kAccessToken, kIdToken };
/// The word for it in the configuration, the record and everything else that is read by machines.
[[nodiscard]] constexpr std::string_view text(TokenKind kind) {
  switch (kind) {
    case TokenKind::kAccessToken:
      return "access_token";
    case TokenKind::kIdToken:
      return "id_token";
  }
  check_failed("a kind of token", __FILE__, __LINE__);
}

enum class Gate { kRefuse, kAllow };

/// Which claim of a token says when its person signed in: a revocation of sign-ins ends with it.
enum class HealBy { kAuthTime, kIssuedAt };

struct SignInSettings {
  std::string client;
  std::vector<std::string> scopes;
  std::uint16_t redirect_port = 0;  ///< of the loopback redirect; 0: any free one

  friend bool operator==(const SignInSettings&, const SignInSettings&) = default;
};

struct IssuerSettings {
  std::string name;                    ///< ours; stable, part of a principal's key
  std::string issuer;                  ///< exact `iss`
  std::vector<std::string> audiences;  ///< exact `aud`, at least one
  TokenKind token = TokenKind::kAccessToken;
  std::vector<std::string> clients;  ///< allowed `azp`; empty: any
  // Of each list the token must have every entry, compared exactly. Scopes are not asked of an
  // application's own token at an Entra issuer, which never has any: see token_verifier.cc.
  std::vector<std::string> require_scopes;
  std::vector<std::string> require_roles;
  std::vector<std::string> require_groups;
  std::optional<SignInSettings> sign_in;
  std::string header;  ///< one more header to look for the token, lower case; may be empty
  std::vector<std::string> algorithms{"RS256"};
  std::chrono::seconds skew{60};
  std::chrono::seconds max_token_age{24 * 3600};  ///< exp - iat, and now - iat, at most
  Gate guests = Gate::kRefuse;
  Gate app_only = Gate::kRefuse;
  /// How often keys are fetched; a twelfth of it is between two fetches for an unknown `kid`.
  std::chrono::milliseconds key_refresh = std::chrono::hours(1);
  HealBy heal_by = HealBy::kAuthTime;
  std::string jwks_file;  ///< instead of discovery
  std::string ca_file;
  std::string proxy;

  friend bool operator==(const IssuerSettings&, const IssuerSettings&) = default;
};

}  // namespace sallyport::identity
