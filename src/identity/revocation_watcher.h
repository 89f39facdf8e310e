// What a watcher is: somebody who hears of lost access elsewhere (Shared Signals, Microsoft Graph)
// and revokes it here. Watchers hand what they hear to RevocationRegister::revoke() with their name
// as `source` and kWatcherHoldOff; this is what the gateway wants to know of them, and the rule for
// the time when they hear nothing. There is no watcher in this version.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"

namespace sallyport::identity {

/// What is to happen to new requests while a watcher is cut off from its source.
enum class OutageRule {
  kFailOpen,   ///< they pass until the watcher's lag is beyond its staleness limit
  kFailClosed  ///< they are refused as soon as the watcher is unhealthy
};

struct WatcherHealth {
  bool connected = false;  ///< the last attempt to hear from the source succeeded
  WallTime heard_up_to{};  ///< everything that the source said up to here has been applied
  std::string problem;     ///< why the last attempt failed; empty if it did not
};

/// How far behind its source it is; never negative.
[[nodiscard]] std::chrono::microseconds lag(const WatcherHealth& health, WallTime now);

/// Whether requests of the issuer that it watches may still be admitted.
[[nodiscard]] bool admits(OutageRule rule, std::chrono::seconds staleness,
                          const WatcherHealth& health, WallTime now);

class RevocationWatcher {
 public:
  virtual ~RevocationWatcher() = default;
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// Any thread.
  [[nodiscard]] virtual WatcherHealth health() const = 0;
};

}  // namespace sallyport::identity
