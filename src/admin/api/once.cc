#include "admin/api/once.h"

namespace sallyport::admin {

void Once::make_room(const std::string& caller) {
  auto now = clock_.wall();
  std::erase_if(entries_, [now](const auto& entry) {
    return entry.second.answer && entry.second.at + kKept < now;
  });
  auto first = entries_.lower_bound({caller, {}});
  auto oldest = entries_.end();
  std::size_t of_one = 0;
  for (auto it = first; it != entries_.end() && it->first.first == caller; ++it) {
    ++of_one;
    if (!it->second.answer) continue;
    if (oldest == entries_.end() || it->second.at < oldest->second.at) oldest = it;
  }
  if (of_one >= kMostOfOne && oldest != entries_.end()) entries_.erase(oldest);
}

Once::Look Once::begin(const std::string& caller, const std::string& key,
                       std::string_view request) {
  MutexLock lock(mutex_);
  const Sha256 hash = sha256(request);
  auto found = entries_.find({caller, key});
  if (found != entries_.end() && found->second.answer && found->second.at + kKept < clock_.wall()) {
    entries_.erase(found);
    found = entries_.end();
  }
  if (found != entries_.end()) {
    const Entry& entry = found->second;
    if (entry.request != hash) return {Seen::kOther, std::nullopt};
    if (!entry.answer) return {Seen::kRunning, std::nullopt};
    return {Seen::kDone, entry.answer};
  }
  make_room(caller);
  if (entries_.size() >= kMost) return {Seen::kFull, std::nullopt};
  entries_[{caller, key}] = {hash, clock_.wall(), std::nullopt};
  return {};
}

void Once::done(const std::string& caller, const std::string& key, ApiResult answer) {
  MutexLock lock(mutex_);
  auto found = entries_.find({caller, key});
  if (found == entries_.end()) return;
  if (answer && answer->body.size() > kMaxAnswer) answer->body = "{}\n";
  found->second.answer = std::move(answer);
  found->second.at = clock_.wall();
}

void Once::failed(const std::string& caller, const std::string& key) {
  MutexLock lock(mutex_);
  entries_.erase({caller, key});
}

}  // namespace sallyport::admin
