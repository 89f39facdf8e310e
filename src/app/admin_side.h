// The administrator's doors of a running gateway, and what they speak to. Opened by
// Service::Parts::open_admin(), in the order of the members; ended in the other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "admin/api/api.h"
#include "admin/api/backends.h"
#include "admin/browser_entrance.h"
#include "admin/desk.h"
#include "admin/door_server.h"
#include "admin/metrics_door.h"
#include "admin/port_door.h"
#include "admin/provider_web.h"
#include "admin/revocations.h"
#include "admin/session_entrance.h"
#include "admin/socket_door.h"
#include "admin/token_entrance.h"
#include "app/service_parts.h"
#include "base/mutex.h"

namespace sallyport::app {

struct AdminSide {
  explicit AdminSide(Service::Parts& parts);

  [[nodiscard]] Result<void> open_socket(Service::Parts& parts, const std::string& path);
  [[nodiscard]] Result<void> open_port(Service::Parts& parts, const admin::PortSettings& listen);
  void open_browser(Service::Parts& parts);
  [[nodiscard]] Result<void> open_metrics(Service::Parts& parts, const admin::PortSettings& listen);
  /// What a reload changes: roles, certificates, the scraper's token. Error: tls.*.
  [[nodiscard]] Result<void> take(const config::Configuration& next);
  void start();
  void stop();

  [[nodiscard]] std::shared_ptr<const admin::Settings> settings_now();
  [[nodiscard]] std::shared_ptr<const http::TlsServer> tls_now();

  Mutex mutex;
  std::shared_ptr<const admin::Settings> settings GUARDED_BY(mutex);
  admin::MetricsSettings metrics GUARDED_BY(mutex);
  std::vector<admin::GroupRole> groups GUARDED_BY(mutex);
  std::shared_ptr<const http::TlsServer> tls GUARDED_BY(mutex);

  admin::RevocationDesk revocations;
  admin::JobTable jobs{system_clock(),
                       [] { return make_uuid7(system_clock().wall(), system_entropy()); }};
  admin::Backends backends;
  std::unique_ptr<admin::Api> local_api;
  std::unique_ptr<admin::Api> port_api;
  /// Questions that read much of the record: of the port, so that they take no place of the
  /// socket's, and of the socket. Their replies go to the two before them.
  admin::Desk port_archive{{.waiting = 32, .waiting_of_one = 4, .nice = 10}};
  admin::Desk local_archive{{.waiting = 64, .waiting_of_one = 32, .nice = 10}};
  identity::FailureLimiter token_failures;  ///< of admin.listen alone
  std::unique_ptr<admin::TokenEntrance> tokens;
  std::shared_ptr<admin::EndableWait> provider_wait = std::make_shared<admin::EndableWait>();
  // The port's thread stands back from the workers; the socket's does not.
  admin::DoorServer local_server{"admin.socket", 0};
  admin::DoorServer port_server{"admin.listen", 5};
  std::unique_ptr<admin::SessionEntrance> sessions;
  std::unique_ptr<admin::BrowserEntrance> browser;
  std::unique_ptr<admin::SocketDoor> socket_door;
  std::unique_ptr<admin::PortDoor> port_door;
  std::unique_ptr<admin::MetricsDoor> metrics_door;
  std::uint16_t port = 0;          ///< of admin.listen, as bound
  std::uint16_t metrics_port = 0;  ///< of metrics.listen
  std::string socket_path;
};

}  // namespace sallyport::app
