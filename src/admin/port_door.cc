#include "admin/port_door.h"

#include <fmt/format.h>

#include "admin/cross_site.h"
#include "admin/metrics_door.h"
#include "admin/port_metadata.h"
#include "base/log.h"
#include "base/url.h"

namespace sallyport::admin {
namespace {

constexpr std::string_view kBearer = "bearer ";
constexpr std::string_view kMetadata = "/.well-known/oauth-protected-resource";  // RFC 9728 3.1

}  // namespace

// Who answers the requests of one connection; gives its place back.
class PortDoor::Guest final : public http::ServerHandler {
 public:
  Guest(PortDoor& door, gateway::Source source)
      : door_(door), source_(std::move(source)), share_(gateway::share_of(source_.address)) {
    ++door_.places_[share_];
    ++door_.taken_;
  }
  ~Guest() override {
    --door_.taken_;
    auto found = door_.places_.find(share_);
    if (--found->second == 0) door_.places_.erase(found);
  }

  Task<void> answer(http::ServerStream& stream) override {
    Call call{door_.parts_.server.loop(), stream, door_.parts_.server.bodies()};
    co_await door_.answer(call, source_);
  }

  http::WrittenRefusal refuse_head(std::optional<http::HeadFault> fault) override {
    return refuse_bad_head(fault);
  }

 private:
  PortDoor& door_;
  gateway::Source source_;
  std::string share_;
};

PortDoor::PortDoor(Parts parts) : parts_(std::move(parts)) {}

std::unique_ptr<http::ServerHandler> PortDoor::welcome(int /*fd*/, const sockaddr_storage& peer) {
  auto source = gateway::source_of_peer(peer);
  auto found = places_.find(gateway::share_of(source.address));
  if (taken_ >= kPlaces || (found != places_.end() && found->second >= kPlacesOfOne))
    return nullptr;
  return std::make_unique<Guest>(*this, std::move(source));
}

// A page elsewhere may be made to ask this port by a name of its own (DNS rebinding): only the name
// that people are given is answered, and loopback names where the port is plain.
bool PortDoor::host_is_ours(const http::RequestHead& head) const {
  auto host = http::find_field(head.fields, "host");
  auto settings = parts_.settings();
  if (settings->tls_certificate.empty() && names_loopback(host, parts_.port)) return true;
  auto url = parse_request_url(settings->public_url);
  return url && host == url->authority();
}

// A token counts before a session: whoever shows one means it. A session counts over TLS alone, and
// for what our own pages ask.
std::expected<Caller, Problem> PortDoor::identify(const http::RequestHead& head,
                                                  const gateway::Source& source) {
  auto value = http::find_field(head.fields, "authorization");
  if (http::name_starts_with(value, kBearer)) {
    return parts_.tokens.identify(value.substr(kBearer.size()), source.address);
  }
  auto settings = parts_.settings();
  bool session = value.empty() && !settings->tls_certificate.empty() &&
                 SessionEntrance::shows_session(head.fields);
  if (session) {
    auto problem = refuse_cross_site(head, origin_of(settings->public_url));
    if (problem) return std::unexpected(std::move(*problem));
    return parts_.sessions.identify(head.fields);
  }
  return std::unexpected(unauthorized({"api.no_credential", "nobody is known by this request",
                                       "show an access token, as `sallyport sign-in --server` "
                                       "gets one"},
                                      false));
}

// For everybody: who asks for it has no token yet.
Task<void> PortDoor::answer_metadata(Call& call) {
  const auto& head = call.client.head();
  auto snapshot = parts_.identity();
  if (head.method != "GET" && head.method != "HEAD") {
    Problem problem{405, {"api.method", "this path does not take this method", "use GET, HEAD"}};
    problem.more_fields = "allow: GET, HEAD\r\n";
    co_await send_problem(call, problem);
    co_return;
  }
  const auto metadata =
      port_metadata(*parts_.settings(), snapshot ? *snapshot : identity::Snapshot{});
  const auto document = metadata.document(http::find_field(head.fields, "host"));
  co_await send(call, {200, "application/json", document});
}

Task<void> PortDoor::answer(Call& call, const gateway::Source& source) {
  const auto& head = call.client.head();
  if (!of_source_.take(gateway::share_of(source.address), parts_.clock.steady())) {
    const Problem problem{
        429, {"api.rate", "too many requests came from this address", "ask less often"}, {}, 1};
    co_await send_problem(call, problem);
    co_return;
  }
  if (!host_is_ours(head)) {
    const Problem problem{
        421, {"api.host", "this is not the host that was asked for", "ask by admin.public_url"}};
    co_await send_problem(call, problem);
    co_return;
  }
  if (head.path == "/healthz") {
    co_await send(call, {200, "text/plain", "ok\n"});
    co_return;
  }
  if (head.path == kMetadata) {
    co_await answer_metadata(call);
  } else if (BrowserEntrance::has(head.path)) {
    co_await parts_.browser.answer(call, source);
  } else if (head.path.starts_with(kApiPrefix)) {
    co_await answer_api(call, source);
  } else {
    const Problem problem{404,
                          {"api.no_route", "there is nothing at this path",
                           "the API is below /api/v1; /metrics is at metrics.listen"}};
    co_await send_problem(call, problem);
  }
}

Task<void> PortDoor::answer_api(Call& call, const gateway::Source& source) {
  const auto& head = call.client.head();
  auto caller = identify(head, source);
  if (!caller) {
    co_await send_problem(call, caller.error());
    co_return;
  }
  if (!of_caller_.take(caller->key(), parts_.clock.steady())) {
    const Problem problem{429, {"api.rate", "you ask too often", "ask less often"}, {}, 1};
    co_await send_problem(call, problem);
    co_return;
  }
  co_await parts_.api.answer(call, *caller, head.path.substr(kApiPrefix.size()));
}

}  // namespace sallyport::admin
