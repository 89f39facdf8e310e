// Splits a `text/event-stream` body into its events, whatever the chunks it comes in.
//
//   splitter.feed(chunk);
//   while (const StreamEvent* event = splitter.next()) use(*event);
//   ...
//   splitter.finish();  // the body ended: at most one more event comes out of next()
//
// The rules are those of the WHATWG HTML standard, 9.2.6 "Interpreting an event stream": lines end
// with LF, CR or CRLF (also one that is cut between two chunks), a byte order mark may stand at the
// start, lines that start with a colon are comments, one space after the colon of a field is
// dropped, several `data` lines are joined with LF, a blank line ends the event, an event that the
// end of the body cuts off is none.
//
// The `raw` bytes of all events and the unfinished rest are the input again, byte for byte, and
// events do not depend on where the chunks are cut. Pure: no I/O, never fails. Belongs to one
// stream and one thread. An event of more than kMaxEvent bytes is not kept: it comes out as
// `oversized`, without content. No allocation for events that lie inside one chunk on one `data`
// line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sallyport::http {

struct StreamEvent {
  std::string_view raw;   ///< all its bytes with the blank line; empty if oversized
  std::string_view name;  ///< the last `event` field; empty: none, which means "message"
  std::string_view data;  ///< the `data` lines joined with LF; inside `raw` if there is only one
  std::size_t end = 0;    ///< offset in the chunk just past the event
  std::size_t lines = 0;  ///< offset in `raw` of the first line: 3 behind a byte order mark
  unsigned data_lines = 0;
  bool oversized = false;
};

/// Finds line ends from left to right; every byte is searched once for each of the two characters.
class LineEnds {
 public:
  LineEnds() = default;
  explicit LineEnds(std::string_view text) : text_(text) {}
  /// The LF or CR at or behind `at`, which never goes back, or the size of the text.
  [[nodiscard]] std::size_t find(std::size_t at);

 private:
  std::string_view text_;
  std::size_t lf_ = 0;  ///< the first one at or behind the last `at`
  std::size_t cr_ = 0;
  bool searched_ = false;
};

class EventStreamSplitter {
 public:
  static constexpr std::size_t kMaxEvent = std::size_t{1} << 20;

  /// Gives the next bytes of the body. Take all events with next() before the following feed().
  void feed(std::string_view chunk);
  /// The next complete event, or null when the chunk is used up. The event and its views live until
  /// the next call of a function that is not const, but `raw` lives until the next feed().
  const StreamEvent* next();
  /// The body ended. A last event whose blank line is a lone CR comes out of next().
  void finish();

  /// What came of the event that is not complete yet, once next() gave null; lives until the next
  /// feed(). Empty if there is none or it is oversized.
  [[nodiscard]] std::string_view unfinished() const;
  /// What earlier chunks brought of the first event of this one; lives until the next feed(). Also
  /// given for the event that became oversized with this chunk.
  [[nodiscard]] std::string_view carried() const;
  /// The input so far ends with a complete event (or nothing came yet).
  [[nodiscard]] bool between_events() const;

 private:
  /// Where the scan stands in its line. A CR may still be followed by the LF that belongs to it.
  enum class Place : unsigned char { kLineStart, kInLine, kAfterCr, kAfterBlankCr };

  void skip_byte_order_mark();
  [[nodiscard]] std::size_t find_event_end(std::size_t at);
  const StreamEvent* complete(std::size_t end);
  void keep_rest();
  void read_fields();
  [[nodiscard]] std::string& kept() { return kept_[current_]; }

  std::string_view chunk_;
  std::size_t begin_ = 0;  ///< of the current event in the chunk
  std::size_t at_ = 0;     ///< bytes of the chunk before this were looked at
  LineEnds line_ends_;

  // The bytes of the current event from earlier chunks. Two, so that those of the first event of a
  // chunk stay while the rest of the chunk is kept in the other.
  std::string kept_[2];
  unsigned current_ = 0;
  std::size_t kept_size_ = 0;     ///< of the current event, also if it is oversized
  std::size_t carried_size_ = 0;  ///< of the first event of this chunk
  unsigned carried_in_ = 0;

  std::string joined_;  ///< data of several lines
  StreamEvent event_;
  Place place_ = Place::kLineStart;
  unsigned char mark_ = 0;  ///< bytes of the byte order mark that were seen; kNoMark: looked past
  bool first_event_ = true;
  bool oversized_ = false;
  bool finished_ = false;
};

/// Where the byte of `event.data` at `offset` stands in `event.raw`. For events with one `data`
/// line that is simple; with several it reads the lines again.
[[nodiscard]] std::size_t raw_offset(const StreamEvent& event, std::size_t offset);

}  // namespace sallyport::http
