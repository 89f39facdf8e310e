// A chain with a process around it, and its lines read back: for the tests of the chain alone.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/chain.h"
#include "audit/chain_check.h"
#include "audit/reader.h"
#include "audit/test_bench.h"

namespace sallyport::audit {

// All lines of the one chain of a worker, checked on the way.
inline std::vector<std::string> lines_of(const std::filesystem::path& path, const Chain& chain) {
  std::vector<std::string> lines;
  auto chains = list_chains(path);
  EXPECT_TRUE(chains);
  for (const auto& files : *chains) {
    if (files.name() != chain.name()) continue;
    ChainCheck check(files.instance, files.worker, true);
    for (const auto& segment : files.segments) {
      auto read = read_segment(segment.path, [&](std::string_view line) {
        auto broken = check.next(line);
        EXPECT_FALSE(broken) << broken->code << " " << line;
        lines.emplace_back(line);
        return true;
      });
      EXPECT_TRUE(read);
      EXPECT_EQ(read->end(), LineSplitter::End::kWhole);
    }
  }
  return lines;
}

inline std::size_t count_of(const std::vector<std::string>& lines, std::string_view what) {
  return static_cast<std::size_t>(std::ranges::count_if(
      lines, [&](const std::string& line) { return line.find(what) != std::string::npos; }));
}

class ChainFixture : public testing::Test {
 protected:
  void start(std::size_t segment_bytes = 64 << 10) {
    process.emplace(folder.path(), segment_bytes);
    ASSERT_TRUE(process->directory) << process->directory.error().text();
    auto made = Chain::create(process->parts(), "0");
    ASSERT_TRUE(made) << made.error().text();
    chain = std::move(*made);
  }
  WallTime now() { return process->clock.wall(); }

  TestFolder folder;
  std::optional<Process> process;
  std::unique_ptr<Chain> chain;
};

}  // namespace sallyport::audit
