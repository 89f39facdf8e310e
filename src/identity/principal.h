// A verified person or application: what a token that passed every check says about its bearer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "identity/settings.h"

namespace sallyport::identity {

struct Principal {
  std::string issuer;     ///< the issuer's configured name, not its URL
  std::string tenant;     ///< `tid`; empty where the provider has none
  std::string object_id;  ///< `oid`; empty where the provider has none
  std::string subject;    ///< `sub`
  /// `ISSUER/TENANT/OBJECT`, else `ISSUER//SUB` (so that no `sub` can look like the first form):
  /// the key of counters, records and revocations.
  std::string key;
  TokenKind kind = TokenKind::kAccessToken;
  bool app_only = false;
  bool guest = false;  ///< `acct` 1, or another home tenant in `idp`
  /// The token has no group list because there are too many: a group criterion must not pass.
  bool groups_overage = false;
  std::string client;      ///< `azp`, `appid`, `cid` or `client_id`; for an ID token its audience
  std::string token_id;    ///< `uti`, else `jti`
  std::string session_id;  ///< `sid`
  std::string name;        ///< display only; kept outside the audit chain
  std::string mail;        ///< the same: `preferred_username`, `upn` or `email`
  std::vector<std::string> groups;
  std::vector<std::string> roles;
  std::vector<std::string> scopes;
  std::int64_t issued_at = 0;   ///< `iat`, seconds
  std::int64_t not_before = 0;  ///< `nbf`, 0 if absent
  std::int64_t expires_at = 0;  ///< `exp`
  std::int64_t auth_time = 0;   ///< `auth_time`, 0 if absent
  /// When the person signed in, as far as a revocation of sign-ins is concerned: `auth_time`, or
  /// `iat` where the issuer's `heal_by` says so and for an application's own token; 0: not known.
  std::int64_t signed_in_at = 0;
  std::int64_t skew = 0;          ///< of its issuer, seconds: for the times on a cache hit
  std::string key_id;             ///< `kid` of the key that signed
  bool claims_challenge = false;  ///< `xms_cc` has cp1
};
using PrincipalPtr = std::shared_ptr<const Principal>;

}  // namespace sallyport::identity
