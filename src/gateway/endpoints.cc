#include "gateway/endpoints.h"

#include <fmt/format.h>

#include "gateway/admission.h"
#include "gateway/exchange_record.h"
#include "gateway/readiness.h"

namespace sallyport::gateway {
namespace {

using http::Guard;

// ---- answers of our own ------------------------------------------------------------------------

Task<void> answer_plain(Exchange& x, http::AnswerHead head, std::string body) {
  const std::string_view view = body;
  std::ignore = co_await x.client.send(head, {&view, 1});
}

// Probes: no credential, no record. `type` is a literal.
Task<void> answer_text(Exchange& x, int status, std::string_view type, std::string body) {
  http::AnswerHead head(status);
  head.add("date", x.worker.date()).add("cache-control", "no-store");
  if (!type.empty()) head.add("content-type", type);
  return answer_plain(x, std::move(head), std::move(body));
}

Task<void> answer_hello(Exchange& x) {
  return answer_text(x, 204, {}, {});
}

Task<void> answer_live(Exchange& x) {
  return answer_text(x, 200, "text/plain", "ok\n");
}

Task<void> answer_ready(Exchange& x) {
  const auto& now = x.worker.newest;
  const auto ready = readiness({.keys = now.identity->any_ready(x.worker.shared.clock.wall()),
                                .record = x.worker.record.chain().accepting(),
                                .credential = now.any_credential(),
                                .draining = x.worker.draining});
  std::string body = ready.ready ? "{\"ready\":true}"
                                 : fmt::format("{{\"ready\":false,\"reason\":\"{}\"}}", ready.code);
  return answer_text(x, ready.ready ? 200 : 503, "application/json", std::move(body));
}

Task<void> refuse(Exchange& x, http::Refusal refusal) {
  auto why = refused(std::move(refusal));
  why->recorded = true;  // nobody asked for anything that there is: no record of strangers' guesses
  return turn_away(x, x.refuse(std::move(why)));
}

Task<void> answer_models(Exchange& x) {
  x.asked.endpoint = Endpoint::kModels;
  Step step = co_await authenticate(x);
  if (step == Step::kOn) step = admit(x);
  if (step == Step::kOn) step = co_await record_answer(x, 200);
  if (step != Step::kOn) {
    co_await turn_away(x, step);
    co_return;
  }
  http::AnswerHead head(200);
  head.add("date", x.worker.date()).add("content-type", "application/json");
  head.add("cache-control", "no-store").add("x-request-id", x.id);
  co_await answer_plain(x, std::move(head), x.routes->routes->models_answer);
}

Task<void> answer_messages(Exchange& x) {
  x.asked.endpoint = Endpoint::kMessages;
  return answer_from_provider(x);
}

Task<void> answer_count_tokens(Exchange& x) {
  x.asked.endpoint = Endpoint::kCountTokens;
  return answer_from_provider(x);
}

constexpr http::Route<Exchange> kRoutes[] = {
    {"POST", "/v1/messages", Guard::kPerson, answer_messages, "A message, whole or as a stream."},
    {"POST", "/v1/messages/count_tokens", Guard::kPerson, answer_count_tokens,
     "How many tokens a message would have."},
    {"GET", "/v1/models", Guard::kPerson, answer_models, "The models that are offered here."},
    {"GET", "/api/hello", Guard::kPublic, answer_hello, "What clients ask to see whether we are."},
    {"GET", "/healthz", Guard::kPublic, answer_live, "The process runs."},
    {"GET", "/readyz", Guard::kPublic, answer_ready, "A request would be let in now."},
};

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
[[gnu::noinline]] Task<void> dispatch(Exchange& x) {
  const auto& head = x.client.head();
  const auto& routes = *x.routes->routes;
  if (routes.metadata.answers(head.path) && (head.method == "GET" || head.method == "HEAD")) {
    return answer_text(x, 200, "application/json",
                       routes.metadata.document(http::find_field(head.fields, "host")));
  }
  const std::string_view path = strip_prefix(head.path, routes.path_prefix);
  auto found = http::find_route<Exchange>(kRoutes, head.method, path);
  if (!found.path_is_known) return refuse(x, refusal_of(Cause::kNotFound));
  if (found.route == nullptr) {
    auto refusal = refusal_of(Cause::kMethod);
    refusal.allow = std::move(found.allow);
    return refuse(x, std::move(refusal));
  }
  x.asked.target = head.target.substr(head.path.size() - path.size());
  return found.route->answer(x);
}

}  // namespace

std::span<const http::Route<Exchange>> public_routes() {
  return kRoutes;
}

Task<void> answer_request(WorkerState& worker, http::ServerStream& client, const Source& peer) {
  const auto& trusted = worker.newest.routes->routes->trusted_proxies;
  Exchange x(worker, client, source_of_request(peer, client.head().fields, trusted));
  co_await dispatch(x);
}

http::WrittenRefusal refuse_head(WorkerState& worker, const Source& peer,
                                 std::optional<http::HeadFault> fault) {
  auto refusal = fault ? refusal_of(*fault) : refusal_of(Cause::kHeadSlow);
  worker.shared.side.note(peer.text, refusal.code);
  worker.counters.refused_stranger.add();
  return http::write_refusal(refusal, worker.make_request_id(), worker.date());
}

}  // namespace sallyport::gateway
