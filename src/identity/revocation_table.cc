#include "identity/revocation_table.h"

namespace sallyport::identity {

void RevocationTable::apply(const RevocationChange& change) {
  if (change.what == RevocationChange::What::kRevoked) {
    add(change.revocation);
  } else {
    remove(change.revocation->id);
  }
}

void RevocationTable::add(RevocationPtr revocation) {
  auto [place, is_new] = by_id_.emplace(revocation->id, revocation);
  if (!is_new) return;
  auto& index = index_[static_cast<std::size_t>(revocation->kind)];
  std::string_view target = revocation->target;
  marks_.set(mark(revocation->kind, target));
  index.emplace(target, std::move(revocation));
}

void RevocationTable::remove(std::string_view id) {
  auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  RevocationPtr revocation = found->second;  // the keys are views into it
  by_id_.erase(found);
  if (by_id_.empty()) marks_.reset();
  auto& index = index_[static_cast<std::size_t>(revocation->kind)];
  auto [begin, end] = index.equal_range(revocation->target);
  for (auto place = begin; place != end; ++place) {
    if (place->second != revocation) continue;
    index.erase(place);
    return;
  }
}

std::size_t RevocationTable::mark(RevocationKind kind, std::string_view target) {
  auto salt = static_cast<std::size_t>(kind) * 0x9e3779b97f4a7c15;
  return (std::hash<std::string_view>{}(target) + salt) % kMarks;
}

const RevocationPtr* RevocationTable::find_in(RevocationKind kind, std::string_view target,
                                              const Principal& person, WallTime now) const {
  const Index& index = this->index(kind);
  if (index.empty() || target.empty() || !marks_.test(mark(kind, target))) return nullptr;
  auto [begin, end] = index.equal_range(target);
  for (auto place = begin; place != end; ++place) {
    if (concerns(*place->second, person, now)) return &place->second;
  }
  return nullptr;
}

std::vector<RevocationPtr> RevocationTable::replaced_by(const Revocation& later) const {
  std::vector<RevocationPtr> earlier;
  if (!later.heals()) return earlier;
  auto [begin, end] = index(later.kind).equal_range(later.target);
  for (auto place = begin; place != end && earlier.size() < kMostReplaced; ++place) {
    const Revocation& one = *place->second;
    if (one.issuer == later.issuer && one.not_before <= later.not_before) {
      earlier.push_back(place->second);
    }
  }
  return earlier;
}

RevocationPtr RevocationTable::find(const Principal& person, WallTime now) const {
  if (by_id_.empty()) return nullptr;
  const RevocationPtr* found = look(person, now);
  return found == nullptr ? nullptr : *found;
}

const RevocationPtr* RevocationTable::look(const Principal& person, WallTime now) const {
  using enum RevocationKind;
  if (auto* found = find_in(kUser, person.key, person, now)) return found;
  if (auto* found = find_in(kSignIns, person.key, person, now)) return found;
  if (auto* found = find_in(kSession, person.session_id, person, now)) return found;
  if (auto* found = find_in(kToken, person.token_id, person, now)) return found;
  if (auto* found = find_in(kClient, person.client, person, now)) return found;
  if (auto* found = look_at_groups(person, now)) return found;
  for (const auto& [target, revocation] : index(kAll)) {
    if (concerns(*revocation, person, now)) return &revocation;
  }
  return nullptr;
}

const RevocationPtr* RevocationTable::look_at_groups(const Principal& person, WallTime now) const {
  const Index& groups = index(RevocationKind::kGroup);
  if (groups.empty()) return nullptr;
  if (person.groups_overage) {
    for (const auto& [target, revocation] : groups) {
      if (concerns(*revocation, person, now)) return &revocation;
    }
    return nullptr;
  }
  for (const auto& group : person.groups) {
    if (auto* found = find_in(RevocationKind::kGroup, group, person, now)) return found;
  }
  return nullptr;
}

}  // namespace sallyport::identity
