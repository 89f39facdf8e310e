// Reads an audit directory without a lock: its chains, which of them are live, and their lines,
// piece by piece. Works beside a process that writes. Any thread.
// Errors: audit.directory (not readable), audit.segment (a file of it is not, or is gone).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/line_splitter.h"
#include "audit/segment_name.h"
#include "base/result.h"

namespace sallyport::audit {

struct SegmentFile {
  std::filesystem::path path;
  SegmentName name;
};

struct ChainFiles {
  std::string instance;
  std::string worker;
  std::vector<SegmentFile> segments;  ///< by number
  bool live = false;                  ///< a process writes it

  [[nodiscard]] std::string name() const { return instance + "-" + worker; }
  [[nodiscard]] bool main() const { return worker == "main"; }
};

/// Sorted by the time in the name of the first segment.
[[nodiscard]] Result<std::vector<ChainFiles>> list_chains(const std::filesystem::path& directory);

/// Gives each complete line to `sink` until it returns false.
using LineSink = std::function<bool(std::string_view line)>;
[[nodiscard]] Result<LineSplitter> read_segment(const std::filesystem::path& path,
                                                const LineSink& sink);

struct SegmentRead {
  LineSplitter lines;
  bool last = true;  ///< no later segment of the chain has anything in it
};
/// The same for a segment of a chain that may be written meanwhile. The reading of the chain ends
/// with the `last` segment: by now a later one may have lines, that follow lines not seen in this.
[[nodiscard]] Result<SegmentRead> read_segment(const ChainFiles& chain, std::size_t index,
                                               const LineSink& sink);

/// The last line of a segment that ends with one, read from the end; empty if it ends otherwise.
[[nodiscard]] Result<std::string> read_last_line(const std::filesystem::path& path);

}  // namespace sallyport::audit
