// Follows one chain line by line: hash, sequence, identity, and which requests are open. Pure.
// Used by `audit verify` from the first line on and by a recovery from the middle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "audit/line.h"
#include "audit/line_hash.h"

namespace sallyport::audit {

/// The code of a line that is no record.
inline constexpr std::string_view kLineMalformed = "line.malformed";

struct Break {
  std::string_view code;  ///< stable: line.malformed, line.hash, ...
  std::string expected;
  std::string found;
};

class ChainCheck {
 public:
  /// `whole`: the first line to come is the chain's first; otherwise it is taken as it is.
  ChainCheck(std::string_view instance, std::string_view worker, bool whole);

  /// The next line; nothing if it follows from what came before. After a break the check goes on
  /// from the line that broke, so that one change is found once or twice, not a thousand times.
  std::optional<Break> next(std::string_view text);
  /// The facts of the line that next() saw last; not if it was malformed.
  [[nodiscard]] const Line& line() const { return line_; }

  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  [[nodiscard]] std::string hash() const { return std::string(hash_, sizeof hash_); }
  /// Requests that are open, with the sequence of their opened line.
  [[nodiscard]] const std::unordered_map<std::string, std::uint64_t>& open() const { return open_; }

 private:
  [[nodiscard]] std::optional<Break> check_place() const;
  [[nodiscard]] std::optional<Break> follow_request();

  const std::string instance_;
  const std::string worker_;
  bool started_;  ///< hash_ and sequence_ say what the next line must follow
  LineHasher hasher_;
  char hash_[LineHasher::kHexSize];
  std::uint64_t sequence_ = 0;
  std::uint64_t first_ = 0;  ///< from the middle: what was opened before this was not seen
  Line line_;
  std::unordered_map<std::string, std::uint64_t> open_;
};

}  // namespace sallyport::audit
