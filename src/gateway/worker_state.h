// What a worker's exchanges use without asking another thread: the newest snapshots, the record,
// the tokens that were seen, who is let in, what is counted. One a worker, of its thread; the
// worker (worker.h) owns it, and the tests of the exchange make one of their own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "audit/name_table.h"
#include "audit/side_journal.h"
#include "base/entropy.h"
#include "base/event_loop.h"
#include "gateway/admissions.h"
#include "gateway/connection_limits.h"
#include "gateway/counters.h"
#include "gateway/record_gate.h"
#include "gateway/snapshots.h"
#include "gateway/turn_buffer.h"
#include "http/byte_budget.h"
#include "http/resolver.h"
#include "identity/failure_limiter.h"
#include "identity/verified_token_cache.h"

namespace sallyport::gateway {

/// What all workers share. Outlives them.
struct Shared {
  Clock& clock;
  Entropy& entropy;
  audit::SideJournal& side;
  audit::NameTable& names;
  http::Resolver& resolver;
  http::ByteBudget& bodies;
  ConnectionLimits& connections;
  identity::FailureLimiter& failures;
  Sha256 cache_key;                    ///< of the verified-token caches, random
  const std::atomic<bool>& sync_each;  ///< `audit.sync: each`; a reload may change it

  using Done = std::function<void()>;
  /// Has the issuer's keys fetched for a key that is not known; false: not now. `done` is called
  /// once, by another thread.
  std::function<bool(std::string_view issuer, std::string_view key_id, Done done)> fetch_keys;
  /// Has a provider's credential renewed that is not the one of `serial`; likewise.
  std::function<bool(std::uint64_t id, std::uint64_t serial, Done done)> renew_credential;
  /// A provider did not take its credential.
  std::function<void(std::uint64_t id, int status)> note_refused_credential;
};

class WorkerState {
 public:
  WorkerState(Shared& its_shared, EventLoop& its_loop, audit::Chain& chain,
              Admissions& its_admissions);
  WorkerState(const WorkerState&) = delete;
  WorkerState& operator=(const WorkerState&) = delete;

  // A new snapshot in the place of the one before.
  void adopt(RoutesPtr routes);
  void adopt(identity::SnapshotPtr identity) { newest.identity = std::move(identity); }
  void adopt(upstream::CredentialsPtr credentials) { newest.credentials = std::move(credentials); }

  /// About once a second: gives back what is idle, shows what is there.
  void every_second();

  [[nodiscard]] std::string_view date();        ///< for a Date field; changes once a second
  [[nodiscard]] std::string make_request_id();  ///< UUIDv7

  Shared& shared;
  EventLoop& loop;
  Admissions& admissions;
  RecordGate record;
  Snapshots newest;
  std::unique_ptr<identity::VerifiedTokenCache> tokens;
  TurnBuffer turn;
  Counters counters;
  bool draining = false;

 private:
  std::int64_t date_second_ = 0;
  std::string date_;
  std::vector<std::uint8_t> random_;  ///< drawn ahead, for request ids
  std::size_t random_used_;
};

}  // namespace sallyport::gateway
