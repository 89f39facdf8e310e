// A worker's audit chain and those who wait for it: what a turn of the loop appended is written at
// its end by one write(2), and only then may the turn's requests go to a provider (promise 4).
// Belongs to the worker's thread.
//
//   if (!gate.chain().append_opened(record)) return refuse(503);
//   bool written = co_await gate.written(signal);
#pragma once

#include <cstdint>
#include <optional>

#include "audit/chain.h"
#include "base/event_loop.h"
#include "base/task.h"
#include "base/waiters.h"

namespace sallyport::gateway {

class RecordGate {
 public:
  /// The loop's turns end with a write from now on. The chain outlives the gate.
  RecordGate(EventLoop& loop, audit::Chain& chain);
  ~RecordGate();
  RecordGate(const RecordGate&) = delete;
  RecordGate& operator=(const RecordGate&) = delete;

  [[nodiscard]] audit::Chain& chain() { return chain_; }
  /// Writes what was appended and tells those who wait. Once a turn by itself; after a failure once
  /// a second as well.
  void write();
  /// Where the chain ends as it is written; nothing while the disk takes no lines.
  [[nodiscard]] std::optional<audit::Head> head();

  /// Waits until what was appended in this turn is written; false: it is not.
  [[nodiscard]] Task<bool> written(Signal& signal);
  /// Waits until the chain is on the disk up to `sequence`; false: the disk failed, or kCut.
  [[nodiscard]] Task<bool> synced(Signal& signal, std::uint64_t sequence);

 private:
  EventLoop& loop_;
  audit::Chain& chain_;
  Waiters for_write_;
  Waiters for_sync_;
  bool sync_ok_ = true;
};

}  // namespace sallyport::gateway
