#include "gateway/endpoints.h"

#include <fmt/format.h>

#include "gateway/exchange_record.h"
#include "gateway/readiness.h"

namespace sallyport::gateway {
namespace {

using http::kPerson;
using http::kPublic;

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

Task<void> answer_metadata(Exchange& x) {
  const auto host = http::find_field(x.client.head().fields, "host");
  return answer_text(x, 200, "application/json", x.routes->routes->metadata.document(host));
}

Task<void> answer_models(Admitted person) {
  Exchange& x = person.exchange();
  x.asked.endpoint = Endpoint::kModels;
  Step step = co_await record_answer(x, 200);
  if (step != Step::kOn) {
    co_await turn_away(x, step);
    co_return;
  }
  http::AnswerHead head(200);
  head.add("date", x.worker.date()).add("content-type", "application/json");
  head.add("cache-control", "no-store").add("x-request-id", x.id);
  co_await answer_plain(x, std::move(head), x.routes->routes->models_answer);
}

Task<void> answer_messages(Admitted person) {
  person.exchange().asked.endpoint = Endpoint::kMessages;
  return answer_from_provider(person);
}

Task<void> answer_count_tokens(Admitted person) {
  person.exchange().asked.endpoint = Endpoint::kCountTokens;
  return answer_from_provider(person);
}

constexpr PublicRoute kRoutes[] = {
    {"POST", "/v1/messages", kPerson, answer_messages, "A message, whole or as a stream."},
    {"POST", "/v1/messages/count_tokens", kPerson, answer_count_tokens,
     "How many tokens a message would have."},
    {"GET", "/v1/models", kPerson, answer_models, "The models that are offered here."},
    {"GET", "/api/hello", kPublic, answer_hello, "What clients ask to see whether we are."},
    {"GET", "/healthz", kPublic, answer_live, "The process runs."},
    {"GET", "/readyz", kPublic, answer_ready, "A request would be let in now."},
};

// The path without the public prefix; probes answer with and without it.
std::string_view strip_prefix(std::string_view text, std::string_view prefix) {
  if (prefix.empty()) return text;
  if (!text.starts_with(prefix)) {
    return text == "/healthz" || text == "/readyz" ? text : std::string_view();
  }
  return text.substr(prefix.size());
}

// At the path that the configuration gives it.
constexpr PublicRoute kMetadata{"GET", "", kPublic, answer_metadata,
                                "Where to get a token for this gateway (RFC 9728)."};

// Nobody asked for anything that there is: no record of strangers' guesses.
const PublicRoute* nothing(Exchange& x, http::Refusal refusal) {
  x.refused = refused(std::move(refusal));
  x.refused->recorded = true;
  return nullptr;
}

}  // namespace

std::span<const PublicRoute> public_routes() {
  return kRoutes;
}

// Not drawn into the coroutine that calls it: what only refusals need would lie in its frame for as
// long as an answer streams.
[[gnu::noinline]] const PublicRoute* route_of(Exchange& x) {
  const auto& head = x.client.head();
  const auto& routes = *x.routes->routes;
  if (routes.metadata.answers(head.path) && kMetadata.takes(head.method)) return &kMetadata;
  const std::string_view path = strip_prefix(head.path, routes.path_prefix);
  auto found = http::find_route(public_routes(), head.method, path);
  if (!found.path_is_known) return nothing(x, refusal_of(Cause::kNotFound));
  if (found.route == nullptr) {
    auto refusal = refusal_of(Cause::kMethod);
    refusal.allow = std::move(found.allow);
    return nothing(x, std::move(refusal));
  }
  x.asked.target = head.target.substr(head.path.size() - path.size());
  return found.route;
}

http::WrittenRefusal refuse_head(WorkerState& worker, const Source& peer,
                                 std::optional<http::HeadFault> fault) {
  auto refusal = fault ? refusal_of(*fault) : refusal_of(Cause::kHeadSlow);
  worker.shared.side.note(peer.text, refusal.code);
  worker.counters.refused_stranger.add();
  return http::write_refusal(refusal, worker.make_request_id(), worker.date());
}

}  // namespace sallyport::gateway
