#include "app/service.h"

#include "app/service_parts.h"
#include "base/address.h"
#include "base/log.h"
#include "config/reload.h"

namespace sallyport::app {
namespace {

constexpr std::chrono::seconds kDrainPatience{25};

}  // namespace

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
  const auto settings = p.configured();
  p.events->configuration(*settings);
  p.gateway->start();
  p.revocations->start(p.gateway->fanout());
  p.keys->start();
  p.credentials->start();
  p.admin->start();
  log::info("gateway.listening",
            {{"address", format_address(settings->listen.host, p.gateway->port())},
             {"port", std::uint64_t{p.gateway->port()}},
             {"tls", settings->listen.tls_certificate.empty() ? "no" : "yes"},
             {"workers", settings->listen.workers},
             {"version", SALLYPORT_VERSION}});
  if (settings->admin.listen) {
    log::info("admin.listening",
              {{"address", format_address(settings->admin.listen->host, p.admin->port())},
               {"port", std::uint64_t{p.admin->port()}}});
  }
  return service;
}

Result<void> Service::reload(config::Configuration next) {
  Parts& p = *parts_;
  auto refused = config::refuse_reload(*p.configured(), next);
  if (!refused.empty()) {
    return std::unexpected(config::as_error(refused));
  }
  auto routes =
      gateway::Routes::create(next.listen, next.limits, next.issuers, next.upstreams, next.models);
  if (!routes) return std::unexpected(std::move(routes.error()));
  const auto settings = std::make_shared<const config::Configuration>(std::move(next));
  {
    MutexLock lock(p.mutex);
    p.configuration = settings;
    // First, so that a request on the new routes finds its source known.
    p.credentials->reload(settings->upstreams);
    p.connections->set(settings->limits.connections, settings->limits.connections_per_source);
    p.trail->apply(settings->audit);
    p.gateway->publish(*routes);
  }
  p.keys->reload(settings->issuers);
  p.events->configuration(*settings);
  return {};
}

void Service::stop() {
  Parts& p = *parts_;
  if (std::exchange(p.stopped, true)) return;
  p.draining = true;
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
