// Work that takes longer than a request may: each on a thread of its own, with progress, a result
// that is kept for a day, and an end that can be asked for.
//
//   auto id = jobs.start(caller, "record.verify", [=](JobTable::Watch& watch) -> ApiResult { ... });
//
// Any thread. The destructor asks everything that runs to end, and waits for it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "admin/caller.h"
#include "admin/problem.h"
#include "base/clock.h"
#include "base/mutex.h"

namespace sallyport::admin {

enum class JobState : std::uint8_t { kRunning, kDone, kFailed, kCancelled };
[[nodiscard]] std::string_view text(JobState state);

/// How a job stands; a copy.
struct JobView {
  std::string id;  ///< UUIDv7
  std::string kind;
  std::string by;
  JobState state = JobState::kRunning;
  WallTime started{};
  std::optional<WallTime> ended;
  std::uint64_t done = 0;  ///< of `all`; 0 of 0: not known
  std::uint64_t all = 0;
  Roles roles = {};                ///< those for whom its result is
  std::string result;              ///< JSON, of one that is done
  std::optional<Problem> problem;  ///< of one that failed
};

class JobTable {
 public:
  static constexpr std::size_t kMostRunning = 4;
  static constexpr std::size_t kMostRunningOfOne = 2;  ///< of a person
  static constexpr std::size_t kMostOfOne = 32;        ///< kept of a person
  static constexpr std::size_t kMost = 64;             ///< kept in all
  static constexpr std::chrono::hours kKept{24};
  static constexpr std::size_t kMaxResult = std::size_t{1} << 20;  ///< bytes

  /// What the work is given.
  class Watch {
   public:
    /// How far it is; false: it is to end now.
    [[nodiscard]] bool go_on(std::uint64_t done, std::uint64_t all);
    [[nodiscard]] bool cancelled() const { return cancelled_; }

   private:
    friend class JobTable;
    std::atomic<bool> cancelled_{false};
    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::uint64_t> all_{0};
  };
  using Work = std::function<std::expected<std::string, Problem>(Watch& watch)>;

  JobTable(Clock& clock, std::function<std::string()> make_id)
      : clock_(clock), make_id_(std::move(make_id)) {}
  ~JobTable();
  JobTable(const JobTable&) = delete;
  JobTable& operator=(const JobTable&) = delete;

  /// Its id. `roles`: who may ask for such work; nobody else is shown its result. Errors: 429
  /// jobs.full (so many run already, or all that are kept still run).
  [[nodiscard]] std::expected<std::string, Problem> start(const Caller& caller,
                                                          std::string_view kind, Roles roles,
                                                          Work work);
  /// Those that the caller may see, the newest first: their own; an administrator sees all.
  [[nodiscard]] std::vector<JobView> list(const Caller& caller);
  /// Nothing: there is none, or it is somebody else's. Without its result for who may not have it.
  [[nodiscard]] std::optional<JobView> find(const Caller& caller, const std::string& id);
  enum class Cancelled : std::uint8_t {
    kAsked,    ///< it runs, and will end
    kEnded,    ///< it has ended already
    kUnknown,  ///< as for find()
  };
  [[nodiscard]] Cancelled cancel(const Caller& caller, const std::string& id);

 private:
  struct Job {
    JobView view;
    Watch watch;
    std::thread thread;
    bool left = false;  ///< the thread is at its end
  };
  void run(Job& job, const Work& work);
  void forget_old() REQUIRES(mutex_);
  [[nodiscard]] bool make_room(const std::string& who) REQUIRES(mutex_);
  void drop(std::size_t index) REQUIRES(mutex_);
  [[nodiscard]] Job* see(const Caller& caller, const std::string& id) REQUIRES(mutex_);
  [[nodiscard]] static JobView view_of(const Job& job, const Caller& caller);

  Clock& clock_;
  std::function<std::string()> make_id_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Job>> jobs_ GUARDED_BY(mutex_);  ///< the oldest first
};

}  // namespace sallyport::admin
