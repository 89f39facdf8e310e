#include "audit/sync_thread.h"

#include <gtest/gtest.h>

#include <thread>

#include "audit/reader.h"
#include "audit/test_bench.h"

namespace sallyport::audit {
namespace {

// What a worker's loop would hear, with somebody to wait for it.
class Ear {
 public:
  std::function<void(std::uint64_t, bool)> callback() {
    return [this](std::uint64_t sequence, bool ok) {
      std::lock_guard lock(mutex_);
      sequence_ = sequence;
      ok_ = ok;
      ++calls_;
      changed_.notify_all();
    };
  }
  // False if the disk failed.
  bool wait_for(std::uint64_t sequence) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return sequence_ >= sequence || !ok_; });
    return ok_;
  }
  int calls() {
    std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t sequence_ = 0;
  bool ok_ = true;
  int calls_ = 0;
};

class SyncThreadTest : public testing::Test {
 protected:
  void start(std::chrono::milliseconds interval, std::size_t segment_bytes = 64 << 10) {
    process.emplace(folder.path(), segment_bytes);
    sync = std::make_unique<SyncThread>(interval);
    auto made = Chain::create(process->parts(), "0");
    ASSERT_TRUE(made);
    chain = std::move(*made);
    chain->on_synced(ear.callback());
    chain->attach(*sync);
  }
  std::uint64_t open(unsigned number) {
    EXPECT_TRUE(chain->append_opened(opened(request_id(number), process->clock.wall())));
    auto sequence = chain->appended_sequence();
    EXPECT_TRUE(chain->flush());
    return sequence;
  }

  TestFolder folder;
  std::optional<Process> process;
  std::unique_ptr<SyncThread> sync;
  std::unique_ptr<Chain> chain;
  Ear ear;
};

TEST_F(SyncThreadTest, PutsWhatIsWrittenOnTheDiskWithoutBeingAsked) {
  start(std::chrono::milliseconds(1));
  auto sequence = open(1);
  EXPECT_TRUE(ear.wait_for(sequence));
  EXPECT_GE(chain->synced_sequence(), sequence);
  EXPECT_EQ(process->instruments.sync_failures.value(), 0U);
}

TEST_F(SyncThreadTest, SaysSyncedAfterTheDiskSaidSoAndNotBefore) {
  start(std::chrono::hours(1));  // so that nothing but the request brings it about
  ear.wait_for(1);
  process->disk.hold_syncs();
  auto sequence = open(1);
  chain->request_sync();
  process->disk.wait_for_held_sync();
  EXPECT_LT(chain->synced_sequence(), sequence);
  process->disk.release_syncs();
  EXPECT_TRUE(ear.wait_for(sequence));
}

TEST_F(SyncThreadTest, AChangedIntervalPutsWhatIsWrittenOnTheDiskAtOnce) {
  start(std::chrono::hours(1));
  ear.wait_for(1);
  auto sequence = open(1);
  EXPECT_LT(chain->synced_sequence(), sequence);
  sync->set_interval(std::chrono::hours(2));  // who waited under the first one waits no hours
  EXPECT_TRUE(ear.wait_for(sequence));
  sync->set_interval(std::chrono::milliseconds(0));
  EXPECT_EQ(sync->interval().count(), 0);
  EXPECT_TRUE(ear.wait_for(open(2)));  // and `each` sweeps without being asked, too
}

TEST_F(SyncThreadTest, OneSyncServesAllWhoAskedWhileAnotherRan) {
  start(std::chrono::milliseconds(0), 1 << 20);
  ear.wait_for(1);
  process->disk.hold_syncs();
  open(1);
  chain->request_sync();
  process->disk.wait_for_held_sync();
  auto before = process->disk.syncs.load();
  std::uint64_t last = 0;
  for (unsigned i = 2; i < 50; ++i) {
    last = open(i);
    chain->request_sync();
  }
  process->disk.release_syncs();
  EXPECT_TRUE(ear.wait_for(last));
  EXPECT_LE(process->disk.syncs - before, 3);
}

TEST_F(SyncThreadTest, TellsThoseWhoWaitThatTheDiskFailed) {
  start(std::chrono::milliseconds(0));
  ear.wait_for(1);
  auto sequence = open(1);
  process->disk.sync_error = EIO;
  chain->request_sync();
  EXPECT_FALSE(ear.wait_for(sequence));
  EXPECT_FALSE(chain->accepting());
}

TEST_F(SyncThreadTest, PreparesTheNextSegmentBeforeTheWorkerNeedsIt) {
  start(std::chrono::milliseconds(1), 32 << 10);
  for (unsigned i = 0; i < 400; ++i) {
    auto id = request_id(i);
    while (!chain->append_opened(opened(id, process->clock.wall()))) std::this_thread::yield();
    auto sequence = chain->appended_sequence();
    ASSERT_TRUE(chain->flush());
    chain->append_closed(closed(id, sequence, process->clock.wall()));
    ASSERT_TRUE(chain->flush());
  }
  auto last = chain->written_sequence();
  EXPECT_TRUE(ear.wait_for(last));
  EXPECT_GT(chains_in(folder.path()).front().segments.size(), 10U);
  EXPECT_TRUE(chain->close(process->clock.wall()));
}

TEST_F(SyncThreadTest, WhoeverListensMayComeAndGoWhileSyncsRun) {
  start(std::chrono::milliseconds(0), 4 << 20);
  for (unsigned i = 0; i < 50; ++i) {
    auto later = std::make_unique<Ear>();
    chain->on_synced(later->callback());
    auto sequence = open(i);
    chain->request_sync();
    if (i % 2 == 0) later->wait_for(sequence);
    chain->on_synced({});
    later.reset();  // a call that came now would be found by the sanitizers
  }
}

TEST_F(SyncThreadTest, SyncsOnlyTheChainsThatWereWritten) {
  start(std::chrono::milliseconds(1));
  auto sequence = open(1);
  ear.wait_for(sequence);
  // A second chain's syncs show that time passes; the first one's has nothing to do in it.
  auto calls = ear.calls();
  auto other = Chain::create(process->parts(), "1");
  ASSERT_TRUE(other);
  Ear second;
  (*other)->on_synced(second.callback());
  (*other)->attach(*sync);
  for (unsigned i = 0; i < 20; ++i) {
    ASSERT_TRUE((*other)->append_opened(opened(request_id(i), process->clock.wall())));
    ASSERT_TRUE((*other)->flush());
    second.wait_for((*other)->written_sequence());
  }
  EXPECT_EQ(ear.calls(), calls);
}

}  // namespace
}  // namespace sallyport::audit
