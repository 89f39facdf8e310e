// The newest immutable snapshots that a worker holds as plain members: what the configuration says,
// who issues tokens and with which keys, what providers are shown. A publisher posts a new one to
// the worker's loop; adopt() has one overload a kind, and a new kind is a member and an overload.
#pragma once

#include <memory>
#include <vector>

#include "gateway/routes.h"
#include "http/client_pool.h"
#include "identity/snapshot.h"
#include "upstream/credential.h"

namespace sallyport::gateway {

/// A snapshot of the routes with this worker's connections to each provider, in the same order. A
/// running exchange keeps its own alive.
struct WorkerRoutes {
  RoutesPtr routes;
  std::vector<std::unique_ptr<http::ClientPool>> pools;
};
using WorkerRoutesPtr = std::shared_ptr<WorkerRoutes>;

struct Snapshots {
  WorkerRoutesPtr routes;
  identity::SnapshotPtr identity;
  upstream::CredentialsPtr credentials = std::make_shared<const upstream::Credentials>();

  /// The newest credential for a provider; null: there is none now.
  [[nodiscard]] const upstream::CredentialPtr& credential_of(const upstream::Upstream& at) const {
    const auto& fixed = at.fixed_credential();
    return fixed ? fixed : credentials->find(at.credential_id());
  }
  [[nodiscard]] bool any_credential() const {
    for (const auto& upstream : routes->routes->upstreams) {
      if (credential_of(*upstream) != nullptr) return true;
    }
    return false;
  }
};

}  // namespace sallyport::gateway
