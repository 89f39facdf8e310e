#include "audit/chain_room.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "audit/record.h"

namespace sallyport::audit {
namespace {

using Where = ChainRoom::Where;

constexpr std::uint64_t kSegment = 16 << 10;

ChainRoom room_with(std::uint64_t left, std::uint64_t spare, std::uint64_t owed = 0) {
  ChainRoom room;
  room.set_current(left, kSegment);
  room.set_spare(spare);
  for (std::uint64_t i = 0; i < owed; ++i) room.owe();
  return room;
}

TEST(ChainRoom, LetsAnOpenedLineInWhereItsClosedOneFits) {
  EXPECT_EQ(room_with(1000 + kClosedLineBytes, 0).place(1000, 1), Where::kHere);
  EXPECT_EQ(room_with(999 + kClosedLineBytes, 0).place(1000, 1), Where::kNowhere);
  EXPECT_EQ(room_with(999 + kClosedLineBytes, kSegment).place(1000, 1), Where::kHere);
}

// Two halves of a line at the ends of two segments are no room for one.
TEST(ChainRoom, CountsWholeLinesInEachSegment) {
  auto spare = kSegmentLineBytes + 2 * kClosedLineBytes - 1;
  EXPECT_EQ(room_with(100 + kClosedLineBytes - 1, spare).place(100, 2), Where::kNowhere);
  EXPECT_EQ(room_with(100 + kClosedLineBytes, spare).place(100, 2), Where::kHere);
}

TEST(ChainRoom, TakesTheSpareSegmentWhereTheLineDoesNotFitHere) {
  EXPECT_EQ(room_with(99, 0).place(100, 0), Where::kNowhere);
  EXPECT_EQ(room_with(99, kSegment).place(100, 0), Where::kNext);
  EXPECT_EQ(room_with(99, kSegment).place(kSegment, 0), Where::kNowhere);
  EXPECT_EQ(room_with(99, kSegmentLineBytes + 101).place(100, 0), Where::kNext);
  // Its sequence may have one digit more behind the line that begins the segment.
  EXPECT_EQ(room_with(99, kSegmentLineBytes + 100).place(100, 0), Where::kNowhere);
}

TEST(ChainRoom, AsksForASpareBeforeItIsNeeded) {
  EXPECT_FALSE(room_with(kSegment / 2, 0).low());
  EXPECT_TRUE(room_with(kSegment / 2 - 1, 0).low());
  EXPECT_FALSE(room_with(kSegment / 2 - 1, kSegment).low());
  EXPECT_TRUE(room_with(kSegment, 0, kSegment / kClosedLineBytes / 2 + 1).low());
  EXPECT_TRUE(room_with(99, 0).needs_spare(100, 0));
  EXPECT_FALSE(room_with(100, 0).needs_spare(100, 0));
  EXPECT_FALSE(room_with(99, kSegment).needs_spare(100, 0));
}

TEST(ChainRoomDeath, ACheckEndsTheProcessWhereTheSumsWouldBeWrong) {
  auto room = room_with(100, 0);
  EXPECT_DEATH(room.take(101), "");
  EXPECT_DEATH(room.settle(), "");
  EXPECT_DEATH(room.begin_segment(10), "");
}

// The same thing told without arithmetic on counts: segments as they lie one behind the other, and
// the closed lines that are owed put into them one by one.
class Model {
 public:
  explicit Model(std::uint64_t first) : left_{first} {}
  void add_spare(std::uint64_t size) { left_.push_back(size); }
  [[nodiscard]] bool has_spare() const { return left_.size() == 2; }

  // What place() has to say of a line, found by trying it out.
  [[nodiscard]] Where place(std::uint64_t bytes, std::uint64_t owed) const {
    auto here = *this;
    if (here.put(bytes, false)) return here.can_put_closed(owed) ? Where::kHere : Where::kNowhere;
    auto next = *this;
    bool fits = next.put(bytes + 1, true) && next.can_put_closed(owed);
    return fits ? Where::kNext : Where::kNowhere;
  }
  // A later segment begins with a line of this length, which is not known beforehand.
  void begin_segment(std::uint64_t bytes) {
    left_.pop_front();
    left_.front() -= bytes;
  }
  [[nodiscard]] bool put(std::uint64_t bytes, bool may_move_on) {
    if (left_.front() < bytes) {
      if (!may_move_on || left_.size() < 2 || left_[1] < kSegmentLineBytes) return false;
      begin_segment(kSegmentLineBytes);
    }
    if (left_.front() < bytes) return false;
    left_.front() -= bytes;
    return true;
  }

 private:
  [[nodiscard]] bool can_put_closed(std::uint64_t owed) {
    while (owed > 0 && put(kClosedLineBytes, true)) --owed;
    return owed == 0;
  }
  std::deque<std::uint64_t> left_;
};

// One chain as its worker would drive it, with a disk that gives a spare segment now and then.
class Drive {
 public:
  explicit Drive(unsigned seed) : random_(seed), first_(size()), model_(first_) {
    room_.set_current(first_, first_);
  }

  void step() {
    if (!room_.has_spare() && below(4) == 0) {
      auto spare = size();
      room_.set_spare(spare);
      model_.add_spare(spare);
    }
    switch (below(3)) {
      case 0:
        if (append(40 + below(6000), room_.owed() + 1)) room_.owe();
        break;
      case 1:
        (void)append(40 + below(3000), room_.owed());
        break;
      default:
        if (room_.owed() > 0) close();
    }
  }
  /// The disk is full from now on.
  void close_all() {
    while (room_.owed() > 0) close();
  }
  [[nodiscard]] int opened() const { return opened_; }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  std::uint64_t size() { return kSegment + below(3) * 9000; }

  bool append(std::uint64_t bytes, std::uint64_t owed) {
    auto where = room_.place(bytes, owed);
    EXPECT_EQ(where, model_.place(bytes, owed)) << bytes << " " << owed;
    if (where == Where::kNowhere) return false;
    if (where == Where::kNext) {
      auto first_line = 200 + below(kSegmentLineBytes - 199);
      room_.begin_segment(first_line);
      model_.begin_segment(first_line);
      bytes += below(2);  // the digit
    }
    room_.take(bytes);
    EXPECT_TRUE(model_.put(bytes, false));
    if (owed > room_.owed()) ++opened_;
    return true;
  }
  // Its length in the file, the digit counted in, is never more than was set aside.
  void close() {
    room_.settle();
    ASSERT_TRUE(append(300 + below(kClosedLineBytes - 300), 0)) << "an opened line without its end";
  }

  std::mt19937 random_;
  std::uint64_t first_;
  Model model_;
  ChainRoom room_;
  int opened_ = 0;
};

TEST(ChainRoom, EveryOpenedLineHasRoomForItsClosedOneInAThousandRuns) {
  int opened = 0;
  for (unsigned seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    Drive run(seed);
    for (int i = 0; i < 60; ++i) run.step();
    run.close_all();
    opened += run.opened();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(opened, 5000);
}

}  // namespace
}  // namespace sallyport::audit
