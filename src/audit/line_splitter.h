// Cuts the bytes of a segment into lines and judges its end. Pure: fed piece by piece, in order.
//
//   LineSplitter splitter;
//   splitter.feed(bytes, [&](std::string_view line) { ... return true; });
//   splitter.end();
//
// After its last complete line a segment has nothing, or zeros (room that was never used), or the
// beginning of a line and then zeros (`torn`). Anything else is a gap.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/record.h"

namespace sallyport::audit {

class LineSplitter {
 public:
  enum class End : std::uint8_t {
    kWhole,    ///< complete lines, perhaps zero fill behind them
    kTorn,     ///< the last line is incomplete
    kGap,      ///< bytes behind the zero fill
    kTooLong,  ///< a line longer than any that is written
  };

  /// Calls sink(line without its end) for each complete line, until it returns false. The view
  /// lives for the call alone.
  template <typename Sink>
  void feed(std::string_view bytes, Sink&& sink);

  [[nodiscard]] End end() const;
  [[nodiscard]] std::uint64_t lines() const { return lines_; }
  /// Offset behind the last complete line.
  [[nodiscard]] std::uint64_t lines_end() const { return lines_end_; }
  /// Offset behind the last byte that is not zero fill.
  [[nodiscard]] std::uint64_t content_end() const {
    return lines_end_ + (held_ ? 0 : partial_.size());
  }
  /// True once zeros began: only zeros may follow, so a caller who knows that may stop.
  [[nodiscard]] bool in_fill() const { return fill_; }
  /// Forgets what came behind the last complete line; the next feed() begins there again. For a
  /// reader beside a writer, whose zeros may have become lines in between.
  void again();
  /// Nothing more will be looked at: a gap, an over-long line, or the sink has seen enough.
  [[nodiscard]] bool done() const { return stopped_ || gap_ || too_long_; }

 private:
  bool take_line_end(std::string_view& bytes, std::string_view& line);

  std::string partial_;  ///< the beginning of a line whose end has not come yet
  std::uint64_t lines_ = 0;
  std::uint64_t lines_end_ = 0;
  bool held_ = false;  ///< partial_ holds the line that was just given out
  bool fill_ = false;
  bool gap_ = false;
  bool too_long_ = false;
  bool stopped_ = false;
};

template <typename Sink>
void LineSplitter::feed(std::string_view bytes, Sink&& sink) {
  std::string_view line;
  while (!done() && take_line_end(bytes, line)) {
    lines_end_ += line.size() + 1;
    ++lines_;
    if (!sink(line)) stopped_ = true;
  }
}

}  // namespace sallyport::audit
