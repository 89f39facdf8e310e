#include "identity/absent_keys.h"

#include <algorithm>

namespace sallyport::identity {

bool AbsentKeys::contains(std::string_view key_id, SteadyTime now) const {
  return std::ranges::any_of(
      entries_, [&](const Entry& entry) { return entry.key_id == key_id && now < entry.until; });
}

void AbsentKeys::add(std::string_view key_id, SteadyTime now,
                     std::chrono::milliseconds first_wait) {
  auto known = std::ranges::find(entries_, key_id, &Entry::key_id);
  if (known != entries_.end()) {
    if (now < known->until) return;
    known->wait = std::min<Duration>(known->wait * 2, std::chrono::hours(1));
    known->until = now + known->wait;
    return;
  }
  Entry entry{std::string(key_id), now + first_wait, first_wait};
  if (entries_.size() < kMost) {
    entries_.push_back(std::move(entry));
  } else {
    entries_[oldest_] = std::move(entry);
    oldest_ = (oldest_ + 1) % kMost;
  }
}

void AbsentKeys::clear() {
  entries_.clear();
  oldest_ = 0;
}

}  // namespace sallyport::identity
