#include "gateway/record_gate.h"

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
