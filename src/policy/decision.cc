#include "policy/decision.h"

#include <utility>

namespace sallyport::policy {

Decision decide(const identity::Principal& person, const RequestFacts& facts,
                const Snapshot& snapshot) {
  Decision decision;
  for (const auto& use : facts.body.models) decision.models.push_back(snapshot.find(use.name));
  const Question question{person, facts, snapshot, decision.models};
  for (const auto& criterion : criteria()) {
    auto finding = criterion.ask(question);
    if (!finding) continue;
    decision.refused_by = &criterion;
    decision.finding = std::move(*finding);
    break;
  }
  return decision;
}

}  // namespace sallyport::policy
