// How much a chain may still promise: the room in the segment where the next line goes and in the
// spare one behind it, set against the closed lines that are still to come. Pure arithmetic, no
// I/O; of the chain's worker alone.
//
// Every opened line is followed by its closed one, whatever happens to the disk meanwhile. So a
// line is let in only where it fits and all closed lines that are owed afterwards, each of full
// length (kClosedLineBytes), still do. Only room that is there counts: a spare segment that is
// prepared, never one that may be. With a full disk the answer becomes kNowhere, and what runs
// still gets its end written.
//
//   auto where = room.place(bytes, room.owed() + 1);      // an opened line, and its closed one
//   if (where == ChainRoom::Where::kNowhere) return false;
//   if (where == ChainRoom::Where::kNext) room.begin_segment(bytes of the segment's first line);
//   room.take(bytes);
//   room.owe();
#pragma once

#include <cstdint>

namespace sallyport::audit {

/// The line that begins a later segment, at most.
inline constexpr std::uint64_t kSegmentLineBytes = 512;

class ChainRoom {
 public:
  enum class Where : std::uint8_t {
    kHere,    ///< in the segment where the line before went
    kNext,    ///< in the spare one, behind the line that begins it
    kNowhere  ///< closed lines that are owed would lose their place
  };

  /// Where a line of `bytes` goes, so that `owed` closed lines find their place behind it.
  [[nodiscard]] Where place(std::uint64_t bytes, std::uint64_t owed) const;
  /// True if a spare segment should be there before this line is placed.
  [[nodiscard]] bool needs_spare(std::uint64_t bytes, std::uint64_t owed) const;
  /// True if it is time to prepare a spare segment, so that it is there when it is needed.
  [[nodiscard]] bool low() const;

  /// The spare segment is the one where the next line goes; its first line took `bytes`.
  void begin_segment(std::uint64_t bytes);
  /// A line was put where the line before went.
  void take(std::uint64_t bytes);

  void owe() { ++owed_; }  ///< one more closed line is to come
  void settle();           ///< one of them was written
  [[nodiscard]] std::uint64_t owed() const { return owed_; }

  /// What is really there: the bytes left in the current segment of so many in all, and the size of
  /// the spare one, 0 if there is none.
  void set_current(std::uint64_t left, std::uint64_t size);
  void set_spare(std::uint64_t size) { spare_ = size; }
  [[nodiscard]] bool has_spare() const { return spare_ != 0; }
  /// Nothing more goes into the current segment.
  void give_up_current() { left_ = 0; }

 private:
  std::uint64_t left_ = 0;   ///< in the segment where the next line goes
  std::uint64_t size_ = 0;   ///< of that segment
  std::uint64_t spare_ = 0;  ///< size of the one behind it; 0: there is none
  std::uint64_t owed_ = 0;   ///< closed lines that are still to come
};

}  // namespace sallyport::audit
