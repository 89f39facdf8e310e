#include "policy/criterion.h"

namespace sallyport::policy {

// One file each, in criteria/.
std::optional<Finding> models_are_configured(const Question& question);
std::optional<Finding> models_have_one_provider(const Question& question);
std::optional<Finding> deployments_have_one_id(const Question& question);

namespace {

constexpr Criterion kCriteria[] = {
    {"model.not_configured", 400,
     "This model is not offered here. Choose one of the models of this gateway.",
     models_are_configured},
    {"model.upstreams_differ", 400,
     "The models of this request are served by different providers. Name models of one provider.",
     models_have_one_provider},
    {"model.deployment_twice", 400,
     "Two models of this request are served by the same deployment. Name only one of them.",
     deployments_have_one_id},
};

}  // namespace

std::span<const Criterion> criteria() {
  return kCriteria;
}

}  // namespace sallyport::policy
