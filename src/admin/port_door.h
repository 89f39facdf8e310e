// The administrator's port: who asks shows an access token of the administrator's audience, or a
// browser's session. A source and a caller have a share of requests each, and a source of
// connections; an IPv6 host is one source, whatever address of its /64 it comes from.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "admin/api/api.h"
#include "admin/browser_entrance.h"
#include "admin/door_server.h"
#include "admin/rate_share.h"
#include "admin/session_entrance.h"
#include "admin/settings.h"
#include "admin/token_entrance.h"
#include "gateway/source.h"

namespace sallyport::admin {

class PortDoor final : public Door {
 public:
  static constexpr std::size_t kPlaces = 256;
  static constexpr std::size_t kPlacesOfOne = 32;  ///< of one source
  static constexpr RateShare::Bounds kOfSource{.at_once = 400, .a_second = 200};
  static constexpr RateShare::Bounds kOfCaller{.at_once = 200, .a_second = 100};

  struct Parts {
    DoorServer& server;
    Api& api;
    TokenEntrance& tokens;
    SessionEntrance& sessions;
    BrowserEntrance& browser;
    std::function<identity::SnapshotPtr()> identity;  ///< the data plane's newest
    std::function<std::shared_ptr<const Settings>()> settings;
    std::function<std::shared_ptr<const http::TlsServer>()> tls;  ///< null: plain, on loopback
    std::uint16_t port = 0;                                       ///< as bound
    Clock& clock;
  };
  explicit PortDoor(Parts parts);

  [[nodiscard]] std::unique_ptr<http::ServerHandler> welcome(int fd,
                                                             const sockaddr_storage& peer) override;
  [[nodiscard]] std::shared_ptr<const http::TlsServer> tls() override { return parts_.tls(); }

 private:
  class Guest;
  [[nodiscard]] bool host_is_ours(const http::RequestHead& head) const;
  [[nodiscard]] std::expected<Caller, Problem> identify(const http::RequestHead& head,
                                                        const gateway::Source& source);
  [[nodiscard]] Task<void> answer(Call& call, const gateway::Source& source);
  [[nodiscard]] Task<void> answer_metadata(Call& call);
  [[nodiscard]] Task<void> answer_api(Call& call, const gateway::Source& source);

  Parts parts_;
  RateShare of_source_{kOfSource};
  RateShare of_caller_{kOfCaller};
  std::map<std::string, std::size_t> places_;  ///< taken, by gateway::share_of()
  std::size_t taken_ = 0;
};

}  // namespace sallyport::admin
