// Every model that the body names is one of ours, wherever it stands.
#include <fmt/format.h>

#include "policy/criterion.h"

namespace sallyport::policy {

std::optional<Finding> models_are_configured(const Question& question) {
  for (std::size_t i = 0; i < question.models.size(); ++i) {
    if (question.models[i] != nullptr) continue;
    const std::string& name = question.facts.body.models[i].name;
    return Finding{
        .claim = "model",
        .expected = {},
        .got = name,
        .sentence = fmt::format(
            "The model {} is not offered here. Choose one of the models of this gateway.", name)};
  }
  return std::nullopt;
}

}  // namespace sallyport::policy
