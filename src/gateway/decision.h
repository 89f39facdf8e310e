// May they (policy/decision.h), and where does it go? A pure function of who asks, what is asked, and
// the snapshot of the configuration: no clock, no network, no state of the exchange.
#pragma once

#include <expected>

#include "gateway/exchange.h"
#include "policy/decision.h"

namespace sallyport::gateway {

struct Decided {
  audit::Decision why;  ///< for the record; views of literals and into `routes`
  upstream::RoutePlan plan;
};

/// The plan, or why not. Every model that the body names must be one of ours; views in the plan are
/// into `routes`.
[[nodiscard]] std::expected<Decided, RefusedPtr> decide(const identity::Principal& person,
                                                        const policy::RequestFacts& facts,
                                                        const Routes& routes);

/// The step of an exchange.
[[nodiscard]] Step decide(Exchange& x);

}  // namespace sallyport::gateway
