#include "gateway/exchange.h"

#include "base/log.h"
#include "gateway/admission.h"
#include "gateway/attempts.h"
#include "gateway/decision.h"
#include "gateway/endpoints.h"
#include "gateway/exchange_record.h"
#include "gateway/product.h"
#include "gateway/provider_credential.h"
#include "gateway/relay.h"
#include "gateway/request_body.h"

namespace sallyport::gateway {
namespace {

// Everything else before the provider hears of it. Nothing is answered here.
Task<Step> let_through(Exchange& x) {
  Step step = co_await read_body(x);        // whole, scanned, never re-serialised
  if (step == Step::kOn) step = decide(x);  // policy: may they; upstream: where to
  if (step == Step::kOn) step = co_await take_credential(x);
  if (step == Step::kOn) step = co_await open_record(x);  // audit: not recorded, not sent
  co_return step;
}

// What a decision may depend on and the head says; the body's part comes with it.
void note_facts(Exchange& x) {
  x.asked.facts.source = x.source.address;
  x.asked.facts.client = client_of(x.client.head().fields);
  x.asked.facts.time = x.received;
}

// The provider's side: whatever happens there, the record gets its end.
Task<Ending> ask_provider(Exchange& x) {
  Ending ending{0, audit::Outcome::kUpstreamError, "gateway.failed", false};
  try {
    ending = co_await relay(x);
  } catch (const std::exception& error) {  // memory, say
    log::limited(log::Level::kError, "exchange.failed", {{"id", x.id}, {"reason", error.what()}});
    x.refused.reset();
    x.client.give_up();
  }
  co_return ending;
}

// Counts an exchange as running, however it ends.
struct Counted {
  explicit Counted(Counters& its_counters) : counters(its_counters) {
    counters.exchanges_opened.add();
  }
  ~Counted() { counters.exchanges_closed.add(); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  Counters& counters;
};

// The one place that answers a refusal.
Task<void> answer_refused(Exchange& x) {
  auto answer = http::write_refusal(x.refused->answer, x.id, x.worker.date());
  x.note_first_byte();
  const std::string_view body = answer.body;
  std::ignore = co_await x.client.send(answer.head, {&body, 1});
}

}  // namespace

Exchange::Exchange(WorkerState& its_worker, http::ServerStream& its_client, Source from)
    : worker(its_worker),
      client(its_client),
      source(std::move(from)),
      routes(its_worker.newest.routes),
      budget(its_worker.shared.bodies),
      id(its_worker.make_request_id()),
      received(its_worker.shared.clock.wall()),
      started(std::chrono::steady_clock::now()),
      running(its_client.signal(), kCut) {}

Exchange::~Exchange() {
  if (opened_sequence != 0) close_abandoned(*this);
}

std::int64_t Exchange::elapsed_us() const {
  auto elapsed = std::chrono::steady_clock::now() - started;
  return std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count();
}

void Exchange::note_first_byte() {
  if (told.first_byte_us < 0) told.first_byte_us = elapsed_us();
}

Task<void> answer_request(WorkerState& worker, http::ServerStream& client, const Source& peer) {
  const auto& trusted = worker.newest.routes->routes->trusted_proxies;
  Exchange x(worker, client, source_of_request(peer, client.head().fields, trusted));
  const PublicRoute* route = route_of(x);
  if (route == nullptr) {
    co_await turn_away(x, Step::kRefused);
    co_return;
  }
  if (route->guard != http::Guard::kPerson) {
    co_await route->answer(x);
    co_return;
  }
  note_facts(x);
  Step step = co_await authenticate(x);  // identity: token -> principal
  std::expected<Admitted, Step> person = std::unexpected(step);
  if (step == Step::kOn) person = admit(x);  // identity: revoked?
  if (!person) {
    co_await turn_away(x, person.error());
    co_return;
  }
  co_await route->answer_person(*person);
}

Task<void> answer_from_provider(Admitted person) {
  Exchange& x = person.exchange();
  Step step = co_await let_through(x);
  if (step != Step::kOn) {
    co_await turn_away(x, step);
    co_return;
  }
  Ending ending;
  {
    Counted counted(x.worker.counters);
    ending = co_await ask_provider(x);
    if (x.refused) co_await answer_refused(x);
  }
  close_record(x, ending);
}

Task<void> turn_away(Exchange& x, Step step) {
  if (step == Step::kGone) {
    x.client.give_up();
    co_return;
  }
  if (!x.refused->recorded) record_refusal(x, *x.refused);
  co_await answer_refused(x);
}

}  // namespace sallyport::gateway
