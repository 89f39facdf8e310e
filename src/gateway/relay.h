// The provider's side of an exchange whose record is open: request out, answer back with the few
// edits of ARCHITECTURE.md. Where there is no answer to pass on, x.refused says what the client is
// told instead; nobody is answered with it here.
#pragma once

#include "base/task.h"
#include "gateway/exchange.h"
#include "gateway/provider_call.h"

namespace sallyport::gateway {

[[nodiscard]] Task<Ending> relay(Exchange& x);

// Two ways to pass an answer whose head is there.
/// A stream of that format, as it comes, with pings and an `error` event where it dies. stream_relay.cc.
[[nodiscard]] Task<Ending> relay_stream(Exchange& x, ProviderCall& call,
                                        upstream::StreamFormat format);
/// Any other answer, gathered first. whole_relay.cc.
[[nodiscard]] Task<Ending> relay_whole(Exchange& x, ProviderCall& call);

// What both need.
/// No answer to pass: why, for the record, the log and (but where nobody is there) the client.
[[nodiscard]] Ending no_answer(Exchange& x, ProviderCall& call, Got got);
/// The same with a refusal that is known.
[[nodiscard]] Ending refuse_answer(Exchange& x, http::Refusal refusal, audit::Outcome outcome);
/// The provider repeats its credential: a line for the operator, and the connection goes.
void note_repeated_credential(const Exchange& x, ProviderCall& call);

}  // namespace sallyport::gateway
