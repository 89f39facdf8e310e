#include "admin/rate_share.h"

#include <algorithm>

namespace sallyport::admin {

bool RateShare::take(const std::string& caller, SteadyTime now) {
  auto found = full_at_.find(caller);
  if (found == full_at_.end()) {
    if (full_at_.size() >= bounds_.callers) {
      // Once in a tenth of a second at most: a look at all of them is no stranger's to order.
      if (now - swept_ < std::chrono::milliseconds(100)) return false;
      swept_ = now;
      std::erase_if(full_at_, [now](const auto& entry) { return entry.second <= now; });
      if (full_at_.size() >= bounds_.callers) return false;
    }
    found = full_at_.emplace(caller, now).first;
  }
  auto next = std::max(found->second, now) + one();
  if (next - now > one() * bounds_.at_once) return false;
  found->second = next;
  return true;
}

}  // namespace sallyport::admin
