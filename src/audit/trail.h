// Everything of the audit record that one process writes, put together: the locked directory, the
// recovery of what earlier processes left, the main chain and a chain a worker, the sync thread and
// the side journal. Made at start, ended after the workers have stopped.
//
//   auto trail = Trail::open(settings, {n, node, nullptr}, clock, entropy, metrics);
//   Chain& chain = (*trail)->worker(i);                            // that worker's thread alone
//   (*trail)->event({"configuration", clock.wall(), details});     // any thread but a worker
//   (*trail)->side().note(source, "token.expired");                // any thread
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "audit/chain.h"
#include "audit/recovery.h"
#include "audit/settings.h"
#include "audit/side_journal.h"
#include "audit/sync_thread.h"
#include "base/entropy.h"

namespace sallyport::audit {

struct TrailOptions {
  std::size_t workers = 1;
  std::string node;      ///< empty: the host's name
  Disk* disk = nullptr;  ///< null: the system's
};

class Trail {
 public:
  /// Blocks; at start. Errors: audit.directory, audit.locked, audit.disk.
  [[nodiscard]] static Result<std::unique_ptr<Trail>> open(const Settings& settings,
                                                           const TrailOptions& options,
                                                           Clock& clock, Entropy& entropy,
                                                           Metrics& metrics);
  ~Trail();

  [[nodiscard]] Chain& worker(std::size_t index) { return *workers_.at(index); }
  [[nodiscard]] SideJournal& side() { return *side_; }
  /// One line in the main chain, written at once. Any thread but a worker (it may wait for a write
  /// of another caller). An error is also logged; after a failed write the line stays queued.
  [[nodiscard]] Result<void> event(const Event& event);
  [[nodiscard]] const Directory& directory() const { return *directory_; }
  [[nodiscard]] const Recovered& recovered() const { return recovered_; }

  /// Ends all chains properly. After the workers' threads have stopped.
  [[nodiscard]] Result<void> close();

 private:
  Trail(Clock& clock, Metrics& metrics) : clock_(clock), instruments_(metrics) {}

  Clock& clock_;
  Instruments instruments_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<SyncThread> sync_;
  std::mutex main_mutex_;
  std::unique_ptr<Chain> main_;  ///< guarded
  std::vector<std::unique_ptr<Chain>> workers_;
  std::unique_ptr<SideJournal> side_;
  Recovered recovered_;
};

}  // namespace sallyport::audit
