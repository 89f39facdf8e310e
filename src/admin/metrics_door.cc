#include "admin/metrics_door.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "base/address.h"
#include "base/encoding.h"
#include "base/url.h"
#include "gateway/source.h"

namespace sallyport::admin {
namespace {

// In constant time, whatever their lengths.
bool same_secret(std::string_view shown, std::string_view right) {
  const Sha256 a = sha256(shown);
  const Sha256 b = sha256(right);
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

bool names_loopback(std::string_view host, std::uint16_t port) {
  auto url = parse_request_url(fmt::format("http://{}", host));
  return url && url->port == port && (url->host == "localhost" || is_loopback_literal(url->host));
}

class MetricsDoor::Guest final : public http::ServerHandler {
 public:
  Guest(MetricsDoor& door, std::string share) : door_(door), share_(std::move(share)) {
    ++door_.places_[share_];
    ++door_.taken_;
  }
  ~Guest() override {
    --door_.taken_;
    auto found = door_.places_.find(share_);
    if (--found->second == 0) door_.places_.erase(found);
  }

  Task<void> answer(http::ServerStream& stream) override {
    Call call{door_.server_.loop(), stream, door_.server_.bodies()};
    const auto& head = stream.head();
    bool reads = head.method == "GET" || head.method == "HEAD";
    if (!door_.of_source_.take(share_, door_.clock_.steady())) {
      co_await send(call, {429, "text/plain", "Ask less often.\n", "retry-after: 1\r\n"});
      co_return;
    }
    const auto settings = door_.settings_();
    auto token = settings.token;
    auto host = http::find_field(head.fields, "host");
    if (!token && !names_loopback(host, door_.port_)) {
      co_await send(call, {421, "text/plain", "Ask by a loopback address.\n"});
    } else if (token && !shows(head, *token)) {
      co_await send(call,
                    {401, "text/plain", "Show the token of metrics.token as a bearer token.\n",
                     "www-authenticate: Bearer\r\n"});
    } else if (!reads) {
      co_await send(call, {405, "text/plain", "This is read with GET.\n", "allow: GET, HEAD\r\n"});
    } else if (head.path == "/metrics") {
      const auto text = door_.metrics_();
      co_await send(call, {200, "text/plain; version=0.0.4", text});
    } else if (head.path == "/healthz") {
      co_await send(call, {200, "text/plain", "ok\n"});
    } else {
      co_await send(call, {404, "text/plain", "There is /metrics and /healthz here.\n"});
    }
  }

  http::WrittenRefusal refuse_head(std::optional<http::HeadFault> fault) override {
    return refuse_bad_head(fault);
  }

 private:
  static bool shows(const http::RequestHead& head, const Secret& token) {
    auto value = http::find_field(head.fields, "authorization");
    constexpr std::string_view kScheme = "bearer ";
    if (!http::name_starts_with(value, kScheme)) return false;
    return same_secret(value.substr(kScheme.size()), token.reveal());
  }

  MetricsDoor& door_;
  std::string share_;
};

MetricsDoor::MetricsDoor(DoorServer& server, std::uint16_t port,
                         std::function<MetricsSettings()> settings,
                         std::function<std::string()> metrics, Clock& clock)
    : server_(server),
      port_(port),
      settings_(std::move(settings)),
      metrics_(std::move(metrics)),
      clock_(clock) {}

std::unique_ptr<http::ServerHandler> MetricsDoor::welcome(int /*fd*/,
                                                          const sockaddr_storage& peer) {
  auto share = gateway::share_of(gateway::source_of_peer(peer).address);
  auto found = places_.find(share);
  if (taken_ >= kPlaces || (found != places_.end() && found->second >= kPlacesOfOne)) {
    return nullptr;
  }
  return std::make_unique<Guest>(*this, std::move(share));
}

}  // namespace sallyport::admin
