// The sendings of one exchange: to the plan's candidates, each noted for the record, until one
// answers. There is one candidate now, tried again at most once: on a new connection where a kept
// one closed before any byte of an answer, or with a newer credential where the provider refused a
// token.
#pragma once

#include "base/task.h"
#include "gateway/exchange.h"
#include "gateway/provider_call.h"

namespace sallyport::gateway {

/// kBytes or kEnd: the answer's head is there. Anything else: there is no answer to pass.
[[nodiscard]] Task<Got> attempt_plan(Exchange& x, ProviderCall& call);

/// Stable text codes for the record and the log; empty for kBytes and kEnd.
[[nodiscard]] std::string_view code_of(Got got);

}  // namespace sallyport::gateway
