// One worker's chain of records: lines of JSON, each with the hash of the one before, in segments
// of a fixed, preallocated size. Made at start, used by its worker's thread alone (the three
// *_sequence() and request_sync() are free for all); the sync thread works on its segments.
//
//   if (!chain.append_opened(opened)) return refuse(503);      // no room, or the disk failed
//   exchange.opened_sequence = chain.appended_sequence();
//   ... at the end of the loop's turn:
//   if (chain.pending()) {
//     if (chain.flush()) send_to_providers();    // recorded: survives kill -9
//     else refuse_all_of_this_turn();            // 503, and append_closed(kRecordFailed) for each
//   }
//   ... and with the answer's end: chain.append_closed(closed);         // always has its room
//
// Room. append_opened() sets room for its closed line aside (chain_room.h): a full disk stops
// admission while every running request still gets its end written.
//
// Failure. When write(2) fails, flush() says so, nothing new is accepted, and what was appended
// stays queued in order (the opened lines too, which is why each wants a closed line). Call flush()
// again, every 100 ms say: it tries the same place, then a new segment, and on success accepts
// again. A failed fdatasync leaves unknown what is on the disk: the chain accepts nothing any more
// until the process starts anew, but still writes the closed lines.
//
// Memory. Without memory a line is appended whole or not at all, and append_*() throws. Where that
// would leave a request without its end, or a segment half begun, the process ends, and the next
// start writes the ends that are missing.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "audit/chain_room.h"
#include "audit/directory.h"
#include "audit/instruments.h"
#include "audit/line_hash.h"
#include "audit/record.h"
#include "audit/segments.h"

namespace sallyport::audit {

class SyncThread;

/// The last line of a chain: what a later line says about it.
struct Head {
  std::string chain;  ///< "<instance>-<worker>"
  std::uint64_t sequence = 0;
  std::string hash;  ///< 64 hexadecimal characters
};

class Chain {
 public:
  /// Creates the first segment and writes the chain's first line, `start`, which names the heads.
  /// Blocks; at start. Error: audit.disk.
  [[nodiscard]] static Result<std::unique_ptr<Chain>> create(const ChainParts& parts,
                                                             std::string worker,
                                                             std::span<const Head> heads = {});
  /// As a crash would leave it, but for the zero fill; close() is the proper end.
  ~Chain();
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  /// From now on the sync thread syncs and prepares spare segments. Until then (start, tests,
  /// tools) the chain does it itself when it has to, and may block. The thread outlives the chain.
  void attach(SyncThread& sync);

  [[nodiscard]] bool append_opened(const Opened& record);
  /// Once for each append_opened() that said true.
  void append_closed(const Closed& record) noexcept;
  [[nodiscard]] bool append_refused(const Refused& record);
  [[nodiscard]] bool append_answered(const Answered& record);
  [[nodiscard]] bool append_event(const Event& record);
  /// The end of a request that another chain of an earlier process opened. Used at start.
  [[nodiscard]] bool append_interrupted(std::string_view id, std::string_view of_chain,
                                        std::uint64_t opened_sequence, WallTime time);
  /// More heads than the start line names. Used at start.
  [[nodiscard]] bool append_heads(std::span<const Head> heads, WallTime time);

  /// One write(2) for all that was appended (two when a segment ends). Error: audit.disk.
  [[nodiscard]] Result<void> flush();
  [[nodiscard]] bool pending() const { return !batch_.empty(); }
  /// False: append_* would refuse because the disk failed.
  [[nodiscard]] bool accepting() const { return !failed_ && !segments_.sync_failed(); }

  [[nodiscard]] std::uint64_t appended_sequence() const { return next_sequence_ - 1; }
  [[nodiscard]] std::uint64_t written_sequence() const { return segments_.written_sequence(); }
  [[nodiscard]] std::uint64_t synced_sequence() const { return segments_.synced_sequence(); }
  /// Asks for an fdatasync of what is written by now; the answer comes through on_synced().
  void request_sync();
  /// Called on the sync thread after every sync of this chain: all lines up to `sequence` are on
  /// the disk (ok), or the disk failed and waiting for them is in vain. It must only post. Any
  /// thread may set it, at any time; on_synced({}) takes it away, and when that returns it is not
  /// running and will not run again: do so before what it posts to goes.
  void on_synced(std::function<void(std::uint64_t sequence, bool ok)> callback);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Head head() const;  ///< of what was appended

  /// Writes `stop`, flushes, syncs, cuts the zero fill off. Blocks; nothing may be appended after.
  [[nodiscard]] Result<void> close(WallTime time);

 private:
  /// Requests that are open, by the segment in which they were opened: what a recovery has to read.
  struct OpenIn {
    std::uint64_t first_sequence;
    std::uint32_t open;
  };

  Chain(const ChainParts& parts, std::string worker);
  template <typename Record>
  [[nodiscard]] bool append(std::string_view type, const Record& record, std::uint64_t owed);
  void begin_line(std::string_view type, WallTime time);
  [[nodiscard]] bool append_line(std::uint64_t owed);
  [[nodiscard]] bool place(std::uint64_t owed);
  [[nodiscard]] std::uint64_t line_bytes() const;
  void reserve_line();
  void seal_line();
  void begin_segment(WallTime time) noexcept;
  void count_closed(std::uint64_t opened_sequence);
  void look_for_spare();
  void look_at_segments();
  [[nodiscard]] bool append_start(std::span<const Head> heads);

  int write_batch();
  [[nodiscard]] std::size_t next_piece() const;
  Result<void> write_failed(int error);

  const ChainParts parts_;
  const std::string name_;
  const std::string identity_;  ///< node, instance and worker as every line has them
  Segments segments_;
  SyncThread* sync_ = nullptr;
  LineHasher hasher_;

  std::string line_;            ///< the line being built, from its type on
  std::string batch_;           ///< complete lines that wait for flush()
  std::size_t batch_done_ = 0;  ///< bytes of these that are written
  /// Where in batch_ the spare segment begins; as the lines were placed, so flush() writes them.
  std::optional<std::size_t> split_;
  std::uint64_t next_sequence_ = 1;
  char previous_[LineHasher::kHexSize];  ///< hash of the line before

  ChainRoom room_;
  std::vector<OpenIn> open_;

  bool failed_ = false;
  std::uint32_t failures_ = 0;  ///< in a row
  SteadyTime next_try_{};
  bool spare_asked_ = false;
  WallTime last_time_{};
  TimeWriter times_;
};

}  // namespace sallyport::audit
