// From the configuration to a data plane that listens: record, store, keys, credentials, workers.
#include <array>
#include <bit>

#include "app/admin_side.h"  // Parts owns one
#include "app/service_parts.h"

namespace sallyport::app {
namespace {

// All request bodies that are held at once, whatever the number of connections.
constexpr std::size_t kBodyBudget = std::size_t{512} << 20;

Sha256 random_key() {
  Sha256 key;
  system_entropy().fill(key);
  return key;
}

std::uint64_t random_seed() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes;
  system_entropy().fill(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

}  // namespace

Service::Parts::Parts(config::Configuration from)
    : configuration(std::make_shared<const config::Configuration>(std::move(from))),
      bodies(kBodyBudget),
      failures({}, random_seed()) {}

std::shared_ptr<const config::Configuration> Service::Parts::configured() {
  MutexLock lock(mutex);
  return configuration;
}

Result<void> Service::Parts::open_record() {
  const auto settings = configured();
  auto opened = audit::Trail::open(settings->audit, {.workers = settings->listen.workers},
                                   system_clock(), system_entropy(), metrics);
  if (!opened) return std::unexpected(std::move(opened.error()));
  trail = std::move(*opened);
  events = std::make_unique<EventLines>(*trail);
  auto there = store::open(settings->store, metrics);
  if (!there) return std::unexpected(std::move(there.error()));
  stores = std::move(*there);
  auto opened_register = identity::RevocationRegister::open(
      *stores.revocations, system_clock(), system_entropy(), metrics,
      [this](const identity::RevocationOutcome& outcome) { events->revocation(outcome); });
  if (!opened_register) return std::unexpected(std::move(opened_register.error()));
  revocations = std::move(*opened_register);
  return {};
}

void Service::Parts::make_keys() {
  keys = std::make_unique<identity::KeyService>(
      http::Refresher::Needs{fetcher, system_clock(), system_entropy(), metrics},
      configured()->issuers,
      [this](const identity::SnapshotPtr& snapshot) { publish_identity(snapshot); },
      [this](const identity::KeyEvent& event) { events->keys(event); });
}

void Service::Parts::publish_identity(const identity::SnapshotPtr& snapshot) {
  MutexLock lock(mutex);
  identity = snapshot;
  if (gateway) gateway->publish(snapshot);
}

// Before the gateway there is nobody to publish to; start() publishes anew.
void Service::Parts::make_credentials() {
  credentials = std::make_unique<upstream::CredentialService>(
      http::Refresher::Needs{fetcher, system_clock(), system_entropy(), metrics},
      configured()->upstreams,
      [this](const upstream::CredentialsPtr& snapshot) { gateway->publish(snapshot); },
      [this](const upstream::CredentialEvent& event) { events->credential(event); });
}

void Service::Parts::make_shared() {
  using Done = gateway::Shared::Done;
  shared = std::make_unique<gateway::Shared>(
      system_clock(), system_entropy(), trail->side(), *stores.names, resolver, bodies,
      *connections, failures, random_key(), trail->sync_each(),
      [this](std::string_view issuer, std::string_view key_id, Done done) {
        return keys->refresh_for_unknown_key(issuer, key_id, std::move(done));
      },
      [this](std::uint64_t id, std::uint64_t serial, Done done) {
        return credentials->renew(id, serial, std::move(done));
      },
      [this](std::uint64_t id, int status) { credentials->note_refused(id, status); });
}

Result<void> Service::Parts::open_gateway() {
  const auto settings = configured();
  auto routes = gateway::Routes::create(settings->listen, settings->limits, settings->issuers,
                                        settings->upstreams, settings->models);
  if (!routes) return std::unexpected(std::move(routes.error()));
  connections = std::make_unique<gateway::ConnectionLimits>(
      settings->limits.connections, settings->limits.connections_per_source);
  make_keys();
  make_credentials();
  make_shared();
  std::vector<identity::IssuerState> states;
  states.reserve(settings->issuers.size());
  for (const auto& issuer : settings->issuers) states.emplace_back(issuer);
  auto without_keys = identity::make_snapshot(0, std::move(states));
  auto opened = gateway::Gateway::open(settings->listen, *shared, *trail, *routes, without_keys);
  if (!opened) return fail(std::move(opened.error()), "for listen.address");
  MutexLock lock(mutex);
  gateway = std::move(*opened);
  gateway->show_counters(metrics);
  identity = without_keys;
  gateway->load(revocations->in_force());
  return {};
}

}  // namespace sallyport::app
