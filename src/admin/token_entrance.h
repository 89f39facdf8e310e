// Programs at the administrator's port: an access token that was made for this API alone. What the
// data plane takes is refused here, and the reverse, because audience, clients and scope differ
// (config/ refuses a configuration in which they do not). Of one loop's thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "admin/caller.h"
#include "admin/problem.h"
#include "admin/settings.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/entropy.h"
#include "identity/failure_limiter.h"
#include "identity/revocation_register.h"
#include "identity/snapshot.h"
#include "identity/token_verifier.h"

namespace sallyport::admin {

/// The rules under which the administrator's tokens are verified: the data plane's issuer and keys,
/// the administrator's audience, clients and scope. Null: no tokens are taken here.
[[nodiscard]] identity::SnapshotPtr token_rules(const identity::Snapshot& data_plane,
                                                const Settings& settings);

class TokenEntrance {
 public:
  struct Needs {
    std::function<identity::SnapshotPtr()> identity;  ///< the data plane's newest
    std::function<std::shared_ptr<const Settings>()> settings;
    /// A key that is not known: have it fetched, for the next time.
    std::function<void(std::string_view issuer, std::string_view key_id)> fetch_keys;
    identity::RevocationRegister& revocations;
    identity::FailureLimiter&
        failures;  ///< this port's own: the data plane's strangers are not ours
    Clock& clock;
    Entropy& entropy;
  };
  explicit TokenEntrance(Needs needs);

  /// `token`: what followed `Bearer `. Errors: 401 with the reason's code, 403 where the person or
  /// the application is revoked for good, 429 from a source of many bad tokens. A token that
  /// passed lately is verified whatever else comes from its source.
  [[nodiscard]] std::expected<Caller, Problem> identify(std::string_view token,
                                                        const identity::SourceAddress& source);

 private:
  static constexpr std::size_t kPassed = 1024;  // remembered at once; who expires first goes
  [[nodiscard]] bool passed_lately(const Sha256& digest, WallTime now) const;
  void remember_passed(const Sha256& digest, std::int64_t expires_at, WallTime now);
  [[nodiscard]] const identity::Snapshot* rules();
  [[nodiscard]] std::expected<identity::PrincipalDraft, Problem> verify(
      std::string_view token, const identity::SourceAddress& source);

  Needs needs_;
  identity::SnapshotPtr made_from_;
  std::shared_ptr<const Settings> made_by_;
  identity::SnapshotPtr rules_;
  Sha256 key_{};                           ///< of this process, for the digests alone
  std::map<Sha256, std::int64_t> passed_;  ///< keyed digest of a token -> `exp`
};

/// 401 with `WWW-Authenticate: Bearer`.
[[nodiscard]] Problem unauthorized(Error error, bool token_given);
/// Why somebody whose access was taken back is turned away; nothing: it was not.
[[nodiscard]] std::optional<Problem> refuse_revoked_caller(
    const identity::RevocationRegister& revocations, const identity::PrincipalDraft& person,
    WallTime now);

}  // namespace sallyport::admin
