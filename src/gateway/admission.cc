#include "gateway/admission.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/errand.h"
#include "base/log.h"
#include "gateway/record_views.h"
#include "identity/presented_token.h"
#include "identity/token_verifier.h"

namespace sallyport::gateway {
namespace {

constexpr std::chrono::seconds kKeyWait{2};

RefusedPtr refused_token(identity::TokenRefusal why) {
  auto refused = gateway::refused(refusal_of(why.reason));
  refused->claim = std::move(why.claim);
  refused->expected = std::move(why.expected);
  refused->got = std::move(why.got);
  refused->next_step = identity::facts(why.reason).next_step;
  return refused;
}

Step refuse_token(Exchange& x, identity::TokenRefusal why) {
  x.caller.person = why.person;
  return x.refuse(refused_token(std::move(why)));
}

// The first request that a revocation refuses is an event of its own: with it the record tells from
// when on it held.
void record_first_refusal(Exchange& x, const identity::Revocation& revocation) {
  if (revocation.refused_one->exchange(true, std::memory_order_relaxed)) return;
  const audit::Detail details[] = {{"what", "first_refused"},
                                   {"id", revocation.id},
                                   {"request", x.id},
                                   {"person", x.caller.person->key}};
  bool recorded =
      x.worker.record.chain().append_event({"revocation", x.worker.shared.clock.wall(), details});
  if (!recorded) log::limited(log::Level::kError, "audit.refusal_lost", {{"id", x.id}});
}

Step refuse_revoked(Exchange& x, const identity::Revocation& revocation) {
  x.worker.counters.refused_revoked.add();
  record_first_refusal(x, revocation);
  auto refused = gateway::refused(refusal_of_revoked(x, revocation));
  refused->claim = text(revocation.kind);
  refused->revocation = revocation.id;
  refused->next_step = "`sallyport revoke lift` ends it, if it was a mistake";
  if (revocation.heals()) {
    const auto at = x.caller.person->signed_in_at;
    refused->expected = fmt::format("a sign-in after {}", revocation.not_before);
    refused->got = at == 0 ? "no auth_time in the token" : fmt::format("{}", at);
    refused->next_step = at == 0 ? "have the provider write auth_time, set heal_by: iat, or lift it"
                                 : "the person has to sign in again";
  }
  return x.refuse(std::move(refused));
}

void remember(Exchange& x, const identity::PrincipalDraft& person) {
  using audit::Sighting;
  unsigned marks = Sighting::kSeen;
  if (!person.session_id.empty()) marks |= Sighting::kSession;
  if (person.auth_time != 0) marks |= Sighting::kAuthTime;
  if (!person.groups.empty()) marks |= Sighting::kGroups;
  x.worker.shared.names.remember(person.key, {person.name, person.mail, marks}, x.received);
}

// Waits a little for a fetch of the issuer's keys; false: none runs or may start, or the client or
// the exchange did not wait for it. Each is woken for its own key alone.
Task<bool> keys_fetched(Exchange& x, const identity::TokenRefusal& unknown) {
  Signal& signal = x.signal();
  Errand errand(x.worker.loop, signal, kKeysFetched);
  if (!x.worker.shared.fetch_keys(unknown.issuer, unknown.key_id, errand.done())) co_return false;
  Deadline limit(x.worker.loop, signal, kLimit);
  limit.set(x.worker.loop.now() + kKeyWait);
  std::ignore = co_await signal.wait(kKeysFetched | kLimit | http::kPeerGone | kCut);
  co_return errand.is_done();
}

// The signature and all that follows it. kOn: the person is there, and remembered.
Task<Step> verify_anew(Exchange& x) {
  auto& worker = x.worker;
  worker.counters.cache_misses.add();
  auto verified = identity::verify(*worker.newest.identity, x.caller.token, x.received);
  if (!verified && verified.error().reason == identity::Reason::kUnknownKey) {
    bool fetched = co_await keys_fetched(x, verified.error());
    if (fetched) verified = identity::verify(*worker.newest.identity, x.caller.token, x.received);
  }
  if (!verified) {
    // A fault of the person's rights or of our keys is no sign of an attack; a bad token is.
    if (identity::facts(verified.error().reason).status == 401) {
      worker.shared.failures.failed(x.source.address, worker.loop.now());
    }
    co_return refuse_token(x, std::move(verified.error()));
  }
  const auto& snapshot = *worker.newest.identity;
  x.caller.person = identity::keep(*verified, recorded_person(*verified, snapshot));
  worker.tokens->insert(x.caller.token, x.caller.person, snapshot);
  remember(x, *verified);
  co_return Step::kOn;
}

}  // namespace

http::Refusal refusal_of_revoked(const Exchange& x, const identity::Revocation& revocation) {
  auto refusal = refusal_of(revocation);
  if (!x.caller.person->claims_challenge) return refusal;
  for (const auto& issuer : x.worker.newest.identity->issuers) {
    if (issuer.settings.name != x.caller.person->issuer) continue;
    auto not_before = revocation.heals() ? revocation.not_before + 1 : unix_seconds(revocation.at);
    refusal.more_fields =
        claims_challenge(issuer.settings.issuer, x.caller.person->tenant, not_before);
  }
  return refusal;
}

Task<Step> authenticate(Exchange& x) {
  auto& worker = x.worker;
  const auto& head = x.client.head();
  x.caller.identity = worker.newest.identity;  // what counts as a credential stays so over a reload
  auto token = identity::find_presented_token(head.fields, x.caller.identity->extra_headers);
  if (token && head.target.contains(*token)) {  // the provider would get it with the query
    token = std::unexpected(identity::Reason::kAmbiguousCredentials);
  }
  if (!token) co_return refuse_token(x, {.reason = token.error()});
  x.caller.token = *token;
  auto seen = worker.tokens->lookup(*token, *worker.newest.identity, x.received);
  if (seen.person) {
    worker.counters.cache_hits.add();
    x.caller.person = std::move(seen.person);
    co_return Step::kOn;
  }
  bool damped =
      !seen.passed_before && worker.shared.failures.blocked(x.source.address, worker.loop.now());
  if (damped) {
    worker.counters.damped.add();
    co_return refuse_token(x, {.reason = identity::Reason::kTooManyFailures});
  }
  Step step = co_await verify_anew(x);
  co_return step;
}

std::expected<Admitted, Step> admit(Exchange& x) {
  SALLYPORT_CHECK(x.caller.person != nullptr);
  auto& admissions = x.worker.admissions;
  auto revocation = admissions.find(*x.caller.person, x.received);
  if (revocation) return std::unexpected(refuse_revoked(x, *revocation));
  admissions.enter(x.running, x.caller.person, x.id, x.received);
  return Admitted(x);
}

Step still_admitted(Exchange& x) {
  if (!x.revocation()) return Step::kOn;
  x.signal().clear(kCut);  // so that the answer is not taken for cut itself
  x.client.close_after_answer();
  return refuse_revoked(x, *x.revocation());
}

}  // namespace sallyport::gateway
