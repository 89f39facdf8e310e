#include "audit/verify.h"

#include <gtest/gtest.h>

#include <thread>

#include "audit/reader.h"
#include "audit/recovery.h"
#include "audit/test_bench.h"
#include "base/encoding.h"

namespace sallyport::audit {
namespace {

// Two processes, one after the other: the first with an ended, an open and a refused request, the
// second, which closed the open one, ended properly.
class VerifyTest : public testing::Test {
 protected:
  void SetUp() override {
    run(1, [&](Chain& chain, WallTime now) {
      auto id = request_id(1);
      ASSERT_TRUE(chain.append_opened(opened(id, now)));
      chain.append_closed(closed(id, chain.appended_sequence(), now));
      ASSERT_TRUE(chain.append_opened(opened(request_id(2), now)));
      ASSERT_TRUE(chain.flush());
    });
    first_ = files();
    run(2, [](Chain& chain, WallTime now) { ASSERT_TRUE(chain.close(now)); });
    for (const auto& file : files()) {
      if (std::ranges::find(first_, file) == first_.end()) second_.push_back(file);
    }
    ASSERT_EQ(first_.size(), 2U);
    ASSERT_EQ(second_.size(), 2U);
  }

  template <typename Work>
  void run(std::uint64_t seed, Work work) {
    Process process(folder.path(), 16 << 10, seed);
    process.clock.advance(std::chrono::seconds(seed));
    Recovered recovered;
    auto main = begin_main_chain(process.parts(), recovered);
    ASSERT_TRUE(main);
    auto chain = Chain::create(process.parts(), "0");
    ASSERT_TRUE(chain);
    work(**chain, process.clock.wall());
    if (seed == 2) {
      ASSERT_TRUE((*main)->close(process.clock.wall()));
    }
  }

  std::vector<std::filesystem::path> files() {
    std::vector<std::filesystem::path> paths;
    for (const auto& chain : chains_in(folder.path())) {
      for (const auto& segment : chain.segments) paths.push_back(segment.path);
    }
    return paths;
  }
  // In place: a file that is cut and written anew is put on the disk at once by some file systems.
  void poke(const std::filesystem::path& path, std::size_t at, char byte) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  }
  VerifyReport check() {
    auto report = verify(folder.path());
    EXPECT_TRUE(report);
    return std::move(*report);
  }
  std::filesystem::path worker_file(const std::vector<std::filesystem::path>& paths) {
    return *std::ranges::find_if(paths, [](const auto& path) {
      return path.string().find("-0-000001") != std::string::npos;
    });
  }
  bool has(const VerifyReport& report, std::string_view code) {
    return std::ranges::any_of(report.findings,
                               [&](const Finding& finding) { return finding.code == code; });
  }

  TestFolder folder;
  std::vector<std::filesystem::path> first_;
  std::vector<std::filesystem::path> second_;
};

TEST_F(VerifyTest, AnUntouchedRecordIsIntact) {
  auto report = check();
  EXPECT_TRUE(report.intact()) << report.findings[0].code << report.findings[0].found;
  ASSERT_EQ(report.chains.size(), 4U);
  EXPECT_EQ(report.chains[0].requests, 2U);
  EXPECT_EQ(report.chains[0].interrupted, 1U);
  EXPECT_EQ(report.lines, 4U + 2U + 4U + 2U);
}

// The promise of the chain, and of the head that a later start names: not one byte of what an
// earlier process wrote can be other than it was.
TEST_F(VerifyTest, FindsEveryFlippedByteOfAnEarlierProcess) {
  for (const auto& file : first_) {
    auto original = slurp(file);
    for (std::size_t i = 0; i < original.size(); ++i) {
      poke(file, i, static_cast<char>(original[i] ^ (i % 2 == 0 ? 1 : 0x20)));
      EXPECT_FALSE(check().intact()) << file << " byte " << i;
      poke(file, i, original[i]);
    }
  }
  EXPECT_TRUE(check().intact());
}

// Of the newest process nothing vouches for the last line yet.
TEST_F(VerifyTest, FindsEveryFlippedByteOfTheNewestProcessButInItsLastLines) {
  for (const auto& file : second_) {
    auto original = slurp(file);
    auto last = original.rfind('\n', original.size() - 2);
    for (std::size_t i = 0; i < last; ++i) {
      poke(file, i, static_cast<char>(original[i] ^ 1));
      EXPECT_FALSE(check().intact()) << file << " byte " << i;
      poke(file, i, original[i]);
    }
  }
}

TEST_F(VerifyTest, NamesFileLineExpectedAndFoundHash) {
  auto file = worker_file(first_);
  auto text = slurp(file);
  auto at = text.find("claude-sonnet-5");
  text.replace(at, 15, "claude-haiku-45");
  spill(file, text);
  auto report = check();
  ASSERT_EQ(report.findings.size(), 1U);
  const auto& finding = report.findings[0];
  EXPECT_EQ(finding.code, "line.hash");
  EXPECT_EQ(finding.file, file.filename().string());
  EXPECT_EQ(finding.line, 3U);
  auto second = text.find('\n') + 1;
  auto end = text.find('\n', second);
  EXPECT_EQ(finding.expected, to_hex(sha256(text.substr(second, end - second))));
  EXPECT_EQ(finding.found.size(), 64U);
  EXPECT_NE(text.find(finding.found), std::string::npos);
}

TEST_F(VerifyTest, FindsLinesThatWereTakenOut) {
  auto file = worker_file(first_);
  auto original = slurp(file);
  std::vector<std::size_t> starts{0};
  for (std::size_t at = 0; (at = original.find('\n', at)) != std::string::npos;) {
    starts.push_back(++at);
  }
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    auto changed = original;
    changed.erase(starts[i], starts[i + 1] - starts[i]);
    spill(file, changed);
    EXPECT_FALSE(check().intact()) << "line " << i + 1;
    spill(file, original.substr(0, starts[i]));
    EXPECT_FALSE(check().intact()) << "cut before line " << i + 1;
  }
}

TEST_F(VerifyTest, FindsChainsAndSegmentsThatWereTakenAway) {
  for (const auto& file : first_) {
    auto text = slurp(file);
    std::filesystem::remove(file);
    EXPECT_TRUE(has(check(), "chain.missing"));
    spill(file, text);
  }
  auto file = worker_file(first_);
  auto renamed = file.string();
  renamed.replace(renamed.find("-000001"), 7, "-000002");
  std::filesystem::rename(file, renamed);
  EXPECT_TRUE(has(check(), "segment.missing"));
}

TEST_F(VerifyTest, FindsAFileThatClaimsToBeAnotherChain) {
  auto file = worker_file(first_);
  auto renamed = file.string();
  renamed.replace(renamed.find("-0-000001"), 9, "-1-000001");
  std::filesystem::copy(file, renamed);
  EXPECT_TRUE(has(check(), "line.foreign"));
}

TEST_F(VerifyTest, FindsAChainThatNoLaterStartNames) {
  auto file = worker_file(first_);
  auto text = slurp(file);
  auto renamed = file.string();
  renamed.replace(renamed.find("-0-000001"), 9, "-1-000001");
  // A chain of one process slipped in afterwards, in itself unbroken.
  auto start = text.substr(0, text.find('\n') + 1);
  start.replace(start.find(R"("worker":"0")"), 12, R"("worker":"1")");
  spill(renamed, start);
  EXPECT_TRUE(has(check(), "chain.unnamed"));
}

TEST_F(VerifyTest, ZeroFillIsNormalAndAnythingBehindItIsNot) {
  auto file = worker_file(first_);
  auto text = slurp(file);
  spill(file, text + std::string(3 << 20, '\0'));
  EXPECT_TRUE(check().intact());
  spill(file, text + std::string(3 << 20, '\0') + "x");
  EXPECT_TRUE(has(check(), "segment.gap"));
  spill(file, text.substr(0, 100) + std::string(50, '\0') + text.substr(150));
  EXPECT_TRUE(has(check(), "segment.gap"));
}

TEST_F(VerifyTest, ASegmentWhoseBeginningWasWipedIsNoSpareOne) {
  auto next = worker_file(second_).string();
  next.replace(next.find("-000001"), 7, "-000002");
  spill(next, std::string(10, '\0') + "{}\n");
  EXPECT_TRUE(has(check(), "segment.gap"));
}

TEST_F(VerifyTest, AnIncompleteLineIsTornAtTheEndAndAGapBeforeIt) {
  auto file = worker_file(second_);
  auto text = slurp(file);
  spill(file, text + R"({"seq":)");
  auto report = check();
  EXPECT_TRUE(report.intact());
  EXPECT_TRUE(std::ranges::any_of(report.chains, &ChainReport::torn));
  auto next = file.string();
  next.replace(next.find("-000001"), 7, "-000002");
  spill(next, std::string(1000, '\0'));
  EXPECT_TRUE(check().intact()) << "a spare segment without a line is none";
  spill(next, "{\n");
  EXPECT_TRUE(has(check(), "line.incomplete"));
}

TEST_F(VerifyTest, AnOverlongLineIsNoRecord) {
  auto file = worker_file(second_);
  spill(file, slurp(file) + std::string(kMaxLineBytes + 1, 'x') + "\n");
  EXPECT_TRUE(has(check(), "line.too_long"));
}

TEST_F(VerifyTest, SaysWhenNothingCanBeSaid) {
  auto missing = verify(folder.path() / "nowhere");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, "audit.directory");
  TestFolder empty;
  EXPECT_TRUE(verify(empty.path())->intact());
}

TEST_F(VerifyTest, KeepsItsFindingsBounded) {
  auto file = worker_file(second_);
  std::string text = slurp(file);
  for (int i = 0; i < 1000; ++i) text += "{}\n";
  spill(file, text);
  auto report = check();
  EXPECT_EQ(report.findings.size(), VerifyReport::kMaxFindings);
  EXPECT_GT(report.more_findings, 800U);
}

// Beside a process that writes as fast as it can, through many segments.
TEST_F(VerifyTest, ReadsBesideAWriterWithoutFalseAlarm) {
  Process process(folder.path(), 128 << 10, 3);
  process.clock.advance(std::chrono::seconds(3));
  Recovered recovered;
  auto main = begin_main_chain(process.parts(), recovered);
  auto chain = std::move(*Chain::create(process.parts(), "0"));
  std::atomic<bool> written{false};
  std::thread writer([&] {
    for (unsigned i = 0; i < 3000; ++i) {
      auto id = request_id(i);
      if (!chain->append_opened(opened(id, process.clock.wall()))) continue;
      auto sequence = chain->appended_sequence();
      (void)chain->flush();
      chain->append_closed(closed(id, sequence, process.clock.wall()));
      (void)chain->flush();
    }
    written = true;
  });
  int rounds = 0;
  for (bool more = true; more; ++rounds) {
    more = !written;
    auto report = check();
    EXPECT_TRUE(report.intact()) << report.findings[0].code << " " << report.findings[0].file << ":"
                                 << report.findings[0].line;
  }
  writer.join();
  EXPECT_GT(rounds, 1);
}

}  // namespace
}  // namespace sallyport::audit
