#include <fmt/format.h>

#include <utility>

#include "gateway/exchange.h"
#include "gateway/exchange_state.h"
#include "gateway/record_views.h"

namespace sallyport::gateway {
namespace {

// ---- answers of our own ------------------------------------------------------------------------

// A small answer that needs nobody: probes. No credential, no record.
// `type` is a literal.
Task<void> answer_plain(ExchangeState& state, int status, std::string_view type, std::string body) {
  if (!state.client.can_drain()) state.client.close_after_answer();
  std::string answer = fmt::format("HTTP/1.1 {} {}\r\ndate: {}\r\ncache-control: no-store\r\n",
                                   status, http::reason_phrase(status), state.worker.date());
  if (status != 204) {
    answer += fmt::format("content-type: {}\r\ncontent-length: {}\r\n", type, body.size());
  }
  if (!state.client.keep_alive()) answer += "connection: close\r\n";
  answer += "\r\n";
  if (!state.to_head) answer += body;
  bool sent = co_await state.client.send(answer);
  bool drained = false;
  if (sent) drained = co_await state.client.drain();
  if (!drained) state.client.close_after_answer();
}

Task<void> answer_ready(ExchangeState& state) {
  const auto& identity = *state.worker.identity();
  WallTime now = state.worker.shared().clock.wall();
  bool keys = identity.any_ready(now);
  bool record = state.worker.chain().accepting();
  bool credential = state.worker.any_credential();
  bool ready = keys && record && credential && !state.worker.draining();
  std::string_view reason = !keys         ? "keys.unavailable"
                            : !record     ? "audit.unavailable"
                            : !credential ? code(Cause::kNoCredential)
                                          : "draining";
  std::string body =
      ready ? "{\"ready\":true}" : fmt::format("{{\"ready\":false,\"reason\":\"{}\"}}", reason);
  co_await answer_plain(state, ready ? 200 : 503, "application/json", std::move(body));
}

Task<void> turn_away(ExchangeState& state, http::Refusal refusal) {
  bool sent = co_await answer_refusal(state, std::move(refusal));
  if (!sent) state.client.close_after_answer();
}

Task<void> answer_models(ExchangeState& state) {
  bool admitted = co_await authenticate(state);
  if (!admitted) co_return;
  RecordViews views(state);
  audit::Answered record{.id = state.id,
                         .time = state.received,
                         .person = views.person(),
                         .source = views.source(),
                         .client = views.program(),
                         .request = views.request(),
                         .status = 200};
  bool appended = state.worker.chain().append_answered(record);
  bool written = false;
  if (appended) written = co_await state.worker.recorded(state.signal());
  if (written) written = co_await still_admitted(state);
  if (state.revocation()) co_return;
  if (!written) {
    co_await turn_away(state, refusal_of(Cause::kRecordUnavailable));
    co_return;
  }
  if (!state.client.can_drain()) state.client.close_after_answer();
  const std::string& body = state.routes->routes->models_answer;
  std::string answer = fmt::format(
      "HTTP/1.1 200 OK\r\ndate: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n"
      "cache-control: no-store\r\nx-request-id: {}\r\n{}\r\n",
      state.worker.date(), body.size(), state.id,
      state.client.keep_alive() ? "" : "connection: close\r\n");
  answer += body;
  bool sent = co_await state.client.send(answer);
  bool drained = false;
  if (sent) drained = co_await state.client.drain();
  if (!drained) state.client.close_after_answer();
}

// A path and what answers there.
enum class Handler : std::uint8_t { kProvider, kModels, kHello, kLive, kReady };

struct Place {
  std::string_view path;
  std::string_view method;  ///< GET stands for HEAD as well
  Handler handler;
  Endpoint endpoint = Endpoint::kMessages;
};

constexpr Place kPlaces[] = {
    {"/v1/messages", "POST", Handler::kProvider, Endpoint::kMessages},
    {"/v1/messages/count_tokens", "POST", Handler::kProvider, Endpoint::kCountTokens},
    {"/v1/models", "GET", Handler::kModels, Endpoint::kModels},
    {"/api/hello", "GET", Handler::kHello},
    {"/healthz", "GET", Handler::kLive},
    {"/readyz", "GET", Handler::kReady},
};

const Place* find_place(std::string_view path) {
  for (const auto& place : kPlaces) {
    if (place.path == path) return &place;
  }
  return nullptr;
}

// The path without the public prefix; probes answer with and without it.
std::string_view strip_prefix(std::string_view text, std::string_view prefix) {
  if (prefix.empty()) return text;
  if (!text.starts_with(prefix)) {
    return text == "/healthz" || text == "/readyz" ? text : std::string_view();
  }
  return text.substr(prefix.size());
}

// Not a coroutine, and not drawn into one: what only refusals need would lie in a frame for as long
// as an answer streams.
[[gnu::noinline]] Task<void> dispatch(ExchangeState& state) {
  const auto& head = state.client.head();
  const auto& metadata = state.routes->routes->metadata;
  if (metadata.answers(head.path) && (head.method == "GET" || head.method == "HEAD")) {
    return answer_plain(state, 200, "application/json",
                        metadata.document(http::find_field(head.fields, "host")));
  }
  const std::string& prefix = state.routes->routes->path_prefix;
  const Place* place = find_place(strip_prefix(head.path, prefix));
  if (place == nullptr) return turn_away(state, refusal_of(Cause::kNotFound));
  bool probe = head.method == "HEAD" && place->method == "GET";
  if (head.method != place->method && !(probe && place->handler != Handler::kModels)) {
    auto refusal = refusal_of(Cause::kMethod);
    refusal.allow =
        place->method == "GET" && place->handler != Handler::kModels ? "GET, HEAD" : place->method;
    return turn_away(state, std::move(refusal));
  }
  state.endpoint = place->endpoint;
  state.target = head.target.substr(head.path.size() - place->path.size());
  switch (place->handler) {
    case Handler::kProvider:
      return answer_from_provider(state);
    case Handler::kModels:
      return answer_models(state);
    case Handler::kHello:
      return answer_plain(state, 204, {}, {});
    case Handler::kLive:
      return answer_plain(state, 200, "text/plain", "ok\n");
    case Handler::kReady:
      return answer_ready(state);
  }
  std::unreachable();
}

}  // namespace

Task<void> run_exchange(Worker& worker, http::ServerConnection& client, const Source& peer) {
  ExchangeState state(
      worker, client,
      source_of_request(peer, client.head().fields, worker.routes()->routes->trusted_proxies));
  co_await dispatch(state);
}

}  // namespace sallyport::gateway
