// What a chain does when the disk is full, fails, or forgets.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audit/chain_fixture.h"

namespace sallyport::audit {
namespace {

struct SmallDisk {
  explicit SmallDisk(std::filesystem::path where)
      : path(std::move(where)),
        mounted(::mount("none", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
                        "size=256k,mode=0700") == 0) {}
  ~SmallDisk() {
    if (mounted) ::umount2(path.c_str(), MNT_DETACH);
  }
  std::filesystem::path path;
  bool mounted;
};

class ChainFailureTest : public ChainFixture {};

TEST_F(ChainFailureTest, AFullDiskStopsAdmissionAndNotTheEndsOfWhatRuns) {
  process.emplace(folder.path(), 64 << 10);
  process->disk.room = 64 << 10;  // one segment, no spare
  auto made = Chain::create(process->parts(), "0");
  ASSERT_TRUE(made);
  chain = std::move(*made);
  std::vector<std::pair<std::string, std::uint64_t>> running;
  unsigned number = 0;
  for (; number < 1000; ++number) {
    auto id = request_id(number);
    if (!chain->append_opened(opened(id, now()))) break;
    running.emplace_back(id, chain->appended_sequence());
    if (number % 4 == 0) {
      ASSERT_TRUE(chain->flush());
    }
  }
  EXPECT_GT(running.size(), 15U);
  EXPECT_LT(running.size(), 64U);
  EXPECT_TRUE(chain->accepting());
  EXPECT_GT(process->instruments.turned_away.value(), 0U);
  std::string nasty(500, '"');
  for (const auto& [id, sequence] : running) {
    auto record = closed(id, sequence, now());
    std::vector<Attempt> attempts(3, Attempt{nasty, nasty, 500, nasty});
    record.attempts = attempts;
    std::vector<ProviderId> nasty_ids(2, ProviderId{"apim_request_id", nasty});
    record.provider_ids = nasty_ids;
    chain->append_closed(record);
    ASSERT_TRUE(chain->flush());
  }
  EXPECT_EQ(count_of(lines_of(folder.path(), *chain), R"("type":"closed")"), running.size());
  // What the ends left over is used again, and room on the disk lets everybody in.
  process->disk.room = 1 << 20;
  EXPECT_TRUE(chain->append_opened(opened(request_id(number), now())));
  ASSERT_TRUE(chain->flush());
}

TEST_F(ChainFailureTest, AFullFileSystemStopsAdmissionAndNotTheEndsOfWhatRuns) {
  SmallDisk disk(folder.path());
  if (!disk.mounted) GTEST_SKIP() << "cannot mount a small file system here";
  start(64 << 10);
  std::vector<std::pair<std::string, std::uint64_t>> running;
  for (unsigned i = 0; i < 10'000; ++i) {
    auto id = request_id(i);
    if (!chain->append_opened(opened(id, now()))) break;
    running.emplace_back(id, chain->appended_sequence());
    ASSERT_TRUE(chain->flush());
    if (i % 2 == 0) continue;
    chain->append_closed(closed(running.back().first, running.back().second, now()));
    running.pop_back();
  }
  EXPECT_LT(running.size(), 200U);
  for (const auto& [id, sequence] : running) chain->append_closed(closed(id, sequence, now()));
  EXPECT_TRUE(chain->flush());
  EXPECT_TRUE(chain->close(now()));
  auto lines = lines_of(folder.path(), *chain);
  EXPECT_EQ(count_of(lines, R"("type":"opened")"), count_of(lines, R"("type":"closed")"));
}

TEST_F(ChainFailureTest, AFailedWriteIsSaidAndStopsAdmissionUntilItWorksAgain) {
  start();
  process->disk.write_error = EIO;
  auto id = request_id(1);
  ASSERT_TRUE(chain->append_opened(opened(id, now())));
  auto sequence = chain->appended_sequence();
  auto written = chain->flush();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, "audit.disk");
  EXPECT_EQ(chain->written_sequence(), 1U);
  EXPECT_FALSE(chain->accepting());
  EXPECT_FALSE(chain->append_opened(opened(request_id(2), now())));
  EXPECT_FALSE(chain->append_event({"configuration", now(), {}}));
  auto end = closed(id, sequence, now());
  end.outcome = Outcome::kRecordFailed;
  chain->append_closed(end);
  process->disk.write_error = 0;
  EXPECT_FALSE(chain->flush()) << "not before a tenth of a second has passed";
  process->clock.advance(std::chrono::milliseconds(101));
  EXPECT_TRUE(chain->flush());
  EXPECT_TRUE(chain->accepting());
  EXPECT_EQ(chain->written_sequence(), 3U);
  EXPECT_TRUE(chain->append_opened(opened(request_id(3), now())));
  ASSERT_TRUE(chain->flush());
  auto lines = lines_of(folder.path(), *chain);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_NE(lines[2].find(R"("outcome":"record_failed")"), std::string::npos);
}

// At every length at which a write can stop.
TEST_F(ChainFailureTest, AWriteThatStopsAnywhereLeavesAnUnbrokenChain) {
  for (std::int64_t limit = 0; limit < 2600; limit += 61) {
    TestFolder own;
    process.emplace(own.path());
    auto made = Chain::create(process->parts(), "0");
    ASSERT_TRUE(made);
    for (unsigned i = 0; i < 3; ++i) {
      ASSERT_TRUE((*made)->append_opened(opened(request_id(i), now())));
    }
    process->disk.write_limit = limit;
    process->disk.write_error = ENOSPC;
    EXPECT_FALSE((*made)->flush());
    process->clock.advance(std::chrono::milliseconds(101));
    process->disk.write_error = 0;
    ASSERT_TRUE((*made)->flush());
    auto lines = lines_of(own.path(), **made);
    EXPECT_EQ(lines.size(), 4U) << limit;
    chain.reset();
  }
}

TEST_F(ChainFailureTest, AFileThatStaysBadIsLeftForANewSegment) {
  start();
  process->disk.error_of_fd = process->disk.last_fd.load();
  process->disk.write_limit = 1500;  // one line and a half
  process->disk.write_error = EIO;
  for (unsigned i = 0; i < 3; ++i) {
    ASSERT_TRUE(chain->append_opened(opened(request_id(i), now())));
  }
  EXPECT_FALSE(chain->flush());
  EXPECT_EQ(chain->written_sequence(), 2U);
  process->clock.advance(std::chrono::milliseconds(101));
  auto again = chain->flush();
  EXPECT_TRUE(again) << again.error().text();
  EXPECT_EQ(chains_in(folder.path()).front().segments.size(), 2U);
  EXPECT_EQ(lines_of(folder.path(), *chain).size(), 4U);
}

TEST_F(ChainFailureTest, ATornLineThatCannotBeCutOffIsNotLeftBehind) {
  start();
  process->disk.error_of_fd = process->disk.last_fd.load();
  process->disk.write_limit = 500;
  process->disk.write_error = EIO;
  process->disk.truncate_error = EIO;
  ASSERT_TRUE(chain->append_opened(opened(request_id(1), now())));
  EXPECT_FALSE(chain->flush());
  for (int i = 0; i < 3; ++i) {
    process->clock.advance(std::chrono::milliseconds(101));
    EXPECT_FALSE(chain->flush());
  }
  process->disk.truncate_error = 0;
  process->clock.advance(std::chrono::milliseconds(101));
  EXPECT_TRUE(chain->flush());
  EXPECT_EQ(lines_of(folder.path(), *chain).size(), 2U);
}

TEST_F(ChainFailureTest, AFailedSyncEndsAdmissionForGoodButNotTheWriting) {
  start();
  std::vector<std::pair<std::uint64_t, bool>> calls;
  chain->on_synced([&](std::uint64_t sequence, bool ok) { calls.emplace_back(sequence, ok); });
  auto id = request_id(1);
  ASSERT_TRUE(chain->append_opened(opened(id, now())));
  auto sequence = chain->appended_sequence();
  ASSERT_TRUE(chain->flush());
  process->disk.sync_error = EIO;
  chain->request_sync();
  process->disk.sync_error = 0;
  chain->request_sync();  // success now proves nothing about the pages that were lost
  ASSERT_EQ(calls.size(), 2U);
  EXPECT_FALSE(calls[0].second);
  EXPECT_FALSE(calls[1].second);
  EXPECT_EQ(chain->synced_sequence(), 0U);
  EXPECT_FALSE(chain->append_opened(opened(request_id(2), now())));
  chain->append_closed(closed(id, sequence, now()));
  EXPECT_TRUE(chain->flush());
  EXPECT_EQ(lines_of(folder.path(), *chain).size(), 3U);
  EXPECT_FALSE(chain->close(now()));
}

TEST_F(ChainFailureTest, ALimitOnTheFileSizeIsAFullDisk) {
  ::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto limit = before;
  limit.rlim_cur = 1000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  process.emplace(folder.path());
  auto made = Chain::create(process->parts(), "0");
  EXPECT_FALSE(made);
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(made.error().code, "audit.disk");
  EXPECT_EQ(made.error().next_step, "make room on the disk of audit.directory");
  EXPECT_TRUE(chains_in(folder.path()).empty()) << "no file is left behind";
}

}  // namespace
}  // namespace sallyport::audit
