// Is this token one of ours, and whose is it? The heart of the project, and a pure function: bytes,
// a snapshot and the time go in, a principal or a reason comes out. Nothing that a token says
// causes a fetch, a file access or a log line here. Any thread; no state of its own.
//
//   auto who = verify(*snapshot, token, clock.wall());
//   if (!who) refuse(who.error().reason);
//
// The checks stand in one visible table in token_verifier.cc, cheap ones before the signature, in
// an order that explain() shows. Rules: RFC 7515, 7519, 8725, 9068; Entra's shapes and those of
// Okta, Keycloak, Auth0, Google and Cognito, each with its reason beside its check.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "identity/principal.h"
#include "identity/reason.h"
#include "identity/snapshot.h"

namespace sallyport::identity {

inline constexpr std::size_t kTokenBytes = 16384;

/// Why not, for the operator. Texts are bounded (200 bytes) and never hold the token or a part of
/// its signature; before `signature_verified` they are the sender's word and nothing more.
struct TokenRefusal {
  Reason reason = Reason::kNone;
  std::string claim;     ///< header or claim that decided: "aud"
  std::string expected;  ///< what the configuration asks for
  std::string got;       ///< what came
  std::string issuer;    ///< our name of the issuer, if one was found
  std::string key_id;    ///< `kid`, where it was read
  bool signature_verified = false;
  PrincipalPtr person;  ///< of a 403: who it was, for the record; else null
};

/// Errors: every token.* reason with status 401 or 403, and keys.unavailable.
[[nodiscard]] std::expected<PrincipalDraft, TokenRefusal> verify(const Snapshot& snapshot,
                                                                 std::string_view token,
                                                                 WallTime now);

enum class CheckResult : std::uint8_t { kPassed, kFailed, kNotReached };

struct TokenCheck {
  std::string_view name;  ///< stable: "signature"
  std::string_view what;  ///< one line: what is checked
  CheckResult result = CheckResult::kNotReached;
  /// Where the check looked, what the configuration asks for and what the token says, as in a
  /// TokenRefusal: bounded, and never the token or a part of its signature. Empty where there is
  /// nothing to show.
  std::string claim;
  std::string expected;
  std::string got;
  Reason reason = Reason::kNone;  ///< if failed
};

struct Explanation {
  std::vector<TokenCheck> checks;  ///< all of them, in order
  std::expected<PrincipalDraft, TokenRefusal> verdict;
  /// Place in the snapshot of the issuer whose rules were applied; nothing if none was found.
  std::optional<std::size_t> issuer;
};

/// verify() that does not stop at the first failure, for `sallyport token check` and the doctor.
[[nodiscard]] Explanation explain(const Snapshot& snapshot, std::string_view token, WallTime now);

}  // namespace sallyport::identity
