// A verified person or application: what a token that passed every check says about its bearer.
//
// The checks put a PrincipalDraft together; keep() makes of it the Principal that requests share:
// one block of memory with all its texts, since a gateway holds thousands and a request of each
// should touch few lines of the processor's cache. What is for display only stays behind.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "identity/settings.h"

namespace sallyport::identity {

/// What is no text.
struct PrincipalFacts {
  TokenKind kind = TokenKind::kAccessToken;
  bool app_only = false;
  bool guest = false;  ///< `acct` 1, or another home tenant in `idp`
  /// The token has no group list because there are too many: a group criterion must not pass.
  bool groups_overage = false;
  bool claims_challenge = false;  ///< `xms_cc` has cp1
  std::int64_t issued_at = 0;     ///< `iat`, seconds
  std::int64_t not_before = 0;    ///< `nbf`, 0 if absent
  std::int64_t expires_at = 0;    ///< `exp`
  std::int64_t auth_time = 0;     ///< `auth_time`, 0 if absent
  /// When the person signed in, as far as a revocation of sign-ins is concerned: `auth_time`, or
  /// `iat` where the issuer's `heal_by` says so and for an application's own token; 0: not known.
  std::int64_t signed_in_at = 0;
  std::int64_t skew = 0;  ///< of its issuer, seconds: for the times on a cache hit
};

/// Views into one block, which the PrincipalPtr owns. A copy of this struct does not own them.
struct Principal : PrincipalFacts {
  /// `ISSUER/TENANT/OBJECT`, else `ISSUER//SUB` (so that no `sub` can look like the first form):
  /// the key of counters, records and revocations.
  std::string_view key;
  std::string_view session_id;  ///< `sid`
  std::string_view token_id;    ///< `uti`, else `jti`
  std::string_view client;  ///< `azp`, `appid`, `cid` or `client_id`; for an ID token its audience
  /// What keep() was given: opaque here, for the gateway what its record says of this person.
  std::string_view record;
  std::string_view issuer;     ///< the issuer's configured name, not its URL
  std::string_view tenant;     ///< `tid`; empty where the provider has none
  std::string_view object_id;  ///< `oid`; empty where the provider has none
  std::string_view subject;    ///< `sub`
  std::string_view key_id;     ///< `kid` of the key that signed
  std::span<const std::string_view> groups;
  std::span<const std::string_view> roles;
  std::span<const std::string_view> scopes;
};
using PrincipalPtr = std::shared_ptr<const Principal>;

/// The same with texts of its own, and the two that are not kept.
struct PrincipalDraft : PrincipalFacts {
  std::string issuer;
  std::string tenant;
  std::string object_id;
  std::string subject;
  std::string key;
  std::string client;
  std::string token_id;
  std::string session_id;
  std::string key_id;
  std::vector<std::string> groups;
  std::vector<std::string> roles;
  std::vector<std::string> scopes;
  std::string name;  ///< display only; kept outside the audit chain
  std::string mail;  ///< the same: `preferred_username`, `upn` or `email`
};

/// One allocation for all of it. `record` is copied too and stands beside the person.
[[nodiscard]] PrincipalPtr keep(const PrincipalDraft& from, std::string_view record = {});

}  // namespace sallyport::identity
