#include "app/service.h"

#include <tuple>

#include "app/admin_side.h"
#include "app/service_parts.h"
#include "base/address.h"
#include "base/log.h"

namespace sallyport::app {
namespace {

constexpr std::chrono::seconds kDrainPatience{25};

void tell_port(std::string_view event, const std::optional<admin::PortSettings>& listen,
               std::uint16_t port) {
  if (!listen) return;
  log::info(event,
            {{"address", format_address(listen->host, port)}, {"port", std::uint64_t{port}}});
}

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
  p.events->configuration(*settings, "start");
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
  tell_port("admin.listening", settings->admin.listen, p.admin->port);
  tell_port("metrics.listening", settings->metrics.listen, p.admin->metrics_port);
  return service;
}

void Service::reload(std::string by) {
  // What came of it stands in the log.
  std::ignore = parts_->reloading->run({.by = std::move(by)});
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
