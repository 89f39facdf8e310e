#include "gateway/relay.h"

#include "base/log.h"
#include "gateway/admission.h"
#include "gateway/attempts.h"
#include "gateway/provider_credential.h"

namespace sallyport::gateway {
namespace {

// Revoked before a byte of the answer went out: the same answer as at the door, and no provider.
Ending refuse_revoked(Exchange& x, ProviderCall& call) {
  call.drop();
  x.signal().clear(kCut);
  x.client.close_after_answer();
  return refuse_answer(x, refusal_of_revoked(x, *x.revocation()), audit::Outcome::kCutByRevocation);
}

// What the record wants of the provider's head, while that is in place.
void note_ids(Exchange& x, const http::ResponseHead& head) {
  const auto ids = x.to().upstream->kind().traits().ids;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    x.told.provider_ids[i] = http::find_field(head.fields, ids[i].field);
  }
}

upstream::StreamFormat format_of(const Exchange& x, const http::ResponseHead& head) {
  if (x.asked.endpoint != Endpoint::kMessages) return upstream::StreamFormat::kNone;
  auto type = http::find_field(head.fields, "content-type");
  return x.to().upstream->kind().stream_of(head.status, type);
}

// `audit.sync: each`: the opened line is on the disk before a byte of the answer leaves.
Task<bool> is_durable(Exchange& x) {
  if (!x.worker.shared.sync_each.load(std::memory_order_relaxed)) co_return true;
  bool synced = co_await x.worker.record.synced(x.signal(), x.opened_sequence);
  co_return synced;
}

// Not a coroutine, and not drawn into one: what only refusals need would lie in a frame for as long
// as an answer streams.
[[gnu::noinline]] Task<Ending> pass_answer(Exchange& x, ProviderCall& call) {
  const auto format = format_of(x, call.head());
  return format == upstream::StreamFormat::kNone ? relay_whole(x, call)
                                                 : relay_stream(x, call, format);
}

[[gnu::noinline]] Ending refuse_repeated(Exchange& x, ProviderCall& call) {
  note_repeated_credential(x, call);
  return refuse_answer(x, refusal_of(Cause::kProviderBroken), audit::Outcome::kUpstreamError);
}

}  // namespace

Ending refuse_answer(Exchange& x, http::Refusal refusal, audit::Outcome outcome) {
  Ending ending{refusal.status, outcome, refusal.code, false};
  std::ignore = x.refuse(std::move(refusal));
  return ending;
}

[[gnu::noinline]] Ending no_answer(Exchange& x, ProviderCall& call, Got got) {
  const std::string failure = call.failure();
  call.drop();
  if (x.revocation()) return refuse_revoked(x, call);
  if (got == Got::kClientGone || got == Got::kStopped) {  // nobody to answer
    x.client.give_up();
    auto outcome =
        got == Got::kClientGone ? audit::Outcome::kAbortedByClient : audit::Outcome::kUpstreamError;
    return {0, outcome, code_of(got), false};
  }
  log::limited(log::Level::kWarning, "upstream.failed",
               {{"id", x.id},
                {"upstream", x.to().upstream->name()},
                {"reason", code_of(got)},
                {"detail", failure}});
  Cause cause = got == Got::kNoWay    ? Cause::kProviderUnreachable
                : got == Got::kTimeUp ? Cause::kProviderTimeout
                : got == Got::kDied   ? Cause::kProviderDied
                                      : Cause::kProviderBroken;
  return refuse_answer(x, refusal_of(cause), audit::Outcome::kUpstreamError);
}

void note_repeated_credential(const Exchange& x, ProviderCall& call) {
  log::limited(log::Level::kError, "upstream.repeats_credential",
               {{"id", x.id}, {"upstream", x.to().upstream->name()}});
  call.drop();
}

Task<Ending> relay(Exchange& x) {
  ProviderCall call(x.worker.loop, x.client);
  if (x.revocation()) co_return refuse_revoked(x, call);  // while its record was written
  Got got = co_await attempt_plan(x, call);
  if (x.revocation() || (got != Got::kBytes && got != Got::kEnd)) {
    co_return no_answer(x, call, got);
  }
  x.budget.reset();
  x.client.release_request(false);
  // The provider's head must not bring our key to the client or into our log.
  const bool repeats = reveals_credential(x, call.head().text);
  if (!repeats) note_ids(x, call.head());  // whatever becomes of the answer
  bool durable = co_await is_durable(x);
  if (x.revocation()) co_return refuse_revoked(x, call);
  if (!durable) {
    call.drop();
    co_return refuse_answer(x, refusal_of(Cause::kRecordUnavailable),
                            audit::Outcome::kRecordFailed);
  }
  if (repeats) co_return refuse_repeated(x, call);
  Ending ending = co_await pass_answer(x, call);
  call.release();
  co_return ending;
}

}  // namespace sallyport::gateway
