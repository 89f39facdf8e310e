// The files of one chain: the segment being written, the spare one behind it, and those that wait
// to be synced and cut. Shared by two threads, split by side: the chain's worker writes and moves
// on, the sync thread syncs, cuts and prepares. The mutex between them is never held during I/O.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <vector>

#include "audit/directory.h"
#include "audit/disk.h"
#include "audit/instruments.h"
#include "base/mutex.h"

namespace sallyport::audit {

/// What a chain is made of; all of it outlives the chain.
/// `segment_bytes` is of segments that are begun from then on; it may change at any time.
struct ChainParts {
  const Directory& directory;
  Disk& disk;
  Clock& clock;
  Instruments& instruments;
  const std::atomic<std::size_t>& segment_bytes;
};

class Segments {
 public:
  Segments(const ChainParts& parts, std::string worker);

  // The worker's side.

  /// Creates the first segment; blocks. Error: audit.disk.
  [[nodiscard]] Result<void> start();
  /// Room behind the last complete line of the current segment.
  [[nodiscard]] std::uint64_t left() const { return current_.size - current_.end; }
  struct Written {
    std::uint64_t bytes = 0;  ///< on their way, counted from the end of the last complete line
    int error = 0;            ///< errno, 0 if all went
  };
  /// Writes behind the last complete line, again over what a failed call left there.
  [[nodiscard]] Written write(std::string_view bytes);
  /// `bytes` more belong to complete lines; the last of them has this sequence.
  void commit(std::uint64_t bytes, std::uint64_t sequence);
  [[nodiscard]] std::uint64_t current_bytes() const { return current_.size; }
  /// The size of the spare segment; 0: there is none.
  [[nodiscard]] std::uint64_t spare_bytes() const {
    return spare_bytes_.load(std::memory_order_acquire);
  }
  [[nodiscard]] bool spare_ready() const { return spare_bytes() != 0; }
  void want_spare() { spare_wanted_.store(true, std::memory_order_release); }
  /// Goes on in the spare segment. False: there is none, or a torn line could not be cut off the
  /// current one (then it must not be left).
  [[nodiscard]] bool move_on();

  // The sync thread's side (or the worker's, where there is no such thread).

  [[nodiscard]] bool dirty() const { return written_sequence() > synced_sequence(); }
  [[nodiscard]] bool spare_wanted() const {
    return spare_wanted_.load(std::memory_order_acquire) && !spare_ready();
  }
  [[nodiscard]] bool sync_requested() const {
    return sync_requested_.load(std::memory_order_acquire);
  }
  /// Syncs all that is written by now, cuts the zero fill off segments that are done with, closes
  /// them, and calls on_synced.
  void sync();
  /// True if the spare is there now. A failure is tried again by the caller, later.
  bool prepare_spare();

  // Both.

  void request_sync() { sync_requested_.store(true, std::memory_order_release); }
  [[nodiscard]] bool sync_failed() const { return sync_failed_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t written_sequence() const { return written_.load(); }
  [[nodiscard]] std::uint64_t synced_sequence() const { return synced_.load(); }
  /// Empty takes it away; when this returns, the one before is not running any more.
  void on_synced(std::function<void(std::uint64_t, bool)> callback) {
    MutexLock lock(callback_mutex_);
    on_synced_ = std::move(callback);
  }
  [[nodiscard]] const std::string& worker() const { return worker_; }

  /// The end, when no other thread uses it any more: syncs, cuts the zero fill, removes the spare.
  [[nodiscard]] Result<void> finish();

 private:
  struct Segment {
    UniqueFd fd;
    std::filesystem::path path;
    std::uint64_t size = 0;   ///< allocated
    std::uint64_t end = 0;    ///< of the last complete line
    std::uint64_t dirty = 0;  ///< to where a failed write may have left bytes; 0: nowhere
  };

  [[nodiscard]] Result<Segment> make_segment();
  int sync_segments(std::vector<Segment>& retired, int current);
  int timed_sync(int fd);

  const ChainParts parts_;
  const std::string worker_;

  Segment current_;  ///< the worker's; the sync thread reads its descriptor under the mutex
  Mutex mutex_;
  std::vector<Segment> retired_ GUARDED_BY(mutex_);
  std::optional<Segment> spare_ GUARDED_BY(mutex_);
  std::uint64_t next_number_ = 1;  ///< of whoever prepares; never two at once

  std::atomic<std::uint64_t> spare_bytes_{0};
  std::atomic<bool> spare_wanted_{false};
  std::atomic<bool> sync_requested_{false};
  std::atomic<bool> sync_failed_{false};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> synced_{0};
  std::atomic<std::int64_t> dirty_since_{0};  ///< steady time of the oldest unsynced write
  Mutex callback_mutex_;                      ///< held while the callback runs
  std::function<void(std::uint64_t, bool)> on_synced_ GUARDED_BY(callback_mutex_);
};

}  // namespace sallyport::audit
