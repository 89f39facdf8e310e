// The model in an answer goes back by its deployment's name: it has to be plain which id that is.
#include "policy/criterion.h"

namespace sallyport::policy {

std::optional<Finding> deployments_have_one_id(const Question& question) {
  for (const Model* one : question.models) {
    for (const Model* other : question.models) {
      if (one == other || one->upstream != other->upstream) continue;
      if (one->deployment != other->deployment) continue;
      return Finding{.claim = "model", .expected = one->id, .got = other->id};
    }
  }
  return std::nullopt;
}

}  // namespace sallyport::policy
