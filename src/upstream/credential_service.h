// Keeps every provider's credential fresh: obtains it from its source, renews it ahead of time,
// keeps the old one while that fails, renews it once more when the provider refused it. Lives on
// the Fetcher's thread; publishes immutable snapshots there. API keys are held as they are.
//
//   CredentialService credentials({fetcher, clock, entropy, metrics}, upstreams, publish,
//   on_event); credentials.start(); if (credentials.renew(id, refused_serial, [] { /* fetch thread:
//   look again */ })) wait();
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
#include "upstream/credential.h"
#include "upstream/credential_event.h"
#include "upstream/settings.h"

namespace sallyport::upstream {

/// How a credential stands, for `sallyport status`.
struct CredentialHealth {
  std::string upstream;
  std::string_view source;
  bool ready = false;
  std::optional<WallTime> obtained;
  std::optional<WallTime> expires;  ///< nothing: never
  std::string last_error;           ///< of the last request to its source; empty after a success
  std::optional<WallTime> refused;  ///< when the provider last refused it (401, 403)
  int refused_status = 0;
};

/// When a token that lives so long is renewed: at half its life where that is two hours or more,
/// else five minutes before its end (or at half its life where it is short); up to a tenth earlier
/// by `chance`, so that a fleet started together does not ask together.
[[nodiscard]] std::chrono::milliseconds renewal_delay(std::chrono::milliseconds life,
                                                      std::uint8_t chance);

struct CredentialTiming {
  /// Pauses after failures in a row; the last one repeats (Microsoft's advice for IMDS).
  std::vector<std::chrono::milliseconds> retries{
      std::chrono::milliseconds(100), std::chrono::seconds(2), std::chrono::seconds(6),
      std::chrono::seconds(14), std::chrono::seconds(30)};
  /// After a failure that only somebody's work can mend.
  std::chrono::milliseconds lasting = std::chrono::minutes(2);
  /// At most one renewal a source because of the provider's 401.
  std::chrono::milliseconds refused = std::chrono::seconds(30);
  std::chrono::milliseconds fetch_timeout{10000};
};

class CredentialService {
 public:
  using Timing = CredentialTiming;
  using Publish = std::function<void(CredentialsPtr)>;
  using OnEvent = std::function<void(const CredentialEvent&)>;

  CredentialService(const http::Refresher::Needs& needs,
                    const std::vector<UpstreamSettings>& upstreams, Publish publish,
                    OnEvent on_event, Timing timing = {});
  ~CredentialService();
  CredentialService(const CredentialService&) = delete;
  CredentialService& operator=(const CredentialService&) = delete;

  void start();

  /// New settings; known here when it returns. A source whose identity (credential_id) is the same
  /// keeps its credential, and asks anew at once if anything of it changed or it was failing. What
  /// is gone stays in the snapshot until the next reload, for requests that began before.
  void reload(const std::vector<UpstreamSettings>& upstreams);

  /// There is no credential (serial 0), or the provider refused the one of that serial. False: none
  /// is being obtained and none may be now (back-off; one in 30 s after a refusal). True: `done`
  /// runs once on the fetch thread after a newer one was published or the attempt failed.
  [[nodiscard]] bool renew(std::uint64_t id, std::uint64_t serial, std::function<void()> done);

  /// The provider answered 401 or 403 to a request with this source's credential.
  void note_refused(std::uint64_t id, int status);

  [[nodiscard]] std::vector<CredentialHealth> health() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sallyport::upstream
