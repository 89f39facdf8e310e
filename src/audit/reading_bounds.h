// How a reading of the record is bounded: segments that are too old are not opened, and whoever
// asked may have it end. Values of one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::audit {

/// Asked now and then on the reader's thread; false: nobody wants the answer any more. Empty: the
/// reading goes on to its end.
using GoOn = std::function<bool()>;

/// The error of a reading that was told to end.
inline constexpr std::string_view kReadingEnded = "audit.reading_ended";
[[nodiscard]] std::unexpected<Error> reading_ended();

/// Asks for each segment and every few thousand lines; once told to end, it stays so.
class Patience {
 public:
  explicit Patience(GoOn go_on) : go_on_(std::move(go_on)) {}
  [[nodiscard]] bool for_segment() {
    ended_ = ended_ || (go_on_ && !go_on_());
    return !ended_;
  }
  [[nodiscard]] bool for_line() {
    if (++lines_ % kLines != 0) return !ended_;
    return for_segment();
  }
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  static constexpr std::uint64_t kLines = 4096;
  GoOn go_on_;
  std::uint64_t lines_ = 0;
  bool ended_ = false;
};

/// The time of a UUIDv7, or the earliest of those that begin so: eight characters at least. Nothing
/// for anything else.
[[nodiscard]] std::optional<WallTime> time_of_uuid7(std::string_view id);
/// Nothing about this id is older, whatever the clock did within a day; empty: not known.
[[nodiscard]] std::string earliest_of(std::string_view id, WallTime now);
/// All of the file is older: nothing in it is newer than the file. Of an empty time nothing is.
[[nodiscard]] bool older_than(const std::filesystem::path& path, std::string_view since);

}  // namespace sallyport::audit
