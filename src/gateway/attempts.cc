#include "gateway/attempts.h"

#include "gateway/provider_credential.h"
#include "gateway/provider_request.h"

namespace sallyport::gateway {
namespace {

bool is_answer(Got got) {
  return got == Got::kBytes || got == Got::kEnd;
}

void note(Exchange& x, const upstream::Candidate& to, int status, Got got) {
  x.told.attempts.push_back({to.upstream->name(), to.deployment, status, code_of(got)});
}

// One sending, until the provider's head is there. `fresh`: on a new connection.
Task<Got> attempt(Exchange& x, ProviderCall& call, const upstream::Candidate& to, bool fresh) {
  Got got = co_await call.open(*x.routes->pools[to.place], fresh);
  if (got == Got::kNoWay) {
    x.worker.counters.upstream_connect_failures.add();
    note(x, to, 0, got);
  }
  if (got != Got::kBytes) co_return got;
  if (!call.reused()) x.worker.counters.upstream_connects.add();
  {
    ProviderRequest request(x, to);
    auto limit = x.asked.facts.body.stream ? x.limits().first_byte_stream : x.limits().first_byte;
    got = co_await call.send(request.pieces(), limit);
  }
  note(x, to, is_answer(got) ? call.head().status : 0, got);
  co_return got;
}

}  // namespace

std::string_view code_of(Got got) {
  switch (got) {
    case Got::kNoWay:
      return code(Cause::kProviderUnreachable);
    case Got::kDied:
      return code(Cause::kProviderDied);
    case Got::kTimeUp:
      return code(Cause::kProviderTimeout);
    case Got::kBroken:
    case Got::kTooLarge:
      return code(Cause::kProviderBroken);
    case Got::kClientGone:
      return "client.gone";
    case Got::kStopped:
      return code(Cause::kDraining);
    case Got::kPing:
    case Got::kBytes:
    case Got::kEnd:
      return {};
  }
  check_failed("an end of a step with a provider that has no code", __FILE__, __LINE__);
}

Task<Got> attempt_plan(Exchange& x, ProviderCall& call) {
  upstream::Candidate& to = x.to();
  Got got = co_await attempt(x, call, to, false);
  // A kept connection that the provider closed just as we used it: nothing of an answer came, so
  // the request is sent again, once, on a new one.
  const bool again = got == Got::kDied && call.may_send_again();
  if (again) got = co_await attempt(x, call, to, true);
  // A token that the provider does not take (any more): one more try with a newer one, if there is
  // such; else its answer stands. Not on a kept connection, which could die under it.
  const bool refused = is_answer(got) && call.head().status == 401;
  if (refused && !again && !to.upstream->fixed_credential()) {
    bool renewed = co_await renew_credential(x, to);
    if (renewed && !x.revocation()) got = co_await attempt(x, call, to, true);
  }
  co_return got;
}

}  // namespace sallyport::gateway
