#include "gateway/decision.h"

#include <fmt/format.h>

namespace sallyport::gateway {
namespace {

RefusedPtr refuse_model(http::Refusal answer, std::string_view expected, std::string_view got) {
  auto refused = gateway::refused(std::move(answer));
  refused->claim = "model";
  refused->expected = expected;
  refused->got = got;
  return refused;
}

RefusedPtr refuse_unknown(std::string_view name) {
  auto answer = refusal_of(Cause::kModelNotConfigured);
  answer.message = fmt::format(
      "The model {} is not offered here. Choose one of the models of this gateway.", name);
  return refuse_model(std::move(answer), {}, name);
}

// The answer's model goes back by deployment: it has to be plain which id that is. And one request
// goes to one provider.
RefusedPtr refuse_pair(const ModelRoute& one, const ModelRoute& other) {
  if (one.upstream != other.upstream) {
    return refuse_model(refusal_of(Cause::kUpstreamsDiffer), one.id, other.id);
  }
  if (&one != &other && one.deployment == other.deployment) {
    return refuse_model(refusal_of(Cause::kDeploymentTwice), one.id, other.id);
  }
  return nullptr;
}

}  // namespace

std::expected<upstream::RoutePlan, RefusedPtr> decide(const identity::Principal& /*person*/,
                                                      const policy::RequestFacts& facts,
                                                      const Routes& routes) {
  Few<const ModelRoute*, 2> used;
  const ModelRoute* top = nullptr;
  for (const auto& use : facts.models) {
    const ModelRoute* model = routes.find_model(use.name);
    if (model == nullptr) return std::unexpected(refuse_unknown(use.name));
    used.push_back(model);
    if (use.top_level) top = model;
  }
  for (const ModelRoute* one : used) {
    for (const ModelRoute* other : used) {
      auto refused = refuse_pair(*one, *other);
      if (refused) return std::unexpected(std::move(refused));
    }
  }
  SALLYPORT_CHECK(top != nullptr);  // a body without one is no body for us
  upstream::RoutePlan plan;
  auto& to = plan.candidates.emplace_back();
  to.upstream = routes.upstreams[top->upstream].get();
  to.place = top->upstream;
  to.deployment = top->deployment;
  for (const ModelRoute* model : used) {
    to.models.push_back({model->id, model->deployment, model->deployment_json});
  }
  return plan;
}

Step decide(Exchange& x) {
  auto plan = decide(*x.caller.person, x.asked.facts, *x.routes->routes);
  if (!plan) return x.refuse(std::move(plan.error()));
  x.plan = std::move(*plan);
  return Step::kOn;
}

}  // namespace sallyport::gateway
