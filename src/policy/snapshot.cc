#include "policy/snapshot.h"

#include <utility>

namespace sallyport::policy {

void Snapshot::add(Model model) {
  by_id_.emplace(model.id, models_.size());
  models_.push_back(std::move(model));
}

const Model* Snapshot::find(std::string_view id) const {
  auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &models_[found->second];
}

std::size_t Snapshot::place_of(const Model& model) const {
  return static_cast<std::size_t>(&model - models_.data());
}

}  // namespace sallyport::policy
