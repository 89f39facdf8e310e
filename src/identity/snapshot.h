// Everything that verifying a token needs to know, as it stood at one moment: the issuers' settings
// and their keys. Immutable; the key service publishes a new one on every change and each worker
// holds the newest as a plain member.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "identity/algorithm.h"
#include "identity/entra_issuer.h"
#include "identity/key_set.h"
#include "identity/settings.h"

namespace sallyport::identity {

struct IssuerState {
  IssuerState() = default;
  explicit IssuerState(IssuerSettings from, KeySetPtr with_keys = nullptr,
                       WallTime until = WallTime::max());

  IssuerSettings settings;
  std::optional<EntraIssuer> entra;   ///< from the issuer's shape
  std::vector<Algorithm> algorithms;  ///< of the settings, those that we know
  KeySetPtr keys;                     ///< null until the first fetch succeeds
  WallTime fetched_at{};              ///< of the last successful fetch
  /// Keys older than this are not used (24 h after the last success; a key file has no end).
  WallTime keys_until = WallTime::max();

  [[nodiscard]] bool ready(WallTime now) const {
    return keys != nullptr && keys->size() > 0 && now < keys_until;
  }
};

struct Snapshot {
  /// Changes with any change of the issuers' settings, never with their keys alone. A generation
  /// that is equal means the same issuers at the same places of the list.
  std::uint64_t generation = 0;
  std::vector<IssuerState> issuers;
  std::vector<std::string> extra_headers;  ///< for find_presented_token: all `issuers[].header`

  [[nodiscard]] bool any_ready(WallTime now) const;
  [[nodiscard]] bool all_ready(WallTime now) const;  ///< false without issuers
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// Builds a snapshot: fills extra_headers. For the key service and tests.
[[nodiscard]] SnapshotPtr make_snapshot(std::uint64_t generation, std::vector<IssuerState> issuers);

}  // namespace sallyport::identity
