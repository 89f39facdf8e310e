// The whole body of a request, within the byte budget, and what the gateway acts upon in it.
#pragma once

#include "base/task.h"
#include "gateway/exchange.h"

namespace sallyport::gateway {

inline constexpr std::size_t kMaxBody = 32 << 20;

/// kOn: x.client.body() is there and x.asked.facts.body says what it asks for.
[[nodiscard]] Task<Step> read_body(Exchange& x);

}  // namespace sallyport::gateway
