// The scraper's port: /metrics and /healthz, nothing else. On loopback everybody of this machine
// may look, elsewhere who shows the token. A source has a share of its connections and requests, so
// that whoever floods it takes nothing from the administrators on the same thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "admin/call.h"
#include "admin/door_server.h"
#include "admin/rate_share.h"
#include "admin/settings.h"

namespace sallyport::admin {

class MetricsDoor final : public Door {
 public:
  static constexpr std::size_t kPlaces = 32;
  static constexpr std::size_t kPlacesOfOne = 8;  ///< of one source
  static constexpr RateShare::Bounds kOfSource{.at_once = 20, .a_second = 10};

  /// `settings` is the running configuration's, on the server's thread.
  MetricsDoor(DoorServer& server, std::uint16_t port, std::function<MetricsSettings()> settings,
              std::function<std::string()> metrics, Clock& clock);

  [[nodiscard]] std::unique_ptr<http::ServerHandler> welcome(int fd,
                                                             const sockaddr_storage& peer) override;

 private:
  class Guest;
  DoorServer& server_;
  std::uint16_t port_;
  std::function<MetricsSettings()> settings_;
  std::function<std::string()> metrics_;
  Clock& clock_;
  RateShare of_source_{kOfSource};
  std::map<std::string, std::size_t> places_;  ///< taken, by gateway::share_of()
  std::size_t taken_ = 0;
};

/// A page in a browser may be made to ask a loopback port by a name of its own (DNS rebinding):
/// only loopback names are answered there. Pure.
[[nodiscard]] bool names_loopback(std::string_view host, std::uint16_t port);

}  // namespace sallyport::admin
