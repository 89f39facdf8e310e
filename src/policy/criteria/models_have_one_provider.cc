// One request goes to one provider.
#include "policy/criterion.h"

namespace sallyport::policy {

std::optional<Finding> models_have_one_provider(const Question& question) {
  for (const Model* other : question.models) {
    const Model& one = *question.models.front();
    if (one.upstream == other->upstream) continue;
    return Finding{.claim = "model", .expected = one.id, .got = other->id};
  }
  return std::nullopt;
}

}  // namespace sallyport::policy
