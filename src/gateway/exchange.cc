#include "gateway/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "gateway/exchange_state.h"
#include "gateway/heads.h"
#include "gateway/record_views.h"
#include "identity/presented_token.h"
#include "identity/token_verifier.h"

namespace sallyport::gateway {
namespace {

using http::name_is;

constexpr std::size_t kMaxBody = 32 << 20;

// ---- refusals ----------------------------------------------------------------------------------

// A refusal before anything went to a provider: into the chain for a known person, into the side
// journal for a stranger.
Task<void> refuse(ExchangeState& state, http::Refusal refusal, std::string_view claim = {},
                  std::string_view expected = {}, std::string_view got = {},
                  std::string_view next_step = {}, std::string_view revocation = {}) {
  auto& worker = state.worker;
  auto& instruments = worker.shared().instruments;
  worker.count().refused.fetch_add(1, std::memory_order_relaxed);
  if (state.person) {
    instruments.refused_known.add();
    RecordViews views(state);
    audit::Refused record{.id = state.id,
                          .time = state.received,
                          .person = views.person(),
                          .source = views.source(),
                          .client = views.program(),
                          .request = views.request(),
                          .status = refusal.status,
                          .reason = refusal.code,
                          .claim = claim,
                          .expected = expected,
                          .got = got,
                          .next_step = next_step,
                          .revocation = revocation};
    bool recorded = worker.chain().append_refused(record);
    if (!recorded) log::limited(log::Level::kError, "audit.refusal_lost", {{"id", state.id}});
  } else {
    instruments.refused_stranger.add();
    worker.shared().side.note(state.source.text, refusal.code);
  }
  log::limited(log::Level::kInfo, "request.refused",
               {{"id", state.id},
                {"source", state.source.text},
                {"reason", refusal.code},
                {"status", refusal.status},
                {"claim", claim},
                {"expected", expected},
                {"got", got},
                {"next_step", next_step}});
  bool sent = co_await answer_refusal(state, std::move(refusal));
  if (!sent) state.client.close_after_answer();
}

Task<void> refuse_token(ExchangeState& state, const identity::TokenRefusal& why) {
  state.person = why.person;
  co_await refuse(state, refusal_of(why.reason), why.claim, why.expected, why.got,
                  identity::facts(why.reason).next_step);
}

// The first request that a revocation refuses is an event of its own: with it the record tells from
// when on it held.
void record_first_refusal(ExchangeState& state, const identity::Revocation& revocation) {
  if (revocation.refused_one->exchange(true, std::memory_order_relaxed)) return;
  const audit::Detail details[] = {{"what", "first_refused"},
                                   {"id", revocation.id},
                                   {"request", state.id},
                                   {"person", state.person->key}};
  bool recorded = state.worker.chain().append_event(
      {"revocation", state.worker.shared().clock.wall(), details});
  if (!recorded) log::limited(log::Level::kError, "audit.refusal_lost", {{"id", state.id}});
}

Task<void> refuse_revoked(ExchangeState& state, const identity::RevocationPtr& revocation) {
  state.worker.shared().instruments.refused_revoked.add();
  record_first_refusal(state, *revocation);
  std::string expected;
  std::string got;
  if (revocation->heals()) {
    expected = fmt::format("a sign-in after {}", revocation->not_before);
    auto at = state.person->signed_in_at;
    got = at == 0 ? "no auth_time in the token" : fmt::format("{}", at);
  }
  std::string_view next_step =
      got.empty() ? "`sallyport revoke lift` ends it, if it was a mistake"
      : state.person->signed_in_at == 0
          ? "have the provider write auth_time, set heal_by: iat, or lift it"
          : "the person has to sign in again";
  co_await refuse(state, refusal_of_revoked(state, *revocation), text(revocation->kind), expected,
                  got, next_step, revocation->id);
}

// ---- the steps ---------------------------------------------------------------------------------

// The whole body, within the budget, and what the gateway acts upon in it. False: answered.
Task<bool> read_body(ExchangeState& state) {
  using Read = http::ServerConnection::BodyRead;
  const auto& head = state.client.head();
  bool encoded = std::ranges::any_of(head.fields, [](const http::Field& field) {
    return name_is(field.name, "content-encoding") && !name_is(field.value, "identity");
  });
  if (encoded) {
    co_await refuse(state, refusal_of(Cause::kContentEncoding));
    co_return false;
  }
  Read read = co_await state.client.read_body(kMaxBody, state.budget);
  bool admitted = co_await still_admitted(state);
  if (!admitted) co_return false;
  if (read == Read::kClientGone) {
    state.client.close_after_answer();
    co_return false;
  }
  if (read != Read::kDone) {
    http::Refusal refusal = read == Read::kTooLarge ? refusal_of(Cause::kBodyTooLarge)
                            : read == Read::kNoRoom ? refusal_of(Cause::kBusy)
                            : read == Read::kSlow   ? refusal_of(Cause::kBodySlow)
                                                    : refusal_of(state.client.fault());
    co_await refuse(state, std::move(refusal));
    co_return false;
  }
  std::string_view body = state.client.body();
  state.body_bytes = static_cast<std::int64_t>(body.size());
  auto facts = scan_body(body);
  if (!facts) {
    co_await refuse(state, refusal_of(facts.error().reason), "body", {},
                    fmt::format("at byte {}", facts.error().offset));
    co_return false;
  }
  state.facts = std::move(*facts);
  co_return true;
}

// May they, and where does it go? Every model that the body names must be one of ours.
// False: answered.
Task<bool> decide(ExchangeState& state) {
  const Routes& routes = *state.routes->routes;
  for (const auto& use : state.facts.models) {
    const ModelRoute* model = routes.find_model(use.name);
    if (model == nullptr) {
      auto refusal = refusal_of(Cause::kModelNotConfigured);
      refusal.message = fmt::format(
          "The model {} is not offered here. Choose one of the models of this gateway.", use.name);
      co_await refuse(state, std::move(refusal), "model", {}, use.name);
      co_return false;
    }
    state.used_models.push_back(model);
    if (use.top_level) state.model = model;
  }
  for (const ModelRoute* one : state.used_models) {
    for (const ModelRoute* other : state.used_models) {
      // The answer's model goes back by deployment: it has to be plain which id that is. And one
      // request goes to one provider.
      bool apart = one->upstream != other->upstream;
      bool twice = one != other && one->deployment == other->deployment;
      if (!apart && !twice) continue;
      auto refusal = refusal_of(apart ? Cause::kUpstreamsDiffer : Cause::kDeploymentTwice);
      co_await refuse(state, std::move(refusal), "model", one->id, other->id);
      co_return false;
    }
  }
  co_return true;
}

// What is not recorded is not sent. False: answered.
Task<bool> open_record(ExchangeState& state) {
  auto& worker = state.worker;
  RecordViews views(state);
  audit::Opened record{.id = state.id,
                       .time = state.received,
                       .person = views.person(),
                       .source = views.source(),
                       .client = views.program(),
                       .request = views.request(),
                       .policy = {},
                       .reason = "allowed",
                       .upstream = state.upstream().name(),
                       .deployment = state.model->deployment};
  if (!worker.chain().append_opened(record)) {
    co_await refuse(state, refusal_of(Cause::kRecordUnavailable));
    co_return false;
  }
  state.opened_sequence = worker.chain().appended_sequence();
  bool written = co_await worker.recorded(state.signal());
  if (written) {
    if (worker.shared().sync_each) worker.chain().request_sync();
    co_return true;
  }
  audit::Closed closed{.id = state.id,
                       .time = worker.shared().clock.wall(),
                       .opened_sequence = state.opened_sequence,
                       .status = 503,
                       .outcome = audit::Outcome::kRecordFailed,
                       .duration_us = state.elapsed_us()};
  worker.chain().append_closed(closed);
  worker.count().record_failed.fetch_add(1, std::memory_order_relaxed);
  worker.shared().instruments.record_failed.add();
  bool sent = co_await answer_refusal(state, refusal_of(Cause::kRecordUnavailable));
  if (!sent) state.client.close_after_answer();
  co_return false;
}

// Waits for the provider's credential, where there is none yet. False: answered.
Task<bool> need_credential(ExchangeState& state) {
  bool came = co_await wait_for_credential(state);
  bool admitted = co_await still_admitted(state);
  if (!admitted) co_return false;
  if (came) co_return true;
  co_await refuse(state, refusal_of(Cause::kNoCredential), "upstream", {}, state.upstream().name());
  co_return false;
}

void count_tokens(Instruments& instruments, const usage::Usage& usage) {
  instruments.input_tokens.add(usage.input);
  instruments.output_tokens.add(usage.output);
  instruments.cache_read_tokens.add(usage.cache_read);
  instruments.cache_write_tokens.add(usage.cache_write_5m + usage.cache_write_1h);
}

void close_record(ExchangeState& state, const Ending& ending) {
  auto& worker = state.worker;
  auto& instruments = worker.shared().instruments;
  usage::Usage usage = state.meter.finish(ending.outcome == audit::Outcome::kComplete);
  bool has_usage = ending.metered && state.endpoint == Endpoint::kMessages;
  audit::Outcome outcome = ending.outcome;
  // The transport ended well, the answer did not: an `error` event, no message_stop.
  if (outcome == audit::Outcome::kComplete && has_usage && !usage.complete) {
    outcome = audit::Outcome::kUpstreamError;
  }
  audit::Usage counted{.input = static_cast<std::int64_t>(usage.input),
                       .output = static_cast<std::int64_t>(usage.output),
                       .cache_write_5m = static_cast<std::int64_t>(usage.cache_write_5m),
                       .cache_write_1h = static_cast<std::int64_t>(usage.cache_write_1h),
                       .cache_read = static_cast<std::int64_t>(usage.cache_read),
                       .thinking = static_cast<std::int64_t>(usage.thinking),
                       .web_searches = static_cast<std::int64_t>(usage.web_searches),
                       .exact = !usage.estimated,
                       .malformed = usage.malformed};
  // The meter reads escapes: what it found is looked at once more before it stands in the record.
  auto shown = [&](std::string_view text) -> std::string_view {
    return reveals_credential(state, text) ? "withheld" : text;
  };
  std::string_view error =
      ending.error_type.empty() ? shown(usage.error_type) : std::string_view(ending.error_type);
  audit::Closed record{.id = state.id,
                       .time = worker.shared().clock.wall(),
                       .opened_sequence = state.opened_sequence,
                       .status = ending.status,
                       .outcome = outcome,
                       .attempts = state.attempts,
                       .provider_request_id = state.provider_request_id,
                       .apim_request_id = state.apim_request_id,
                       .stop_reason = shown(usage.stop_reason),
                       .error_type = error,
                       .revocation = outcome == audit::Outcome::kCutByRevocation
                                         ? std::string_view(state.revocation()->id)
                                         : std::string_view(),
                       .first_byte_us = state.first_byte_us,
                       .duration_us = state.elapsed_us(),
                       .bytes = state.bytes_to_client,
                       .usage = has_usage ? &counted : nullptr};
  worker.chain().append_closed(record);
  instruments.of(outcome).add();
  if (has_usage) count_tokens(instruments, usage);
  if (state.first_byte_us >= 0) {
    instruments.first_byte.observe(static_cast<double>(state.first_byte_us) / 1e6);
  }
  instruments.duration.observe(static_cast<double>(record.duration_us) / 1e6);
  auto& counts = worker.count();
  auto& counted_as = outcome == audit::Outcome::kComplete          ? counts.complete
                     : outcome == audit::Outcome::kAbortedByClient ? counts.aborted
                     : outcome == audit::Outcome::kCutByRevocation ? counts.cut
                     : outcome == audit::Outcome::kRecordFailed    ? counts.record_failed
                                                                   : counts.upstream_error;
  counted_as.fetch_add(1, std::memory_order_relaxed);
}

// Revoked? Asked on every request, whatever the cache knows. Who is let in can be found by a
// revocation that comes later. False: answered.
Task<bool> admit(ExchangeState& state, WallTime now) {
  auto& admissions = state.worker.admissions();
  auto revocation = admissions.find(*state.person, now);
  if (!revocation) {
    admissions.enter(state.running, state.person, state.id, now);
    co_return true;
  }
  co_await refuse_revoked(state, revocation);
  co_return false;
}

void remember(ExchangeState& state, const identity::Principal& person, WallTime now) {
  using audit::Sighting;
  unsigned marks = Sighting::kSeen;
  if (!person.session_id.empty()) marks |= Sighting::kSession;
  if (person.auth_time != 0) marks |= Sighting::kAuthTime;
  if (!person.groups.empty()) marks |= Sighting::kGroups;
  state.worker.shared().names.remember(person.key, {person.name, person.mail, marks}, now);
}

}  // namespace

http::Refusal refusal_of_revoked(const ExchangeState& state,
                                 const identity::Revocation& revocation) {
  auto refusal = refusal_of(revocation);
  if (!state.person->claims_challenge) return refusal;
  for (const auto& issuer : state.worker.identity()->issuers) {
    if (issuer.settings.name != state.person->issuer) continue;
    auto not_before = revocation.heals() ? revocation.not_before + 1 : unix_seconds(revocation.at);
    refusal.more_fields =
        claims_challenge(issuer.settings.issuer, state.person->tenant, not_before);
  }
  return refusal;
}

Task<bool> still_admitted(ExchangeState& state) {
  if (!state.revocation()) co_return true;
  state.signal().clear(kCut);  // so that the answer is not taken for cut itself
  co_await refuse_revoked(state, state.revocation());
  state.client.close_after_answer();
  co_return false;
}

Task<bool> authenticate(ExchangeState& state) {
  auto& worker = state.worker;
  const auto& head = state.client.head();
  state.identity = worker.identity();  // what counts as a credential stays so over a reload
  auto token = identity::find_presented_token(head.fields, state.identity->extra_headers);
  if (token && head.target.contains(*token)) {  // the provider would get it with the query
    token = std::unexpected(identity::Reason::kAmbiguousCredentials);
  }
  if (!token) {
    identity::TokenRefusal why{.reason = token.error()};
    co_await refuse_token(state, why);
    co_return false;
  }
  state.token = *token;
  auto& instruments = worker.shared().instruments;
  const WallTime now = state.received;
  auto seen = worker.tokens().lookup(*token, *worker.identity(), now);
  state.person = std::move(seen.person);
  if (state.person) {
    instruments.cache_hits.add();
    bool admitted = co_await admit(state, now);
    co_return admitted;
  }
  auto& failures = worker.shared().failures;
  if (!seen.passed_before && failures.blocked(state.source.address, worker.loop().now())) {
    instruments.damped.add();
    identity::TokenRefusal why{.reason = identity::Reason::kTooManyFailures};
    co_await refuse_token(state, why);
    co_return false;
  }
  instruments.cache_misses.add();
  auto verified = identity::verify(*worker.identity(), *token, now);
  if (!verified && verified.error().reason == identity::Reason::kUnknownKey) {
    std::string issuer = verified.error().issuer;
    std::string key_id = verified.error().key_id;
    bool fetched = co_await worker.keys_fetched(state.signal(), issuer, key_id);
    if (fetched) verified = identity::verify(*worker.identity(), *token, now);
  }
  if (!verified) {
    // A fault of the person's rights or of our keys is no sign of an attack; a bad token is.
    if (identity::facts(verified.error().reason).status == 401) {
      failures.failed(state.source.address, worker.loop().now());
    }
    co_await refuse_token(state, verified.error());
    co_return false;
  }
  auto person = std::make_shared<const identity::Principal>(std::move(*verified));
  worker.tokens().insert(*token, person, *worker.identity());
  remember(state, *person, now);
  state.person = std::move(person);
  bool admitted = co_await admit(state, now);
  co_return admitted;
}

Task<bool> answer_refusal(ExchangeState& state, http::Refusal refusal) {
  if (!state.client.can_drain()) state.client.close_after_answer();
  std::string answer = http::write_refusal(refusal, state.id, state.worker.date(),
                                           state.client.keep_alive(), state.to_head);
  state.note_first_byte();
  bool sent = co_await state.client.send(answer);
  if (!sent) co_return false;
  state.bytes_to_client += static_cast<std::int64_t>(answer.size());
  bool drained = co_await state.client.drain();
  if (!drained) state.client.close_after_answer();
  co_return true;
}

Task<void> answer_from_provider(ExchangeState& state) {
  bool go_on = co_await authenticate(state);
  if (go_on) go_on = co_await read_body(state);
  if (go_on) go_on = co_await decide(state);
  if (go_on) state.credential = state.worker.credential_of(state.upstream());
  if (go_on && !state.credential) go_on = co_await need_credential(state);
  if (go_on) go_on = co_await open_record(state);
  if (!go_on) co_return;
  state.worker.count().exchanges.fetch_add(1, std::memory_order_relaxed);
  state.worker.shared().instruments.exchanges.add(1);
  Ending ending{0, audit::Outcome::kUpstreamError, "gateway.failed", false};
  try {
    ending = co_await relay(state);
  } catch (const std::exception& error) {  // memory, say: the record gets its end all the same
    log::limited(log::Level::kError, "exchange.failed",
                 {{"id", state.id}, {"reason", error.what()}});
    state.worker.scratch().clear();
    state.client.close_after_answer();
  }
  state.worker.count().exchanges.fetch_sub(1, std::memory_order_relaxed);
  state.worker.shared().instruments.exchanges.add(-1);
  close_record(state, ending);
}

}  // namespace sallyport::gateway
