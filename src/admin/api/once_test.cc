#include "admin/api/once.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sallyport::admin {
namespace {

using Seen = Once::Seen;

TEST(Once, WhatWasDoneButNotSaidIsNotDoneAgain) {
  FakeClock clock;
  Once once(clock);
  EXPECT_EQ(once.begin("ada", "1", "x").seen, Seen::kNew);
  once.done("ada", "1", refuse(503, {"api.not_recorded", "it was done", ""}));
  auto again = once.begin("ada", "1", "x");
  ASSERT_EQ(again.seen, Seen::kDone);
  ASSERT_TRUE(again.answer && !*again.answer);
  EXPECT_EQ(again.answer->error().error.code, "api.not_recorded");
  once.failed("ada", "1");
  EXPECT_EQ(once.begin("ada", "1", "x").seen, Seen::kNew);
}

TEST(Once, SaysThatItsTableIsFull) {
  FakeClock clock;
  Once once(clock);
  for (std::size_t i = 0; i < Once::kMost; ++i) {
    ASSERT_EQ(once.begin(fmt::format("caller {}", i), "1", "x").seen, Seen::kNew);
  }
  EXPECT_EQ(once.begin("one more", "1", "x").seen, Seen::kFull);
  EXPECT_EQ(once.begin("caller 0", "1", "x").seen, Seen::kRunning);
}

}  // namespace
}  // namespace sallyport::admin
