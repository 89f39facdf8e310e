#include "admin/routes.h"

#include <memory>
#include <optional>
#include <tuple>

#include "admin/revocations.h"
#include "base/errand.h"
#include "http/bits.h"

namespace sallyport::admin {
namespace {

using http::kLocal;
using http::kPublic;

constexpr std::uint32_t kAnswered = http::kFirstOwn << 1;  // kFirstOwn: the server stops

using Ask = void (RevocationDesk::*)(const Question& question, const Reply& reply);

// Reads the question, hands it on and sleeps until the reply is there. When the peer leaves or the
// server stops, what was asked for is carried out all the same.
Task<void> ask(Call& call, Ask what) {
  using Read = http::ServerStream::BodyRead;
  http::BudgetShare share(call.bodies);
  Read read = co_await call.client.read_body(kMaxQuestion, share);
  if (read == Read::kTooLarge) {
    co_await send(call, {413, "text/plain", "The question is too long.\n"});
    co_return;
  }
  if (read != Read::kDone) {
    call.client.give_up();
    co_return;
  }
  auto replied = std::make_shared<std::optional<Answer>>();
  Errand errand(call.loop, call.client.signal(), kAnswered);
  Question question{std::string(call.client.body()), call.who};
  ((*call.services.revocations).*what)(question, [replied, done = errand.done()](Answer answer) {
    *replied = std::move(answer);  // before the loop is told, and never again
    done();
  });
  std::ignore = co_await call.client.signal().wait(kAnswered | http::kFirstOwn | http::kPeerGone);
  if (!errand.is_done()) {
    call.client.give_up();
    co_return;
  }
  co_await send(call, std::move(**replied));
}

Task<void> answer_metrics(Call& call) {
  return send(call, {200, "text/plain; version=0.0.4", call.services.metrics()});
}

Task<void> answer_live(Call& call) {
  return send(call, {200, "text/plain", "ok\n"});
}

Task<void> answer_status(Call& call) {
  return send(call, {200, "application/json", call.services.status() + "\n"});
}

Task<void> list_revocations(Call& call) {
  return send(call, call.services.revocations->list());
}

Task<void> revoke(Call& call) {
  return ask(call, &RevocationDesk::revoke);
}

Task<void> lift(Call& call) {
  return ask(call, &RevocationDesk::lift);
}

constexpr http::Route<Call> kSocket[] = {
    {"GET", "/metrics", kLocal, answer_metrics, "Prometheus text."},
    {"GET", "/healthz", kLocal, answer_live, "The process runs."},
    {"GET", "/status", kLocal, answer_status, "What the gateway knows of itself."},
    {"GET", "/revocations", kLocal, list_revocations, "The revocations in force."},
    {"POST", "/revocations", kLocal, revoke, "Takes access back."},
    {"POST", "/revocations/lift", kLocal, lift, "Ends a revocation."},
};

constexpr http::Route<Call> kPort[] = {
    {"GET", "/metrics", kPublic, answer_metrics, "Prometheus text."},
    {"GET", "/healthz", kPublic, answer_live, "The process runs."},
};

}  // namespace

std::span<const http::Route<Call>> socket_routes() {
  return kSocket;
}

std::span<const http::Route<Call>> port_routes() {
  return kPort;
}

Task<void> answer_by(std::span<const http::Route<Call>> table, Call& call) {
  const auto& head = call.client.head();
  auto found = http::find_route(table, head.method, head.path);
  if (found.route != nullptr) return found.route->answer(call);
  if (!found.path_is_known) return send(call, {404, "text/plain", "There is nothing here.\n"});
  return send(call, {405, "text/plain", "This method is not known here.\n"});
}

Task<void> send(Call& call, Answer answer) {
  http::AnswerHead head(answer.status);
  head.add("content-type", answer.type).add("cache-control", "no-store");
  head.add("x-content-type-options", "nosniff");
  const std::string_view body = answer.body;
  std::ignore = co_await call.client.send(head, {&body, 1});
}

}  // namespace sallyport::admin
