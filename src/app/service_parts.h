// What a running gateway consists of, and the steps in which it is put together: opened in the
// order of the functions, each in the file that its comment names. For service.cc and the wiring
// alone.
#pragma once

#include <atomic>
#include <memory>

#include "admin/status_page.h"
#include "app/event_lines.h"
#include "app/reloading.h"
#include "app/service.h"
#include "audit/trail.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "gateway/gateway.h"
#include "http/fetch.h"
#include "identity/failure_limiter.h"
#include "identity/key_service.h"
#include "identity/revocation_register.h"
#include "store/store.h"
#include "upstream/credential_service.h"

namespace sallyport::app {

struct AdminSide;

// Members are destroyed from the last to the first: who uses comes after who is used.
struct Service::Parts {
  explicit Parts(config::Configuration from);

  WallTime started = system_clock().wall();
  Metrics metrics;
  Mutex mutex;
  /// The newest; `reloading` alone puts another in its place.
  std::shared_ptr<const config::Configuration> configuration GUARDED_BY(mutex);
  std::unique_ptr<audit::Trail> trail;
  std::unique_ptr<EventLines> events;
  store::Stores stores;
  http::ByteBudget bodies;
  std::unique_ptr<gateway::ConnectionLimits> connections;
  identity::FailureLimiter failures;
  http::Resolver resolver;
  http::Fetcher fetcher;
  std::unique_ptr<identity::KeyService> keys;
  std::unique_ptr<upstream::CredentialService> credentials;
  std::unique_ptr<gateway::Shared> shared;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<identity::RevocationRegister> revocations;
  identity::SnapshotPtr identity GUARDED_BY(mutex);  ///< the newest that was published
  std::unique_ptr<Reloading> reloading;
  std::unique_ptr<AdminSide> admin;
  std::atomic<bool> draining{false};
  bool stopped = false;

  /// The configuration of now, as a whole and for as long as it is held. Any thread.
  [[nodiscard]] std::shared_ptr<const config::Configuration> configured() EXCLUDES(mutex);

  // wiring_gateway.cc

  /// The record, and what the store keeps.
  [[nodiscard]] Result<void> open_record();
  [[nodiscard]] Result<void> open_gateway();
  void make_keys();
  void make_credentials();
  void make_shared();
  /// On the fetch thread, and once before the workers start.
  void publish_identity(const identity::SnapshotPtr& snapshot);

  // wiring_admin.cc

  [[nodiscard]] Result<void> open_admin();
  [[nodiscard]] admin::Status status();
};

}  // namespace sallyport::app
