// One worker: a thread with an event loop, its listener, its connections, and everything that a
// request needs without asking another thread: token cache, audit chain, provider pools, the newest
// snapshots as plain members. Workers share nothing but `Shared`.
//
// publish_*(), drain() and cut_all() may be called from any thread; start() and join() from the
// owner's; everything below "On the loop's thread" from the worker's own coroutines alone.
#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "audit/chain.h"
#include "audit/name_table.h"
#include "audit/side_journal.h"
#include "base/entropy.h"
#include "base/event_loop.h"
#include "gateway/bits.h"
#include "gateway/connection_limits.h"
#include "gateway/instruments.h"
#include "gateway/revocation_fanout.h"
#include "gateway/routes.h"
#include "http/byte_budget.h"
#include "http/client_pool.h"
#include "http/server_connection.h"
#include "identity/failure_limiter.h"
#include "identity/key_service.h"
#include "identity/snapshot.h"
#include "identity/verified_token_cache.h"
#include "upstream/credential_service.h"

namespace sallyport::gateway {

/// What all workers share. Outlives them.
struct Shared {
  Clock& clock;
  Entropy& entropy;
  Instruments& instruments;
  audit::SideJournal& side;
  audit::NameTable& names;
  identity::KeyService& keys;
  upstream::CredentialService& credentials;
  http::Resolver& resolver;
  http::ByteBudget& bodies;
  ConnectionLimits& connections;
  identity::FailureLimiter& failures;
  Sha256 cache_key;                    ///< of the verified-token caches, random
  const std::atomic<bool>& sync_each;  ///< `audit.sync: each`; a reload may change it
};

/// A snapshot of the routes with this worker's pools; a running exchange keeps its own alive.
struct WorkerRoutes {
  RoutesPtr routes;
  std::vector<std::unique_ptr<http::ClientPool>> pools;
};

class Worker {
 public:
  Worker(Shared& shared, audit::Chain& chain, RoutesPtr routes, identity::SnapshotPtr identity);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start(UniqueFd listener);
  /// Takes no more connections, lets running exchanges end; the thread ends after the last.
  void drain();
  /// Ends everything that still runs.
  void cut_all();
  /// True if the thread has ended by then.
  [[nodiscard]] bool wait_until_done(SteadyTime until);
  void join();

  void publish_routes(RoutesPtr routes);
  void publish_identity(identity::SnapshotPtr identity);
  void publish_credentials(upstream::CredentialsPtr credentials);
  /// Tells where the chain ends as it is written; nothing while the disk takes no lines. `reply`
  /// runs on the loop's thread, never if that has ended.
  void ask_head(std::function<void(std::optional<audit::Head>)> reply);

  struct Counts {
    std::atomic<std::uint64_t> connections{0}, exchanges{0}, cached_tokens{0};
    std::atomic<std::uint64_t> complete{0}, aborted{0}, upstream_error{0}, record_failed{0};
    std::atomic<std::uint64_t> refused{0}, cut{0};
    std::atomic<bool> record_accepting{true};
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] const audit::Chain& chain_view() const { return chain_; }
  [[nodiscard]] RevocationLane& revocations() { return revocations_; }

  // On the loop's thread.

  [[nodiscard]] Shared& shared() { return shared_; }
  [[nodiscard]] EventLoop& loop() { return loop_; }
  [[nodiscard]] audit::Chain& chain() { return chain_; }
  [[nodiscard]] identity::VerifiedTokenCache& tokens() { return *tokens_; }
  [[nodiscard]] Admissions& admissions() { return revocations_.admissions(); }
  [[nodiscard]] const identity::SnapshotPtr& identity() const { return identity_; }
  [[nodiscard]] const std::shared_ptr<WorkerRoutes>& routes() const { return routes_; }
  /// The provider's newest credential; null: there is none now.
  [[nodiscard]] const upstream::CredentialPtr& credential_of(const upstream::Upstream& at) const;
  /// True if any provider has a credential.
  [[nodiscard]] bool any_credential() const;
  [[nodiscard]] Counts& count() { return counts_; }
  [[nodiscard]] std::string_view date();        ///< for a Date field; changes once a second
  [[nodiscard]] std::string make_request_id();  ///< UUIDv7
  [[nodiscard]] bool draining() const { return draining_; }
  /// Text that is used between two suspensions at most.
  [[nodiscard]] std::string& scratch() { return scratch_; }

  /// Waits until what was appended to the chain in this turn is written; false: it is not.
  [[nodiscard]] Task<bool> recorded(Signal& signal);
  /// Waits until the chain is on the disk up to `sequence`; false: the disk failed, or kCut.
  [[nodiscard]] Task<bool> synced(Signal& signal, std::uint64_t sequence);
  /// Waits at most two seconds for a fetch of the issuer's keys; false: none runs or may start.
  [[nodiscard]] Task<bool> keys_fetched(Signal& signal, std::string_view issuer,
                                        std::string_view key_id);
  /// Waits at most five seconds for a credential other than the one of that serial (0: for any);
  /// false: none came, or kPeerGone or kCut, which stay raised.
  [[nodiscard]] Task<bool> credential_renewed(Signal& signal, const upstream::Upstream& at,
                                              std::uint64_t serial);

 private:
  [[nodiscard]] Task<void> accept_connections();
  [[nodiscard]] Task<void> serve(UniqueFd fd, Source peer);
  [[nodiscard]] Task<void> serve_requests(http::ServerConnection& client, const Source& peer);
  void write_records();
  void stop_if_done();
  [[nodiscard]] std::shared_ptr<WorkerRoutes> make_routes(RoutesPtr routes);

  Shared& shared_;
  audit::Chain& chain_;
  EventLoop loop_;
  Signal accept_signal_;
  UniqueFd listener_;
  std::unique_ptr<Watch> listener_watch_;
  std::unique_ptr<identity::VerifiedTokenCache> tokens_;
  RevocationLane revocations_;
  identity::SnapshotPtr identity_;
  std::shared_ptr<WorkerRoutes> routes_;
  upstream::CredentialsPtr credentials_ = std::make_shared<const upstream::Credentials>();
  std::unordered_set<http::ServerConnection*> connections_;
  std::vector<Signal*> record_waiters_;
  std::vector<Signal*> sync_waiters_;
  std::unordered_map<std::uint64_t, Signal*> key_waiters_;
  std::uint64_t last_key_waiter_ = 0;
  std::vector<Signal*> credential_waiters_;
  bool sync_ok_ = true;
  bool draining_ = false;
  bool accepting_ = false;
  std::int64_t date_second_ = 0;
  std::string date_;
  std::string scratch_;
  std::vector<std::uint8_t> random_;  ///< drawn ahead, for request ids
  std::size_t random_used_ = 0;
  Counts counts_;
  std::thread thread_;
  std::promise<void> done_;
};

}  // namespace sallyport::gateway
