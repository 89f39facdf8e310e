#include "gateway/decision.h"

namespace sallyport::gateway {
namespace {

RefusedPtr refused_by(policy::Decision decision) {
  auto& finding = decision.finding;
  auto refused = gateway::refused(refusal_of(*decision.refused_by));
  if (!finding.sentence.empty()) refused->answer.message = std::move(finding.sentence);
  refused->claim = finding.claim;
  refused->expected = std::move(finding.expected);
  refused->got = std::move(finding.got);
  return refused;
}

// One candidate, where the top-level model is.
upstream::RoutePlan plan_of(const policy::Decision& decision, const policy::BodyFacts& body,
                            const Routes& routes) {
  upstream::RoutePlan plan;
  auto& to = plan.candidates.emplace_back();
  const policy::Model* top = nullptr;
  for (std::size_t i = 0; i < decision.models.size(); ++i) {
    const policy::Model& model = *decision.models[i];
    if (body.models[i].top_level) top = &model;
    const ModelRoute& route = routes.models[routes.policy.place_of(model)];
    to.models.push_back({model.id, model.deployment, route.deployment_json});
  }
  SALLYPORT_CHECK(top != nullptr);  // a body without one is no body for us
  to.upstream = routes.upstreams[top->upstream].get();
  to.place = top->upstream;
  to.deployment = top->deployment;
  return plan;
}

}  // namespace

std::expected<Decided, RefusedPtr> decide(const identity::Principal& person,
                                          const policy::RequestFacts& facts, const Routes& routes) {
  auto decision = policy::decide(person, facts, routes.policy);
  if (!decision.allowed()) return std::unexpected(refused_by(std::move(decision)));
  return Decided{{.policy = decision.policy, .reason = decision.reason()},
                 plan_of(decision, facts.body, routes)};
}

Step decide(Exchange& x) {
  auto decided = decide(*x.caller.person, x.asked.facts, *x.routes->routes);
  if (!decided) return x.refuse(std::move(decided.error()));
  x.let_in_by = decided->why;
  x.plan = std::move(decided->plan);
  return Step::kOn;
}

}  // namespace sallyport::gateway
