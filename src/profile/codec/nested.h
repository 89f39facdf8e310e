// The nested (v2) form of a configuration: bootstrap answers, the app's JSON export and newer local
// entries (facts: desktop-config 2.1). The catalogue holds each key's path and whether it is
// confirmed; several keys share a path (inference.baseUrl), and the provider tells them apart.
#pragma once

#include "profile/finding.h"
#include "profile/value.h"

namespace sallyport::profile {

/// `"$schemaVersion": 2`, or any known cluster without a marker.
[[nodiscard]] bool is_nested(const json::object& document);

/// A key without a usable path is put at the top under its flat name. `notes` gets a warning for it
/// and for each path that is inferred, not confirmed.
[[nodiscard]] json::object to_nested(const json::object& values, Findings& notes);

/// Reads nested and flat members, also side by side. `$schemaVersion` and `expiresAt` are no keys.
/// A member of a cluster that nobody knows stays as "cluster.member".
[[nodiscard]] json::object from_nested(const json::object& document);

}  // namespace sallyport::profile
