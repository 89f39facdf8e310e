#include "identity/key_ring.h"

#include <algorithm>

namespace sallyport::identity {
namespace {

// Equal for the verifier: the same material, and each `alg` allowed alike.
bool same(const VerificationKey& a, const VerificationKey& b) {
  if (a.thumbprint() != b.thumbprint()) return false;
  for (std::size_t i = 0; i < kAlgorithmCount; ++i) {
    auto algorithm = static_cast<Algorithm>(i);
    if (a.allows(algorithm) != b.allows(algorithm)) return false;
  }
  return true;
}

}  // namespace

KeyRing::Change KeyRing::merge(const KeySet& fetched, Withdrawal withdrawal) {
  const int fetches_to_drop = withdrawal == Withdrawal::kAtOnce ? 1 : 2;
  Change change;
  std::vector<Held> next;
  for (auto& held : held_) {
    const std::string& key_id = held.key->key_id();
    const VerificationKey* now = fetched.find(key_id);
    if (now == nullptr) {
      if (++held.fetches_without < fetches_to_drop) {
        next.push_back(held);
      } else {
        change.removed.push_back(key_id);
      }
    } else if (same(*held.key, *now)) {
      next.push_back({held.key});
    } else {
      change.removed.push_back(key_id);
    }
  }
  for (const auto& key : fetched.keys()) {
    bool there = std::ranges::any_of(
        next, [&](const Held& held) { return held.key->key_id() == key->key_id(); });
    if (there) continue;
    next.push_back({key});
    change.added.push_back(key->key_id());
  }
  held_ = std::move(next);
  if (change.any() || set_ == nullptr) {
    std::vector<KeyPtr> keys;
    keys.reserve(held_.size());
    for (const auto& held : held_) keys.push_back(held.key);
    set_ = std::make_shared<const KeySet>(std::move(keys), fetched.alarms());
  }
  return change;
}

bool KeyRing::withdrawal_pending() const {
  return std::ranges::any_of(held_, [](const Held& held) { return held.fetches_without > 0; });
}

void KeyRing::clear() {
  held_.clear();
  set_ = nullptr;
}

}  // namespace sallyport::identity
