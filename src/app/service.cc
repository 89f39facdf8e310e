#include "app/service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>

#include "admin/admin_server.h"
#include "admin/revocations.h"
#include "admin/status.h"
#include "audit/trail.h"
#include "base/log.h"
#include "base/metrics.h"
#include "config/reload.h"
#include "gateway/gateway.h"
#include "http/fetch.h"
#include "http/listener.h"
#include "identity/failure_limiter.h"
#include "identity/key_service.h"
#include "identity/revocation_register.h"
#include "store/sqlite_name_table.h"
#include "store/sqlite_revocation_log.h"
#include "upstream/credential_service.h"

namespace sallyport::app {
namespace {

constexpr std::chrono::seconds kDrainPatience{25};
// A worker answers within its turn; one that has ended never does.
constexpr std::chrono::milliseconds kHeadPatience{500};
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

std::vector<audit::Detail> details_of(const config::Configuration& configuration) {
  return {{"file", configuration.path}, {"sha256", configuration.sha256}};
}

}  // namespace

// Members are destroyed from the last to the first: who uses comes after who is used.
struct Service::Parts {
  explicit Parts(config::Configuration from) : configuration(std::move(from)) {}

  WallTime started = system_clock().wall();
  Metrics metrics;
  std::mutex mutex;                     ///< of what is marked as guarded
  config::Configuration configuration;  ///< guarded
  std::unique_ptr<audit::Trail> trail;
  std::unique_ptr<audit::NameTable> names;
  std::unique_ptr<identity::RevocationLog> revocation_log;
  std::unique_ptr<gateway::Instruments> instruments;
  http::ByteBudget bodies{kBodyBudget};
  std::unique_ptr<gateway::ConnectionLimits> connections;
  identity::FailureLimiter failures{{}, random_seed()};
  http::Resolver resolver;
  http::Fetcher fetcher;
  std::unique_ptr<identity::KeyService> keys;
  std::unique_ptr<upstream::CredentialService> credentials;
  std::unique_ptr<gateway::Shared> shared;
  std::unique_ptr<gateway::Gateway> gateway;
  std::unique_ptr<identity::RevocationRegister> revocations;
  std::unique_ptr<admin::RevocationDesk> desk;
  identity::SnapshotPtr identity;  ///< guarded; the newest that was published
  std::unique_ptr<admin::AdminServer> admin;
  bool stopped = false;

  void publish_identity(const identity::SnapshotPtr& snapshot);
  void on_key_event(const identity::KeyEvent& event);
  void on_revocation(const identity::RevocationOutcome& outcome);
  void on_credential_event(const upstream::CredentialEvent& event);
  void make_credentials();
  void record_event(std::string_view name, std::span<const audit::Detail> details);
  [[nodiscard]] Result<void> open_record();
  [[nodiscard]] Result<void> open_gateway();
  [[nodiscard]] Result<void> open_admin();
  [[nodiscard]] admin::RouteTable admin_routes();
  [[nodiscard]] admin::Status status();
  void add_upstreams(admin::Status& status) const;
};

void Service::Parts::record_event(std::string_view name, std::span<const audit::Detail> details) {
  auto recorded = trail->event({name, system_clock().wall(), details});
  if (!recorded) log::error("audit.event_failed", {{"reason", recorded.error().message}});
}

// On the fetch thread, and once before the workers start.
void Service::Parts::publish_identity(const identity::SnapshotPtr& snapshot) {
  std::lock_guard lock(mutex);
  identity = snapshot;
  if (gateway) gateway->publish_identity(snapshot);
}

void Service::Parts::on_key_event(const identity::KeyEvent& event) {
  // A provider may publish a thousand keys with names as long as it likes: that fills no log.
  auto join = [](const std::vector<std::string>& list) {
    constexpr std::size_t kMost = 1000;
    std::string text;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (text.size() + list[i].size() > kMost) {
        return text + fmt::format(" and {} more", list.size() - i);
      }
      text += (text.empty() ? "" : " ") + list[i];
    }
    return text;
  };
  std::string added = join(event.added);
  std::string removed = join(event.removed);
  bool bad = event.kind != identity::KeyEvent::Kind::kKeysChanged &&
             event.kind != identity::KeyEvent::Kind::kRecovered;
  log::write(bad ? log::Level::kWarning : log::Level::kInfo, identity::name_of(event.kind),
             {{"issuer", event.issuer},
              {"message", event.message},
              {"added", added},
              {"removed", removed}});
  std::vector<audit::Detail> details{{"what", identity::name_of(event.kind)},
                                     {"issuer", event.issuer}};
  if (!event.message.empty()) details.emplace_back("message", event.message);
  if (!added.empty()) details.emplace_back("added", added);
  if (!removed.empty()) details.emplace_back("removed", removed);
  record_event("keys", details);
}

// On the register's thread, once every worker has applied it.
void Service::Parts::on_revocation(const identity::RevocationOutcome& outcome) {
  using What = identity::RevocationChange::What;
  const auto& change = outcome.change;
  const auto& revocation = *change.revocation;
  std::string_view what = change.what == What::kRevoked  ? "revoked"
                          : change.what == What::kLifted ? "lifted"
                                                         : "ended";
  std::vector<audit::Detail> details{
      {"what", what}, {"id", revocation.id}, {"kind", identity::text(revocation.kind)}};
  auto add = [&](std::string_view name, std::string_view text) {
    if (!text.empty()) details.emplace_back(name, text);
  };
  // Details are views.
  const std::string at = format_time(change.at);
  const std::string until = revocation.until ? format_time(*revocation.until) : std::string();
  const std::string last_admitted = format_time(outcome.effect.last_admitted);
  add("at", at);
  add("target", revocation.target);
  add("issuer", revocation.issuer);
  add("user", revocation.person);
  add("by", change.by);
  add("reason", change.reason);
  if (change.what == What::kRevoked) {
    add("until", until);
    if (revocation.heals()) details.emplace_back("sign_ins_up_to", revocation.not_before);
    add("last_request", outcome.effect.last_request);
    if (!outcome.effect.last_request.empty()) add("last_admitted", last_admitted);
    details.emplace_back("cut", static_cast<std::int64_t>(outcome.effect.cut));
    details.emplace_back("took_us", outcome.took.count());
  }
  record_event("revocation", details);
  log::info("revocation", {{"what", what},
                           {"id", revocation.id},
                           {"kind", identity::text(revocation.kind)},
                           {"by", change.by},
                           {"cut", std::uint64_t{outcome.effect.cut}},
                           {"took_us", outcome.took.count()}});
}

void Service::Parts::on_credential_event(const upstream::CredentialEvent& event) {
  using Kind = upstream::CredentialEvent::Kind;
  bool bad = event.kind == Kind::kFetchFailed || event.kind == Kind::kExpired ||
             event.kind == Kind::kRefused;
  std::string expires = event.expires ? format_time(*event.expires) : std::string();
  log::write(bad ? log::Level::kWarning : log::Level::kInfo, upstream::name_of(event.kind),
             {{"upstream", event.upstream},
              {"source", event.source},
              {"message", event.message},
              {"expires", expires}});
  std::vector<audit::Detail> details{{"what", upstream::name_of(event.kind)},
                                     {"upstream", event.upstream},
                                     {"source", event.source}};
  if (!event.message.empty()) details.emplace_back("message", event.message);
  if (!expires.empty()) details.emplace_back("expires", expires);
  record_event("credential", details);
}

// Before the gateway there is nobody to publish to; start() publishes anew.
void Service::Parts::make_credentials() {
  credentials = std::make_unique<upstream::CredentialService>(
      fetcher, system_clock(), system_entropy(), metrics, configuration.upstreams,
      [this](const upstream::CredentialsPtr& snapshot) { gateway->publish_credentials(snapshot); },
      [this](const upstream::CredentialEvent& event) { on_credential_event(event); });
}

Result<void> Service::Parts::open_record() {
  auto opened = audit::Trail::open(configuration.audit, {.workers = configuration.listen.workers},
                                   system_clock(), system_entropy(), metrics);
  if (!opened) return std::unexpected(std::move(opened.error()));
  trail = std::move(*opened);
  auto table = store::SqliteNameTable::open("sqlite:" + configuration.store_path, metrics);
  if (!table) return std::unexpected(std::move(table.error()));
  names = std::move(*table);
  auto log = store::SqliteRevocationLog::open("sqlite:" + configuration.store_path);
  if (!log) return std::unexpected(std::move(log.error()));
  revocation_log = std::move(*log);
  auto opened_register = identity::RevocationRegister::open(
      *revocation_log, system_clock(), system_entropy(), metrics,
      [this](const identity::RevocationOutcome& outcome) { on_revocation(outcome); });
  if (!opened_register) return std::unexpected(std::move(opened_register.error()));
  revocations = std::move(*opened_register);
  return {};
}

Result<void> Service::Parts::open_gateway() {
  auto routes =
      gateway::Routes::create(configuration.listen, configuration.limits, configuration.issuers,
                              configuration.upstreams, configuration.models);
  if (!routes) return std::unexpected(std::move(routes.error()));
  instruments = std::make_unique<gateway::Instruments>(metrics);
  connections = std::make_unique<gateway::ConnectionLimits>(
      configuration.limits.connections, configuration.limits.connections_per_source);
  keys = std::make_unique<identity::KeyService>(
      fetcher, system_clock(), system_entropy(), configuration.issuers,
      [this](identity::SnapshotPtr snapshot) { publish_identity(snapshot); },
      [this](const identity::KeyEvent& event) { on_key_event(event); });
  make_credentials();
  shared = std::make_unique<gateway::Shared>(
      gateway::Shared{system_clock(), system_entropy(), *instruments, trail->side(), *names, *keys,
                      *credentials, resolver, bodies, *connections, failures, random_key(),
                      configuration.audit.sync.count() == 0});
  std::vector<identity::IssuerState> states;
  for (const auto& issuer : configuration.issuers) states.emplace_back(issuer);
  auto without_keys = identity::make_snapshot(0, std::move(states));
  auto opened =
      gateway::Gateway::open(configuration.listen, *shared, *trail, *routes, without_keys);
  if (!opened) return fail(std::move(opened.error()), "for listen.address");
  std::lock_guard lock(mutex);
  gateway = std::move(*opened);
  identity = without_keys;
  gateway->load(revocations->in_force());
  return {};
}

Result<void> Service::Parts::open_admin() {
  const auto& settings = configuration.admin;
  auto opened = admin::AdminServer::open(
      settings.socket, settings.listen ? settings.listen->host : std::string(),
      settings.listen ? settings.listen->port : std::uint16_t{0}, admin_routes());
  if (!opened) return std::unexpected(std::move(opened.error()));
  admin = std::move(*opened);
  return {};
}

admin::RouteTable Service::Parts::admin_routes() {
  desk = std::make_unique<admin::RevocationDesk>(*revocations, *names, system_clock(), [this] {
    std::lock_guard lock(mutex);
    return configuration.issuers;
  });
  auto metrics_page = [this] {
    return admin::Answer{200, "text/plain; version=0.0.4", metrics.render()};
  };
  auto status_page = [this] {
    return admin::Answer{200, "application/json", admin::status_json(status()) + "\n"};
  };
  return {{"GET", "/metrics", true, metrics_page},
          {"GET", "/healthz", true, [] { return admin::Answer{200, "text/plain", "ok\n"}; }},
          {"GET", "/status", false, status_page},
          {"GET", "/revocations", false, [this] { return desk->list(); }},
          {"POST", "/revocations", false, nullptr,
           [this](const auto& question, const auto& reply) { desk->revoke(question, reply); }},
          {"POST", "/revocations/lift", false, nullptr,
           [this](const auto& question, const auto& reply) { desk->lift(question, reply); }}};
}

admin::Status Service::Parts::status() {
  auto heads = gateway->heads(kHeadPatience);
  std::lock_guard lock(mutex);
  admin::Status status;
  WallTime now = system_clock().wall();
  status.version = SALLYPORT_VERSION;
  status.instance = trail->directory().instance();
  status.pid = ::getpid();
  status.started = started;
  status.configuration_path = configuration.path;
  status.configuration_sha256 = configuration.sha256;
  status.listen_address = http::format_address(configuration.listen.host, gateway->port());
  status.public_url = configuration.listen.public_url;
  bool keys_there = identity->any_ready(now);
  bool record = true;
  for (const auto& worker : gateway->workers()) {
    const auto& counts = worker->counts();
    admin::WorkerStatus row;
    row.connections = counts.connections;
    row.exchanges = counts.exchanges;
    row.cached_tokens = counts.cached_tokens;
    row.requests = {
        {"complete", counts.complete},           {"aborted_by_client", counts.aborted},
        {"cut_by_revocation", counts.cut},       {"upstream_error", counts.upstream_error},
        {"record_failed", counts.record_failed}, {"refused", counts.refused}};
    status.workers.push_back(std::move(row));
    record = record && counts.record_accepting;
    const auto& chain = worker->chain_view();
    const auto& head = heads[status.workers.size() - 1];
    std::uint64_t written = head ? head->sequence : chain.written_sequence();
    std::uint64_t synced = std::min(written, chain.synced_sequence());
    status.audit.chains.push_back({status.workers.size() - 1, written, written - synced,
                                   chain.name(), head ? head->hash : std::string()});
  }
  auto revoked = revocations->health();
  status.revocations = {revoked.in_force, revoked.applied, revoked.cut, revoked.problem};
  for (const auto& health : keys->health()) {
    status.issuers.push_back({health.name, health.issuer, health.ready, health.keys,
                              health.last_success, health.last_error});
  }
  add_upstreams(status);
  bool credential = std::ranges::any_of(status.upstreams, &admin::UpstreamStatus::ready);
  status.ready = keys_there && record && credential;
  status.reason = !keys_there   ? "keys.unavailable"
                  : !record     ? "audit.unavailable"
                  : !credential ? "upstream.no_credential"
                                : "";
  status.audit.directory = configuration.audit.directory.string();
  status.audit.sync = configuration.audit.sync.count() == 0
                          ? "each"
                          : fmt::format("{}ms", configuration.audit.sync.count());
  return status;
}

void Service::Parts::add_upstreams(admin::Status& status) const {
  auto health = credentials->health();
  for (std::size_t i = 0; i < configuration.upstreams.size(); ++i) {
    const auto& upstream = configuration.upstreams[i];
    auto url = http::parse_url(upstream.base_url);
    admin::UpstreamStatus row;
    row.name = upstream.name;
    row.provider = upstream::rules_of(upstream.provider).name;
    row.host = url ? url->authority() : std::string();
    row.credential = configuration.credential_sources[i];
    auto found = std::ranges::find(health, upstream.name, &upstream::CredentialHealth::upstream);
    if (found != health.end()) {
      row.source = found->source;
      row.ready = found->ready;
      row.obtained = found->obtained;
      row.expires = found->expires;
      row.problem = found->last_error;
      row.refused = found->refused;
      row.refused_status = static_cast<std::uint64_t>(found->refused_status);
    }
    status.upstreams.push_back(std::move(row));
  }
}

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Service::~Service() {
  stop();
}

Result<std::unique_ptr<Service>> Service::start(config::Configuration configuration) {
  auto parts = std::make_unique<Parts>(std::move(configuration));
  // Made before anything can fail, so that what is open is ended in order.
  std::unique_ptr<Service> service(new Service(std::move(parts)));
  Parts& p = *service->parts_;
  auto opened = p.open_record();
  if (opened) opened = p.open_gateway();
  if (opened) opened = p.open_admin();
  if (!opened) return std::unexpected(std::move(opened.error()));
  p.record_event("configuration", details_of(p.configuration));
  p.gateway->start();
  p.revocations->start(p.gateway->fanout());
  p.keys->start();
  p.credentials->start();
  p.admin->start();
  log::info("gateway.listening",
            {{"address", http::format_address(p.configuration.listen.host, p.gateway->port())},
             {"port", std::uint64_t{p.gateway->port()}},
             {"tls", p.configuration.listen.tls_certificate.empty() ? "no" : "yes"},
             {"workers", p.configuration.listen.workers},
             {"version", SALLYPORT_VERSION}});
  if (p.configuration.admin.listen) {
    log::info(
        "admin.listening",
        {{"address", http::format_address(p.configuration.admin.listen->host, p.admin->port())},
         {"port", std::uint64_t{p.admin->port()}}});
  }
  return service;
}

Result<void> Service::reload(config::Configuration next) {
  Parts& p = *parts_;
  auto refused = config::refuse_reload(p.configuration, next);
  if (!refused.empty()) {
    return std::unexpected(config::as_error(refused));
  }
  auto routes =
      gateway::Routes::create(next.listen, next.limits, next.issuers, next.upstreams, next.models);
  if (!routes) return std::unexpected(std::move(routes.error()));
  {
    std::lock_guard lock(p.mutex);
    p.configuration = std::move(next);
    // First, so that a request on the new routes finds its source known.
    p.credentials->reload(p.configuration.upstreams);
    p.connections->set(p.configuration.limits.connections,
                       p.configuration.limits.connections_per_source);
    p.gateway->publish_routes(*routes);
  }
  p.keys->reload(p.configuration.issuers);
  p.record_event("configuration", details_of(p.configuration));
  return {};
}

void Service::stop() {
  Parts& p = *parts_;
  if (std::exchange(p.stopped, true)) return;
  if (p.gateway) p.gateway->drain(kDrainPatience);
  if (p.revocations) p.revocations->stop();
  if (p.admin) p.admin->stop();
  p.keys.reset();
  p.credentials.reset();
  p.resolver.stop();
  p.gateway.reset();
  if (p.trail) {
    auto closed = p.trail->close();
    if (!closed) log::error("audit.close_failed", {{"reason", closed.error().message}});
  }
}

}  // namespace sallyport::app
