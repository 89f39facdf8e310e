// The status of a running gateway, read from its parts: each part says of itself what it knows, and
// this puts it together. On the admin thread; waits a moment for the workers (kHeadPatience), never
// for the disk or the network.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "admin/status.h"
#include "audit/trail.h"
#include "gateway/gateway.h"
#include "identity/key_service.h"
#include "identity/revocation_register.h"
#include "identity/snapshot.h"
#include "upstream/credential_service.h"

namespace sallyport::admin {

/// A worker says the end of its chain within its turn; one that has ended never does.
inline constexpr std::chrono::milliseconds kHeadPatience{500};

/// What runs. All of it outlives the call.
struct StatusParts {
  gateway::Gateway& gateway;
  const audit::Trail& trail;
  const identity::KeyService& keys;
  const upstream::CredentialService& credentials;
  const identity::RevocationRegister& revocations;
  WallTime started;
};

/// What a reload changes, as it is now.
struct StatusSettings {
  std::string configuration_path;
  std::string configuration_sha256;
  gateway::ListenSettings listen;
  std::vector<upstream::UpstreamSettings> upstreams;
  identity::SnapshotPtr identity;
  bool draining = false;
};

[[nodiscard]] Status read_status(const StatusParts& parts, const StatusSettings& settings,
                                 WallTime now);

/// A row an upstream, in the order of the settings; without a credential's health it is not ready.
[[nodiscard]] std::vector<UpstreamStatus> upstream_rows(
    const std::vector<upstream::UpstreamSettings>& upstreams,
    const std::vector<upstream::CredentialHealth>& health);

}  // namespace sallyport::admin
