// The administrator's side of the running parts: which route says what.
#include "app/service_parts.h"

namespace sallyport::app {

Result<void> Service::Parts::open_admin() {
  const auto settings = configured();
  const config::AdminSettings& wanted = settings->admin;
  auto opened = admin::AdminServer::open(
      wanted.socket, wanted.listen ? wanted.listen->host : std::string(),
      wanted.listen ? wanted.listen->port : std::uint16_t{0}, admin_services());
  if (!opened) return std::unexpected(std::move(opened.error()));
  admin = std::move(*opened);
  return {};
}

admin::Services Service::Parts::admin_services() {
  desk = std::make_unique<admin::RevocationDesk>(*revocations, *stores.names, system_clock(),
                                                 [this] { return configured()->issuers; });
  return {.metrics = [this] { return metrics.render(); },
          .status = [this] { return admin::status_json(status()); },
          .revocations = desk.get()};
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
