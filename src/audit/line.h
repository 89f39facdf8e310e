// One line of a chain, read back: bytes in, facts or a refusal out. Pure, without allocation but
// the heads' vector. The members that matter here are identifiers that the writer keeps to plain
// ASCII, so an escape in one of them is a refusal.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sallyport::audit {

enum class LineType : std::uint8_t { kOpened, kClosed, kRefused, kAnswered, kEvent, kOther };

struct NamedHead {
  std::string_view chain;
  std::uint64_t sequence = 0;
  std::string_view hash;
};

/// Views into the line's text.
struct Line {
  LineType type = LineType::kOther;
  std::uint64_t sequence = 0;
  std::string_view previous;  ///< 64 lower-case hexadecimal characters
  std::string_view time;
  std::string_view node;
  std::string_view instance;
  std::string_view worker;
  std::string_view id;          ///< of the request; empty in events
  std::string_view event;       ///< its name; empty in others
  std::string_view outcome;     ///< of closed lines
  std::string_view of;          ///< interrupted: the chain that has the opened line
  std::uint64_t opened = 0;     ///< closed, interrupted: sequence of the opened line, 0 if unknown
  std::uint64_t open = 0;       ///< stop: requests that had no end
  std::uint64_t open_from = 0;  ///< segment: the oldest line whose request may be open
  std::vector<NamedHead> heads;

  [[nodiscard]] bool is_event(std::string_view name) const {
    return type == LineType::kEvent && event == name;
  }
  [[nodiscard]] bool interrupted() const {
    return type == LineType::kClosed && outcome == "interrupted";
  }
};

/// False if the text is not one JSON object (RFC 8259, UTF-8) with the members that every line of
/// its type has. `line` is filled anew each time; its vector keeps its memory.
[[nodiscard]] bool parse_line(std::string_view text, Line& line);

}  // namespace sallyport::audit
