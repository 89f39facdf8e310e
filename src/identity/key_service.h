// Keeps every issuer's keys fresh: discovery, hourly refresh, one early refresh for a `kid` that is
// not known, the last good set while the provider is away. Lives on the Fetcher's thread; publishes
// immutable snapshots there. Rules: Microsoft's "signing key rollover" page.
//
//   KeyService keys({fetcher, clock, entropy, metrics}, settings, publish, on_event);
//   keys.start();                          // publishes at once, without keys, then as they come
//   if (keys.refresh_for_unknown_key("contoso", kid, [] { /* fetch thread: try again */ })) wait();
//
// Public functions may be called from any thread but the Fetcher's callbacks' own (the destructor
// waits for a callback that runs); publish and on_event run on the fetch thread, never both at once
// and never after the destructor has returned. What it needs must outlive this object.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/refresher.h"
#include "identity/key_event.h"
#include "identity/settings.h"
#include "identity/snapshot.h"

namespace sallyport::identity {

/// How an issuer stands, for `sallyport status` and /readyz.
struct IssuerHealth {
  std::string name;
  std::string issuer;
  bool ready = false;
  std::size_t keys = 0;
  std::optional<WallTime> last_success;
  std::string last_error;  ///< of the last fetch; empty after a success
};

/// An issuer's key_refresh can only shorten the first two.
struct KeyTiming {
  std::chrono::milliseconds refresh = std::chrono::hours(1);  ///< less up to a tenth, by chance
  std::chrono::milliseconds unknown_key = std::chrono::minutes(5);  ///< at most one an issuer
  std::chrono::milliseconds keep = std::chrono::hours(24);  ///< last good set without success
  std::chrono::milliseconds retry_first{1000};              ///< doubles up to:
  std::chrono::milliseconds retry_without_keys{30000};
  std::chrono::milliseconds retry_with_keys = std::chrono::minutes(5);
  std::chrono::milliseconds fetch_timeout{10000};
};

class KeyService {
 public:
  using Timing = KeyTiming;
  using Publish = std::function<void(SnapshotPtr)>;
  using OnEvent = std::function<void(const KeyEvent&)>;

  KeyService(const http::Refresher::Needs& needs, std::vector<IssuerSettings> issuers,
             Publish publish, OnEvent on_event, const Timing& timing = {});
  ~KeyService();
  KeyService(const KeyService&) = delete;
  KeyService& operator=(const KeyService&) = delete;

  void start();

  /// New settings. An issuer whose key source (issuer, jwks_file, ca_file, proxy) is unchanged
  /// keeps its keys and timers; a jwks_file is read again at once, and a source whose last fetch
  /// failed is asked again at once. The generation changes only if any setting changed.
  void reload(std::vector<IssuerSettings> issuers);

  /// A good-looking token named a key that the snapshot does not have. False: no fetch is running
  /// and none may start now (one in five minutes an issuer; a `kid` that a fetch did not bring
  /// waits longer, see absent_keys.h). True: `done` runs once on the fetch thread, after the fetch
  /// that settles it was published or has failed; never after this object is gone. The same where
  /// the key came since the caller's snapshot: then `done` follows that key's publication.
  [[nodiscard]] bool refresh_for_unknown_key(std::string_view issuer_name, std::string_view key_id,
                                             std::function<void()> done);

  [[nodiscard]] std::vector<IssuerHealth> health() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::identity
