#include "gateway/splice.h"

#include <gtest/gtest.h>

#include <string>

namespace sallyport::gateway {
namespace {

std::string joined(const Pieces& pieces) {
  std::string out;
  for (const std::string_view view : pieces.views) out += view;
  EXPECT_EQ(out.size(), pieces.length);
  return out;
}

TEST(Splice, GivesTheTextItselfWhereNothingIsReplaced) {
  const std::string_view text = "unchanged";
  const Pieces pieces = splice(text, {});
  ASSERT_EQ(pieces.views.size(), 1U);
  EXPECT_EQ(pieces.views[0].data(), text.data()) << "no copy";
  EXPECT_EQ(joined(splice("", {})), "");
}

TEST(Splice, ReplacesInsertsAndRemovesAtBothEndsAndBetween) {
  const Splice splices[] = {{0, 1, "A"}, {1, 0, "+"}, {3, 2, ""}, {6, 1, "long one"}};
  EXPECT_EQ(joined(splice("abcdefg", splices)), "A+bcflong one");
}

TEST(SpliceDeathTest, RefusesPlacesThatOverlapOrLieOutside) {
  const Splice overlapping[] = {{0, 3, "x"}, {2, 1, "y"}};
  EXPECT_DEATH((void)splice("abc", overlapping), "");
  const Splice outside[] = {{2, 2, "x"}};
  EXPECT_DEATH((void)splice("abc", outside), "");
}

}  // namespace
}  // namespace sallyport::gateway
