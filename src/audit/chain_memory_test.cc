// A chain without memory: what it keeps to itself, and what ends the process.
#include "audit/chain_fixture.h"
#include "base/failing_allocator.h"
#include "base/replaces_new.h"

#ifndef SALLYPORT_UNDER_TSAN
namespace sallyport::audit {
namespace {

class ChainMemory : public ChainFixture {
 protected:
  // Appends without writing until the lines that wait need more memory than there is.
  std::size_t append_until_it_throws() {
    for (std::size_t appended = 0; appended < 1000; ++appended) {
      const std::string id = request_id(number + 1);
      const Opened record = opened(id, now());
      allocations.until_failure = 1;
      bool taken = false;
      bool thrown = false;
      try {
        taken = chain->append_opened(record);
      } catch (const std::bad_alloc&) {
        thrown = true;
      }
      allocations.until_failure = 0;
      if (thrown) return appended;
      EXPECT_TRUE(taken);
      ++number;
      open.push_back(chain->appended_sequence());
    }
    ADD_FAILURE() << "it needs no memory";
    return 0;
  }

  unsigned number = 0;
  std::vector<std::uint64_t> open;
};

TEST_F(ChainMemory, ALineIsAppendedWholeOrNotAtAll) {
  start(1 << 20);
  for (int round = 0; round < 3; ++round) {
    EXPECT_GT(append_until_it_throws(), 10U);
    // And with memory it goes on.
    ASSERT_TRUE(chain->append_opened(opened(request_id(++number), now())));
    open.push_back(chain->appended_sequence());
  }
  for (std::size_t i = 0; i < open.size(); ++i) {
    chain->append_closed(closed(request_id(static_cast<unsigned>(i + 1)), open[i], now()));
  }
  ASSERT_TRUE(chain->flush());
  const auto lines = lines_of(folder.path(), *chain);  // each line and hash is looked at on the way
  EXPECT_EQ(count_of(lines, R"("type":"opened")"), open.size());
  EXPECT_EQ(count_of(lines, R"("type":"closed")"), open.size());
}

// On purpose: the end of a request that cannot be kept is written by the next start.
TEST_F(ChainMemory, AClosedLineThatCannotBeKeptEndsTheProcess) {
  start(1 << 20);
  append_until_it_throws();
  EXPECT_DEATH(
      {
        for (auto sequence : open) {
          const std::string id = request_id(1);
          const Closed record = closed(id, sequence, now());
          allocations.until_failure = 1;
          chain->append_closed(record);
          allocations.until_failure = 0;
        }
      },
      "bad_alloc");
}

}  // namespace
}  // namespace sallyport::audit
#endif  // SALLYPORT_UNDER_TSAN
