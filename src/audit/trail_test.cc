#include "audit/trail.h"

#include <gtest/gtest.h>

#include <thread>

#include "audit/history.h"
#include "audit/test_bench.h"
#include "audit/verify.h"

namespace sallyport::audit {
namespace {

class TrailTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Trail>> open(std::size_t workers = 2) {
    Settings settings{folder.path() / "audit", std::chrono::milliseconds(1), 256 << 10};
    return Trail::open(settings, {workers, "node-1", &disk}, clock, entropy, metrics);
  }
  TestFolder folder;
  FaultyDisk disk;
  FakeClock clock;
  FakeEntropy entropy;
  Metrics metrics;
};

TEST_F(TrailTest, WorkersAndTheProcessWriteSideBySideAndEndProperly) {
  auto trail = open();
  ASSERT_TRUE(trail) << trail.error().text();
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (std::size_t worker = 0; worker < 2; ++worker) {
    threads.emplace_back([&, worker] {
      auto& chain = (*trail)->worker(worker);
      for (unsigned i = 0; i < 200; ++i) {
        auto id = request_id(static_cast<unsigned>(worker) * 1000 + i);
        while (!chain.append_opened(opened(id, clock.wall()))) std::this_thread::yield();
        auto sequence = chain.appended_sequence();
        EXPECT_TRUE(chain.flush());
        chain.append_closed(closed(id, sequence, clock.wall()));
        EXPECT_TRUE(chain.flush());
      }
    });
  }
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE((*trail)->event({"keys", clock.wall(), {}}));
    });
  }
  for (auto& thread : threads) thread.join();
  (*trail)->side().note("203.0.113.9", "token.missing");
  ASSERT_TRUE((*trail)->close());
  trail->reset();
  auto report = verify(folder.path() / "audit");
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->intact());
  ASSERT_EQ(report->chains.size(), 3U);
  for (const auto& chain : report->chains) {
    auto own = chain.worker == "main" ? 100U + 3U : 400U + 2U;  // start, stop, and `recovered`
    EXPECT_EQ(chain.lines, own + chain.segments - 1) << chain.name;
  }
  EXPECT_FALSE(std::filesystem::is_empty(folder.path() / "audit" / "side"));
  auto again = open();
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->recovered().chains, 3U);
  EXPECT_EQ((*again)->recovered().interrupted, 0U);
}

TEST_F(TrailTest, TakesOverHowSoonAndHowLargeWhileItRuns) {
  auto trail = open();
  ASSERT_TRUE(trail);
  EXPECT_FALSE((*trail)->sync_each());
  Settings next{folder.path() / "audit", std::chrono::milliseconds(0), 16 << 20};
  (*trail)->apply(next);
  EXPECT_TRUE((*trail)->sync_each());
  EXPECT_EQ((*trail)->settings().sync, next.sync);
  EXPECT_EQ((*trail)->settings().segment_bytes, next.segment_bytes);
  next.sync = std::chrono::milliseconds(50);
  (*trail)->apply(next);
  EXPECT_FALSE((*trail)->sync_each());
  EXPECT_EQ((*trail)->settings().sync, next.sync);
  EXPECT_TRUE((*trail)->close());
}

TEST_F(TrailTest, ASecondProcessIsTurnedAway) {
  auto first = open();
  ASSERT_TRUE(first);
  auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "audit.locked");
}

TEST_F(TrailTest, AnEventThatCannotBeWrittenIsSaid) {
  auto trail = open();
  ASSERT_TRUE(trail);
  disk.write_error = EIO;
  auto lost = (*trail)->event({"configuration", clock.wall(), {}});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, "audit.disk");
  disk.write_error = 0;
  clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE((*trail)->event({"keys", clock.wall(), {}}));
  auto rows = read_history(folder.path() / "audit", {});
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->back().outcome, "keys");
  EXPECT_EQ((*rows)[rows->size() - 2].outcome, "configuration") << "it stayed queued";
}

TEST_F(TrailTest, AFullDiskAtTheStartIsAnErrorWithANextStep) {
  disk.room = 300 << 10;  // the main chain and not the worker's
  auto trail = open();
  ASSERT_FALSE(trail);
  EXPECT_EQ(trail.error().code, "audit.disk");
  EXPECT_EQ(trail.error().next_step, "make room on the disk of audit.directory");
}

}  // namespace
}  // namespace sallyport::audit
