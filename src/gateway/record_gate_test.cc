#include "gateway/record_gate.h"

#include <functional>
#include <vector>

#include "audit/chain_fixture.h"
#include "audit/sync_thread.h"
#include "gateway/bits.h"
#include "gateway/turn_buffer.h"

namespace sallyport::gateway {
namespace {

using audit::opened;
using audit::request_id;

class Gate : public audit::ChainFixture {
 protected:
  // Appends a line and waits for it on the loop; what written() said.
  bool append_and_wait() {
    bool said = false;
    auto run = [&]() -> Task<void> {
      EXPECT_TRUE(chain->append_opened(opened(request_id(++number), now())));
      said = co_await gate->written(signal);
      loop.stop();
    };
    loop.post([&] { spawn(run()); });
    loop.run();
    return said;
  }
  void SetUp() override {
    start();
    gate.emplace(loop, *chain);
  }

  EventLoop loop;
  Signal signal{loop};
  std::optional<RecordGate> gate;
  unsigned number = 0;
};

TEST_F(Gate, ATurnEndsWithItsLinesWritten) {
  EXPECT_TRUE(append_and_wait());
  EXPECT_FALSE(chain->pending());
  EXPECT_EQ(audit::count_of(audit::lines_of(folder.path(), *chain), R"("type":"opened")"), 1U);
  ASSERT_TRUE(gate->head());
  EXPECT_EQ(gate->head()->sequence, chain->appended_sequence());
}

TEST_F(Gate, ADiskThatTakesNothingIsSaid) {
  process->disk.write_error = EIO;
  EXPECT_FALSE(append_and_wait());
  EXPECT_FALSE(gate->head());
  process->disk.write_error = 0;
  process->clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE(gate->head());
}

TEST_F(Gate, WaitsForTheDiskAndIsCutFromWaiting) {
  process->disk.hold_syncs();
  {
    audit::SyncThread sync(std::chrono::milliseconds(0));
    chain->attach(sync);
    signal.keep(kCut);
    bool said = true;
    auto run = [&]() -> Task<void> {
      EXPECT_TRUE(chain->append_opened(opened(request_id(1), now())));
      bool written = co_await gate->written(signal);
      EXPECT_TRUE(written);
      chain->request_sync();
      loop.post([&] { signal.raise(kCut); });
      said = co_await gate->synced(signal, chain->appended_sequence());
      loop.stop();
    };
    loop.post([&] { spawn(run()); });
    loop.run();
    EXPECT_FALSE(said);
    process->disk.release_syncs();
    gate.reset();
    chain.reset();  // before the thread that works on it
  }
}

// Two exchanges append in one turn: one write(2), and both are told.
TEST_F(Gate, EverybodyOfATurnIsTold) {
  for (bool disk_takes_it : {true, false}) {
    process->disk.write_error = disk_takes_it ? 0 : EIO;
    Signal other{loop};
    std::vector<bool> said;
    auto run = [&](Signal& waits) -> Task<void> {
      EXPECT_TRUE(chain->append_opened(opened(request_id(++number), now())));
      bool written = co_await gate->written(waits);
      said.push_back(written);
      if (said.size() == 2) loop.stop();
    };
    loop.post([&] {
      spawn(run(signal));
      spawn(run(other));
    });
    loop.run();
    EXPECT_EQ(said, (std::vector<bool>{disk_takes_it, disk_takes_it}));
  }
}

// What synced() says of everything that is written by now.
class SyncedGate : public Gate {
 protected:
  void TearDown() override {
    process->disk.release_syncs();
    gate.reset();
    chain.reset();  // before the thread that works on it
  }
  bool append_and_sync(const std::function<void()>& while_it_waits = [] {}) {
    bool said = false;
    auto run = [&]() -> Task<void> {
      EXPECT_TRUE(chain->append_opened(opened(request_id(++number), now())));
      bool written = co_await gate->written(signal);
      EXPECT_TRUE(written);
      chain->request_sync();
      loop.post(while_it_waits);
      said = co_await gate->synced(signal, chain->appended_sequence());
      loop.stop();
    };
    loop.post([&] { spawn(run()); });
    loop.run();
    return said;
  }

  audit::SyncThread sync{std::chrono::milliseconds(0)};
};

TEST_F(SyncedGate, SaysWhenTheDiskHasIt) {
  chain->attach(sync);
  process->disk.hold_syncs();
  EXPECT_TRUE(append_and_sync([&] {
    EXPECT_LT(chain->synced_sequence(), chain->appended_sequence());
    process->disk.release_syncs();
  }));
  EXPECT_EQ(chain->synced_sequence(), chain->appended_sequence());
}

TEST_F(SyncedGate, DoesNotWaitForWhatTheDiskHasAlready) {
  chain->attach(sync);
  ASSERT_TRUE(append_and_sync());
  bool said = false;
  auto run = [&]() -> Task<void> {
    said = co_await gate->synced(signal, chain->synced_sequence());
  };
  loop.post([&] {
    spawn(run());
    EXPECT_TRUE(said);  // without a turn
    loop.stop();
  });
  loop.run();
}

TEST_F(SyncedGate, ADiskThatFailsIsSaidToWhoWaitsAndToWhoComesAfter) {
  chain->attach(sync);
  process->disk.hold_syncs();  // a sync that failed before would let nothing be appended
  EXPECT_FALSE(append_and_sync([&] {
    process->disk.sync_error = EIO;
    process->disk.release_syncs();
  }));
  bool said = true;
  auto run = [&]() -> Task<void> {
    said = co_await gate->synced(signal, chain->appended_sequence());
    loop.stop();
  };
  loop.post([&] { spawn(run()); });
  loop.run();
  EXPECT_FALSE(said);
}

TEST_F(SyncedGate, ASyncOfWhatCameBeforeIsNotEnough) {
  chain->attach(sync);
  ASSERT_TRUE(append_and_sync());
  signal.keep(kCut);
  process->disk.hold_syncs();
  // It is woken by nothing but the cut: the sync that ended was of the line before.
  EXPECT_FALSE(append_and_sync([&] { signal.raise(kCut); }));
}

TEST(TurnBuffer, IsEmptyForTheNextLease) {
  TurnBuffer buffer;
  {
    TurnBuffer::Lease out(buffer);
    out.text() = "of one person";
  }
  TurnBuffer::Lease out(buffer);
  EXPECT_TRUE(out.text().empty());
}

TEST(TurnBuffer, GivesALargeBurstBack) {
  TurnBuffer buffer;
  {
    TurnBuffer::Lease out(buffer);
    out.text().assign(2 * TurnBuffer::kKept, 'x');
  }
  TurnBuffer::Lease out(buffer);
  EXPECT_LT(out.text().capacity(), TurnBuffer::kKept);
}

TEST(TurnBufferDeathTest, HasOneLeaseAtATime) {
  EXPECT_DEATH(
      {
        TurnBuffer buffer;
        TurnBuffer::Lease one(buffer);
        TurnBuffer::Lease other(buffer);
      },
      "leased_");
}

}  // namespace
}  // namespace sallyport::gateway
