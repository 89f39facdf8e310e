// Where the record is kept and how soon it must be on the disk: the `audit` block.
#pragma once

#include <chrono>
#include <filesystem>

namespace sallyport::audit {

struct Settings {
  std::filesystem::path directory;
  /// 0: `sync: each` (on the disk before the first answer byte); otherwise the interval.
  std::chrono::milliseconds sync{100};
  std::size_t segment_bytes = 64 << 20;  ///< preallocated size of a segment
};

}  // namespace sallyport::audit
