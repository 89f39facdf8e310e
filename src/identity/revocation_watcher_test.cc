#include "identity/revocation_watcher.h"

#include <gtest/gtest.h>

namespace sallyport::identity {
namespace {

using std::chrono::seconds;

constexpr WallTime kNow = WallTime(seconds(1795219200));

TEST(RevocationWatcher, FailOpenLastsUntilTheStalenessLimit) {
  WatcherHealth cut_off{false, kNow - seconds(60), "no route"};
  EXPECT_EQ(lag(cut_off, kNow), seconds(60));
  EXPECT_TRUE(admits(OutageRule::kFailOpen, seconds(60), cut_off, kNow));
  EXPECT_FALSE(admits(OutageRule::kFailOpen, seconds(60), cut_off, kNow + seconds(1)));
}

TEST(RevocationWatcher, FailClosedEndsWithTheConnection) {
  WatcherHealth health{true, kNow - seconds(5), {}};
  EXPECT_TRUE(admits(OutageRule::kFailClosed, seconds(60), health, kNow));
  health.connected = false;
  EXPECT_FALSE(admits(OutageRule::kFailClosed, seconds(60), health, kNow));
  health.connected = true;
  health.heard_up_to = kNow - seconds(61);
  EXPECT_FALSE(admits(OutageRule::kFailClosed, seconds(60), health, kNow));
}

TEST(RevocationWatcher, ASourceWhoseClockIsAheadHasNoNegativeLag) {
  EXPECT_EQ(lag({true, kNow + seconds(9), {}}, kNow), seconds(0));
}

}  // namespace
}  // namespace sallyport::identity
