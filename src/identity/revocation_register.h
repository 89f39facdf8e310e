// The one place through which revocations come into force and go out of it: operators by the local
// socket, watchers by themselves. It has a thread of its own, so that nobody waits for the disk but
// who asked. The order is always: durable in the log, applied by every worker, told to the record,
// acknowledged. What is asked for while the thread is busy is written in one go.
//
//   auto made = RevocationRegister::open(log, clock, entropy, metrics, on_change);
//   gateway.load((*made)->in_force());                // before the first request
//   (*made)->start(gateway.fanout());
//   (*made)->revoke({request}, [](auto outcome) { ... });   // any thread; answered on its own
//
// With the log gone at run time the last state stays in force: revoke() and lift() fail with the
// log's error and change nothing, health() and the log say so.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/entropy.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "identity/revocation.h"
#include "identity/revocation_table.h"

namespace sallyport::identity {

/// Codes that others act on.
inline constexpr std::string_view kRevocationBusy = "revocation.busy";
inline constexpr std::string_view kRevocationFull = "revocation.full";
inline constexpr std::string_view kRevocationUnknown = "revocation.unknown";

/// What somebody asks for. Checked by its maker: names of issuers exist, keys have their form.
struct RevocationRequest {
  RevocationKind kind = RevocationKind::kUser;
  std::string issuer;
  std::string target;
  std::string person;
  std::optional<WallTime> until;
  std::string by;
  std::string reason;
  std::string source = "operator";
  /// When it happened; left out: now. Sign-ins up to `hold_off` after that do not heal: an identity
  /// provider takes minutes to carry out a revocation and lets clients refresh meanwhile. 0 for
  /// operators, kWatcherHoldOff for watchers.
  std::optional<WallTime> happened;
  std::chrono::seconds hold_off{0};
  /// The last kReserve places are not for it: of whoever asks often and may do little.
  bool leaves_reserve = false;
};
inline constexpr std::chrono::seconds kWatcherHoldOff{300};

struct LiftRequest {
  std::string id;
  std::string by;
  std::string reason;
};

struct RevocationOutcome {
  RevocationChange change;
  RevocationEffect effect;
  std::chrono::microseconds took{};  ///< from the call to the last worker
};

struct RevocationHealth {
  std::size_t in_force = 0;
  std::uint64_t applied = 0;  ///< revocations and lifts since the start
  std::uint64_t cut = 0;      ///< exchanges told to end since the start
  std::string problem;        ///< why the log cannot be written; empty if it can
};

class RevocationRegister {
 public:
  static constexpr std::size_t kMaxInForce = 100'000;
  static constexpr std::size_t kReserve = 10'000;  ///< RevocationRequest::leaves_reserve
  static constexpr std::size_t kMaxWaiting = 10'000;
  /// No token lives longer (the greatest issuers[].max_token_age): a token's revocation ends then.
  static constexpr std::chrono::hours kTokenLife{24 * 31};

  /// Told of every change that was applied, before it is acknowledged; on the register's thread.
  using OnChange = std::function<void(const RevocationOutcome&)>;
  using Done = std::function<void(Result<std::vector<RevocationOutcome>>)>;

  /// Reads the log. Errors: those of RevocationLog::load().
  [[nodiscard]] static Result<std::unique_ptr<RevocationRegister>> open(
      RevocationLog& log, Clock& clock, Entropy& entropy, Metrics& metrics, OnChange on_change);
  ~RevocationRegister();
  RevocationRegister(const RevocationRegister&) = delete;
  RevocationRegister& operator=(const RevocationRegister&) = delete;

  /// The fan-out outlives stop().
  void start(RevocationFanout& fanout);
  /// Carries out what waits and ends the thread.
  void stop();

  /// All of them or none. Any thread; `done` is called once, on the register's thread or, when
  /// nothing can be tried, on the caller's, with one outcome a request. Where a person's sign-ins,
  /// or everybody's, were revoked up to an earlier moment, the new revocation takes that one's
  /// place: it is lifted in the same step, and its reason names the new one. So repeating takes no
  /// room. Errors: revocation.full, revocation.busy, and those of RevocationLog::append().
  void revoke(std::vector<RevocationRequest> requests, Done done);
  /// Errors: revocation.unknown (no such revocation is in force) and as above.
  void lift(LiftRequest request, Done done);

  /// What revoke() would reach now; changes nothing. Waits for the workers: any thread but theirs,
  /// between start() and stop() of the gateway.
  [[nodiscard]] RevocationReach preview(const std::vector<RevocationRequest>& requests);
  /// In the order of their revocation. Any thread.
  [[nodiscard]] std::vector<RevocationPtr> in_force() const;
  [[nodiscard]] RevocationHealth health() const;
  /// The one that a worker would refuse this person for; null: none. It locks, so not for workers,
  /// who have tables of their own. Any thread.
  [[nodiscard]] RevocationPtr find(const Principal& person, WallTime now) const;

 private:
  struct Job {
    std::vector<RevocationRequest> revoke;
    std::optional<LiftRequest> lift;
    Done done;
    SteadyTime asked;
  };
  struct Batch;

  RevocationRegister(RevocationLog& log, Clock& clock, Entropy& entropy, Metrics& metrics,
                     OnChange on_change);
  void enqueue(Job job);
  void run();
  void carry_out(std::vector<Job> jobs);
  void acknowledge(Batch& batch, std::vector<RevocationEffect> effects, SteadyTime applied);
  [[nodiscard]] Result<std::vector<RevocationChange>> prepare(const Job& job, Batch& batch) const;
  [[nodiscard]] Result<std::vector<RevocationChange>> prepare_lift(const LiftRequest& request,
                                                                   Batch& batch) const;
  [[nodiscard]] Result<void> take_places(const Job& job, Batch& batch) const;
  [[nodiscard]] std::vector<RevocationPtr> replaced_by(const Revocation& later, Batch& batch) const;
  [[nodiscard]] RevocationPtr make(const RevocationRequest& request) const;
  [[nodiscard]] static Revocation shape(const RevocationRequest& request, WallTime now);
  void put_in_force(const std::vector<RevocationChange>& changes);
  void end_what_is_over();
  void look_at_log();
  void set_problem(const Result<void>& state);

  RevocationLog& log_;
  Clock& clock_;
  Entropy& entropy_;
  OnChange on_change_;
  Gauge& in_force_gauge_;
  Counter &revoked_, &lifted_, &failed_, &cut_counter_;
  Histogram& seconds_;
  RevocationFanout* fanout_ = nullptr;

  mutable Mutex mutex_;
  Condition changed_;
  std::deque<Job> waiting_ GUARDED_BY(mutex_);
  /// By id, which sorts by time.
  std::map<std::string, RevocationPtr> in_force_ GUARDED_BY(mutex_);
  /// The same by whom they concern.
  RevocationTable table_ GUARDED_BY(mutex_);
  RevocationHealth health_ GUARDED_BY(mutex_);  ///< but for its in_force
  bool stop_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sallyport::identity
