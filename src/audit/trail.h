// Everything of the audit record that one process writes, put together: the locked directory, the
// recovery of what earlier processes left, the main chain and a chain a worker, the sync thread and
// the side journal. Made at start, ended after the workers have stopped.
//
//   auto trail = Trail::open(settings, {n, node, nullptr}, clock, entropy, metrics);
//   Chain& chain = (*trail)->worker(i);                            // that worker's thread alone
//   (*trail)->event({"configuration", clock.wall(), details});     // any thread but a worker
//   (*trail)->side().note(source, "token.expired");                // any thread
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "audit/chain.h"
#include "audit/recovery.h"
#include "audit/settings.h"
#include "audit/side_journal.h"
#include "audit/sync_thread.h"
#include "base/entropy.h"
#include "base/mutex.h"

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

  /// Takes `sync` and `segment_bytes` over while requests run: what is written by now is put on the
  /// disk at once, and segments that are begun from now on have the new size (one that is ready
  /// behind the current one keeps its own). `directory` has to be the one it was opened with.
  void apply(const Settings& settings);
  /// What holds now.
  [[nodiscard]] Settings settings() const;
  /// `sync: each`: an answer waits until its record is on the disk. Any thread.
  [[nodiscard]] const std::atomic<bool>& sync_each() const { return sync_each_; }

  /// Ends all chains properly. After the workers' threads have stopped.
  [[nodiscard]] Result<void> close();

 private:
  Trail(const Settings& settings, Clock& clock, Metrics& metrics);

  Clock& clock_;
  Instruments instruments_;
  std::atomic<bool> sync_each_;
  std::atomic<std::size_t> segment_bytes_;
  std::atomic<std::size_t> main_segment_bytes_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<SyncThread> sync_;
  Mutex main_mutex_;
  std::unique_ptr<Chain> main_ GUARDED_BY(main_mutex_);
  std::vector<std::unique_ptr<Chain>> workers_;
  std::unique_ptr<SideJournal> side_;
  Recovered recovered_;
};

}  // namespace sallyport::audit
