#include "admin/peer_names.h"

#include <gtest/gtest.h>

namespace sallyport::admin {
namespace {

class Names : public testing::Test {
 protected:
  FakeClock clock;
  int asked = 0;
  PeerNames names{[this](uid_t uid) {
                    ++asked;
                    return uid % 2 == 0 ? "jo" + std::to_string(uid) : std::string();
                  },
                  500, clock};
};

TEST_F(Names, OfRootAndTheOwnUserAreNeverAskedForAgain) {
  EXPECT_EQ(asked, 1) << "its own, when it was made";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(names.of(0), "root (uid 0)");
    EXPECT_EQ(names.of(500), "jo500 (uid 500)");
    clock.advance(PeerNames::kLife);
  }
  EXPECT_EQ(asked, 1);
}

TEST_F(Names, OfOthersAreAskedForOnceInTenMinutes) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(names.of(1004), "jo1004 (uid 1004)");
    EXPECT_EQ(names.of(1005), "uid 1005") << "who has none is remembered, too";
  }
  EXPECT_EQ(asked, 3);
  clock.advance(PeerNames::kLife);
  EXPECT_EQ(names.of(1004), "jo1004 (uid 1004)");
  EXPECT_EQ(asked, 4);
}

TEST_F(Names, AreBounded) {
  for (uid_t uid = 1000; uid < 1000 + PeerNames::kMost + 1; ++uid) {
    clock.advance(std::chrono::milliseconds(1));
    std::ignore = names.of(uid);
  }
  auto before = asked;
  std::ignore = names.of(1001);
  EXPECT_EQ(asked, before);
  std::ignore = names.of(1000);
  EXPECT_EQ(asked, before + 1) << "the oldest made room";
}

}  // namespace
}  // namespace sallyport::admin
