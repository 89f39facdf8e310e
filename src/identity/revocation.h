// Access taken back: what a revocation is, whom it concerns, and what it needs from others. Plain
// values and pure functions; who keeps them in force is revocation_register.h.
//
// The kinds and when each ends:
//   user      one person, until lifted or `until`; a fresh token does not help
//   sign-ins  one person's sign-ins up to a moment; a sign-in after it heals
//   session   one `sid` of an issuer or a person, until lifted or `until`
//   token     one `uti` or `jti`, until no such token can be valid any more
//   client    one application (`azp`), until lifted or `until`
//   group     everybody whose token names the group, until lifted or `until`
//   all       everybody's sign-ins up to a moment; a sign-in after it heals
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "identity/principal.h"

namespace sallyport::identity {

enum class RevocationKind : std::uint8_t {
  kUser,
  kSignIns,
  kSession,
  kToken,
  kClient,
  kGroup,
  kAll
};
inline constexpr std::size_t kRevocationKinds = 7;

/// "user", "sign-ins", "session", ...
[[nodiscard]] std::string_view text(RevocationKind kind);
[[nodiscard]] std::optional<RevocationKind> revocation_kind(std::string_view text);

struct Revocation {
  std::string id;  ///< UUIDv7
  RevocationKind kind = RevocationKind::kUser;
  std::string issuer;  ///< configured name; empty: of every issuer
  std::string target;  ///< a principal's key, a session, token, client or group id; of `all`: empty
  std::string person;  ///< session: of this principal's key alone; may be empty
  WallTime at{};
  /// sign-ins, all: whoever signed in at this second or before is refused.
  std::int64_t not_before = 0;
  std::optional<WallTime> until;
  std::string by;      ///< "root (uid 0)", or a watcher's name
  std::string reason;  ///< of who revoked, for the record; never shown to the person
  std::string source;  ///< "operator", or a watcher's name
  /// Set by the first worker that refuses a request because of it, which then records that.
  std::shared_ptr<std::atomic<bool>> refused_one = std::make_shared<std::atomic<bool>>(false);

  [[nodiscard]] bool ended(WallTime now) const { return until && *until <= now; }
  [[nodiscard]] bool heals() const {
    return kind == RevocationKind::kSignIns || kind == RevocationKind::kAll;
  }
};
using RevocationPtr = std::shared_ptr<const Revocation>;

/// Whether it concerns this person's request now. A person whose token leaves the groups out
/// because there are too many counts as a member of every group: a criterion that cannot be looked
/// at must not let pass.
[[nodiscard]] bool concerns(const Revocation& revocation, const Principal& person, WallTime now);

/// One step of the log: a revocation that begins, or one that is lifted.
struct RevocationChange {
  enum class What : std::uint8_t { kRevoked, kLifted, kEnded };  ///< kEnded: `until` has passed
  What what = What::kRevoked;
  RevocationPtr revocation;
  // Of a lift; of a revocation they stand in it.
  WallTime at{};
  std::string by;
  std::string reason;
};

/// What a change did to the running gateway.
struct RevocationEffect {
  std::size_t cut = 0;       ///< running exchanges that were told to end
  std::string last_request;  ///< id of the last request that was admitted before it, if known
  WallTime last_admitted{};
};

/// Whom revocations would concern of those that run now.
struct RevocationReach {
  std::size_t streams = 0;                     ///< running exchanges
  std::set<std::string, std::less<>> persons;  ///< their keys
};

/// Where revocations are kept. Append-only; implemented by store/sqlite/revocation_log. Called by
/// the register's thread, and at start.
class RevocationLog {
 public:
  virtual ~RevocationLog() = default;
  /// Those that were revoked and not lifted, in the order of their revocation.
  [[nodiscard]] virtual Result<std::vector<Revocation>> load() = 0;
  /// All of them or none; when it returns they are on the disk.
  [[nodiscard]] virtual Result<void> append(std::span<const RevocationChange> changes) = 0;
  /// Whether append() would have a chance: the file is still where it was opened.
  [[nodiscard]] virtual Result<void> check() = 0;
};

/// Hands changes to everybody who admits; implemented by gateway/revocation_fanout.
class RevocationFanout {
 public:
  virtual ~RevocationFanout() = default;
  /// Returns after every worker has applied all of them and has told the exchanges concerned to
  /// end. One effect a change, in their order.
  [[nodiscard]] virtual std::vector<RevocationEffect> apply(
      const std::vector<RevocationChange>& changes) = 0;
  /// What apply() would end, and changes nothing. An exchange that several concern counts once.
  /// Any thread but a worker's.
  [[nodiscard]] virtual RevocationReach preview(const std::vector<RevocationPtr>& revocations) = 0;
};

}  // namespace sallyport::identity
