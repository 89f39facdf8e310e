// The names of segment files: they sort by time and say to which chain and place they belong.
//
//   20261121T081530.123456Z-<instance, a UUID>-<worker>-<number, six digits or more>.jsonl
//
// Pure. The time is that of the segment's preparation; the order in a chain is the number's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sallyport::audit {

struct SegmentName {
  std::string time;
  std::string instance;
  std::string worker;  ///< "main", "0", "1": lower-case letters and digits, at most 16
  std::uint64_t number = 1;

  [[nodiscard]] std::string chain() const { return instance + "-" + worker; }
};

[[nodiscard]] std::string format_segment_name(WallTime time, std::string_view instance,
                                              std::string_view worker, std::uint64_t number);
/// Nothing for a file that is no segment.
[[nodiscard]] std::optional<SegmentName> parse_segment_name(std::string_view file_name);

[[nodiscard]] bool is_uuid(std::string_view text);

}  // namespace sallyport::audit
