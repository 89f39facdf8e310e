// May they? A pure function of who asks, what is asked, and the snapshot: no clock, no network, no
// state; the criteria in their table, one after the other, until one refuses.
//
//   Decision decision = decide(person, facts, snapshot);
//   if (!decision.allowed()) refuse(*decision.refused_by, decision.finding);
//   record(decision.policy, decision.reason());
#pragma once

#include <string_view>

#include "base/few.h"
#include "policy/criterion.h"

namespace sallyport::policy {

struct Decision {
  /// The row that refused; null: allowed.
  const Criterion* refused_by = nullptr;
  Finding finding;            ///< why, where it refused
  std::string_view policy{};  ///< that let it in; empty while there are none
  /// Those that the body names, in its order; into the snapshot. All are there once it is allowed.
  Few<const Model*, 2> models;

  [[nodiscard]] bool allowed() const { return refused_by == nullptr; }
  /// Stable code, for the record.
  [[nodiscard]] std::string_view reason() const {
    return allowed() ? "allowed" : refused_by->reason;
  }
};

[[nodiscard]] Decision decide(const identity::Principal& person, const RequestFacts& facts,
                              const Snapshot& snapshot);

}  // namespace sallyport::policy
