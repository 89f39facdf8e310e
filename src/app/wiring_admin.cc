// The administrator's side of the running parts: its doors, and what they speak to.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>

#include "app/admin_configuration.h"
#include "app/admin_side.h"
#include "app/service_parts.h"
#include "http/listener.h"

namespace sallyport::app {
namespace {

// The socket's own people are few and patient; a port's callers have a small share each.
constexpr admin::Desk::Bounds kSocketDesk{.waiting = 256, .waiting_of_one = 128, .nice = 0};
constexpr admin::Desk::Bounds kPortDesk{.waiting = 64, .waiting_of_one = 8, .nice = 5};

// With roles for groups of this machine everybody may knock: the kernel says who it is, and whoever
// has no role is turned away before a byte is read.
constexpr mode_t kSocketMode = 0600;
constexpr mode_t kSocketModeWithRoles = 0666;

// How long a sign-in waits for a key that the provider has just begun to use.
constexpr std::chrono::milliseconds kNewKeyPatience{5000};

std::uint64_t random_seed() {
  std::array<std::uint8_t, sizeof(std::uint64_t)> bytes;
  system_entropy().fill(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

auto newest_identity(Service::Parts& parts) {
  return [&parts] {
    MutexLock lock(parts.mutex);
    return parts.identity;
  };
}

}  // namespace

AdminSide::AdminSide(Service::Parts& parts)
    : revocations(*parts.revocations, *parts.stores.names, system_clock(),
                  [&parts] { return parts.configured()->issuers; }),
      backends{
          .status = [&parts] { return parts.status(); },
          .revocations = revocations,
          .people = *parts.stores.names,
          .jobs = jobs,
          .record_directory = [&parts] { return parts.configured()->audit.directory.string(); },
          .record_event =
              [&parts](std::string_view name, std::span<const audit::Detail> details) {
                auto recorded = parts.trail->event({name, system_clock().wall(), details});
                return recorded.has_value();
              },
          .at_archive =
              [this](const admin::Caller& caller, admin::Desk::Work work) {
                const bool local = caller.way == admin::Way::kSocket;
                auto& archive = local ? local_archive : port_archive;
                return archive.take(caller.key(), std::move(work));
              },
          .configuration = [&parts] { return view_of(*parts.configured()); },
          .reload =
              [&parts](const admin::Caller& caller, const admin::ReloadWish& wish) {
                return reload_for(*parts.reloading, caller, wish);
              }},
      token_failures({}, random_seed()) {}

std::shared_ptr<const admin::Settings> AdminSide::settings_now() {
  MutexLock lock(mutex);
  return settings;
}

std::shared_ptr<const http::TlsServer> AdminSide::tls_now() {
  MutexLock lock(mutex);
  return tls;
}

Result<void> AdminSide::take(const config::Configuration& next) {
  std::shared_ptr<const http::TlsServer> certificate;
  if (!next.admin.tls_certificate.empty()) {
    auto loaded = http::TlsServer::load(next.admin.tls_certificate, next.admin.tls_key);
    if (!loaded) return fail(std::move(loaded.error()), "for admin.tls");
    certificate = std::move(*loaded);
  }
  auto found = admin::find_groups(next.admin.socket_roles);
  if (!socket_path.empty()) {
    ::chmod(socket_path.c_str(), found.empty() ? kSocketMode : kSocketModeWithRoles);
  }
  MutexLock lock(mutex);
  settings = std::make_shared<const admin::Settings>(next.admin);
  metrics = next.metrics;
  groups = std::move(found);
  tls = std::move(certificate);
  return {};
}

Result<void> AdminSide::open_socket(Service::Parts& parts, const std::string& path) {
  auto socket = http::listen_unix(path);
  if (!socket) return fail(std::move(socket.error()), "for admin.socket");
  socket_path = path;
  local_api =
      std::make_unique<admin::Api>(admin::api_routes(), backends, kSocketDesk, system_clock());
  socket_door = std::make_unique<admin::SocketDoor>(admin::SocketDoor::Parts{
      .server = local_server,
      .api = *local_api,
      .groups =
          [this] {
            MutexLock lock(mutex);
            return groups;
          },
      .metrics = [&parts] { return parts.metrics.render(); },
      .names = admin::PeerNames(admin::look_up_user, ::geteuid(), system_clock())});
  local_server.add(std::move(*socket), *socket_door);
  return {};
}

Result<void> AdminSide::open_port(Service::Parts& parts, const admin::PortSettings& listen) {
  auto sockets = http::listen_tcp(listen.host, listen.port, 1);
  if (!sockets) return fail(std::move(sockets.error()), "for admin.listen");
  port = sockets->port;
  port_api = std::make_unique<admin::Api>(admin::api_routes(), backends, kPortDesk, system_clock());
  tokens = std::make_unique<admin::TokenEntrance>(admin::TokenEntrance::Needs{
      .identity = newest_identity(parts),
      .settings = [this] { return settings_now(); },
      .fetch_keys =
          [&parts](std::string_view issuer, std::string_view key_id) {
            std::ignore = parts.keys->refresh_for_unknown_key(issuer, key_id, [] {});
          },
      .revocations = *parts.revocations,
      .failures = token_failures,
      .clock = system_clock(),
      .entropy = system_entropy()});
  open_browser(parts);
  port_door = std::make_unique<admin::PortDoor>(
      admin::PortDoor::Parts{.server = port_server,
                             .api = *port_api,
                             .tokens = *tokens,
                             .sessions = *sessions,
                             .browser = *browser,
                             .identity = newest_identity(parts),
                             .settings = [this] { return settings_now(); },
                             .tls = [this] { return tls_now(); },
                             .port = port,
                             .clock = system_clock()});
  port_server.add(std::move(sockets->sockets.front()), *port_door);
  return {};
}

void AdminSide::open_browser(Service::Parts& parts) {
  sessions = std::make_unique<admin::SessionEntrance>(
      admin::SessionEntrance::Needs{.identity = newest_identity(parts),
                                    .settings = [this] { return settings_now(); },
                                    .revocations = *parts.revocations,
                                    .clock = system_clock(),
                                    .entropy = system_entropy()});
  auto party = std::make_unique<admin::RelyingParty>(admin::RelyingParty::Needs{
      .identity = newest_identity(parts),
      .settings = [this] { return settings_now(); },
      .web =
          [this, &parts](const identity::IssuerSettings& issuer) {
            return std::make_unique<admin::ProviderWeb>(
                parts.fetcher, admin::ProviderWeb::Route{issuer.ca_file, issuer.proxy},
                provider_wait);
          },
      .fetch_keys =
          [this, &parts](std::string_view issuer, std::string_view key_id) {
            std::ignore =
                provider_wait->wait(kNewKeyPatience, [&](const std::function<void()>& done) {
                  bool begun = parts.keys->refresh_for_unknown_key(issuer, key_id, done);
                  if (!begun) done();
                });
          },
      .revocations = *parts.revocations,
      .clock = system_clock(),
      .entropy = system_entropy()});
  browser = std::make_unique<admin::BrowserEntrance>(
      admin::BrowserEntrance::Needs{.sessions = *sessions,
                                    .party = std::move(party),
                                    .identity = newest_identity(parts),
                                    .settings = [this] { return settings_now(); },
                                    .record_event = backends.record_event,
                                    .clock = system_clock(),
                                    .entropy = system_entropy()});
}

Result<void> AdminSide::open_metrics(Service::Parts& parts, const admin::PortSettings& listen) {
  auto sockets = http::listen_tcp(listen.host, listen.port, 1);
  if (!sockets) return fail(std::move(sockets.error()), "for metrics.listen");
  metrics_port = sockets->port;
  metrics_door = std::make_unique<admin::MetricsDoor>(
      port_server, metrics_port,
      [this] {
        MutexLock lock(mutex);
        return metrics;
      },
      [&parts] { return parts.metrics.render(); }, system_clock());
  port_server.add(std::move(sockets->sockets.front()), *metrics_door);
  return {};
}

void AdminSide::start() {
  local_server.start();
  port_server.start();
}

void AdminSide::stop() {
  provider_wait->end();
  local_server.stop();
  port_server.stop();
  browser.reset();        // and its desk
  local_archive.close();  // what runs there ends soon, and replies
  port_archive.close();
  local_api.reset();  // and its desk, after what runs there
  port_api.reset();
  if (!socket_path.empty()) ::unlink(socket_path.c_str());
}

Result<void> Service::Parts::open_admin() {
  reloading = std::make_unique<Reloading>(*this);
  admin = std::make_unique<AdminSide>(*this);
  const auto settings = configured();
  const admin::Settings& doors = settings->admin;
  Result<void> opened;
  if (!doors.socket.empty()) opened = admin->open_socket(*this, doors.socket);
  if (opened) opened = admin->take(*settings);
  if (opened && doors.listen) opened = admin->open_port(*this, *doors.listen);
  if (opened && settings->metrics.listen) {
    opened = admin->open_metrics(*this, *settings->metrics.listen);
  }
  return opened;
}

admin::Status Service::Parts::status() {
  admin::StatusSettings settings;
  {
    MutexLock lock(mutex);
    settings = {.configuration_path = configuration->path,
                .configuration_sha256 = configuration->sha256,
                .listen = configuration->listen,
                .upstreams = configuration->upstreams,
                .identity = identity,
                .draining = draining};
  }
  return admin::read_status({*gateway, *trail, *keys, *credentials, *revocations, started},
                            settings, system_clock().wall());
}

}  // namespace sallyport::app
