#include "identity/revocation_watcher.h"

#include <algorithm>

namespace sallyport::identity {

std::chrono::microseconds lag(const WatcherHealth& health, WallTime now) {
  return std::max(std::chrono::microseconds(0), now - health.heard_up_to);
}

bool admits(OutageRule rule, std::chrono::seconds staleness, const WatcherHealth& health,
            WallTime now) {
  bool fresh = lag(health, now) <= staleness;
  return rule == OutageRule::kFailOpen ? fresh : fresh && health.connected;
}

}  // namespace sallyport::identity
