// Reading the configuration again while the gateway runs: the file is checked whole, then taken
// over, or nothing changes and it is said why. One path and one mutex, whoever asks: SIGHUP or the
// administrator's API. Any thread but a worker's; waits for the disk.
//
//   auto done = reloading.run({.by = "SIGHUP"});
//   if (!done) say(done.error().error, done.error().findings);
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/service.h"
#include "base/mutex.h"
#include "config/effective.h"

namespace sallyport::app {

class Reloading {
 public:
  struct Wish {
    std::string by;        ///< for the record: a caller, or `SIGHUP`
    bool dry_run = false;  ///< all checks, and no change
    /// The sha256 of what is to run at that moment, else kChanged; empty: whatever does.
    std::string expected = {};
    /// Refuses what was found to be right in itself.
    std::function<std::optional<Error>(const config::Configuration& running,
                                       const config::Configuration& next)>
        guard = {};
  };
  static constexpr std::string_view kChanged = "api.changed";  ///< error: another was faster
  struct Done {
    std::string sha256_before;
    std::string sha256;
    std::vector<config::KeyChange> changed;
    config::Findings findings;  ///< warnings
  };
  struct Refused {
    Error error;                ///< the first of what is wrong
    config::Findings findings;  ///< all of it, where the file is what is wrong
  };
  using Outcome = std::expected<Done, Refused>;

  explicit Reloading(Service::Parts& parts) : parts_(parts) {}

  /// Tells the log, and the record where it was taken over.
  [[nodiscard]] Outcome run(const Wish& wish);

 private:
  [[nodiscard]] Outcome read(const Wish& wish) REQUIRES(mutex_);
  [[nodiscard]] Result<void> take(config::Configuration next, const Wish& wish) REQUIRES(mutex_);

  Service::Parts& parts_;
  Mutex mutex_;  ///< of one reload at a time; the configuration changes under it alone
};

}  // namespace sallyport::app
