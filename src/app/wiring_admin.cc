// The administrator's side of the running parts: which route says what.
#include "app/service_parts.h"

namespace sallyport::app {

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
  desk =
      std::make_unique<admin::RevocationDesk>(*revocations, *stores.names, system_clock(), [this] {
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
  admin::StatusSettings settings;
  {
    std::lock_guard lock(mutex);
    settings = {.configuration_path = configuration.path,
                .configuration_sha256 = configuration.sha256,
                .listen = configuration.listen,
                .upstreams = configuration.upstreams,
                .identity = identity,
                .draining = draining};
  }
  return admin::read_status({*gateway, *trail, *keys, *credentials, *revocations, started},
                            settings, system_clock().wall());
}

}  // namespace sallyport::app
