#include "base/comma_list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sallyport {
namespace {

std::vector<std::string> elements(std::string_view list) {
  std::vector<std::string> all;
  while (!list.empty()) all.emplace_back(take_element(list));
  return all;
}

using Texts = std::vector<std::string>;

TEST(CommaList, GivesItsElementsWithoutTheSpaceAroundThem) {
  EXPECT_EQ(elements("close"), Texts{"close"});
  EXPECT_EQ(elements(" close\t,keep-alive , x-a b"), (Texts{"close", "keep-alive", "x-a b"}));
}

TEST(CommaList, KeepsEmptyPlacesButNotBehindTheLastComma) {
  EXPECT_EQ(elements(""), Texts{});
  EXPECT_EQ(elements(","), Texts{""});
  EXPECT_EQ(elements("a,,b,"), (Texts{"a", "", "b"}));
  EXPECT_EQ(elements("a, "), (Texts{"a", ""}));
}

TEST(Trim, TakesSpacesAndTabsAlone) {
  EXPECT_EQ(trim(" \ta b\t "), "a b");
  EXPECT_EQ(trim("\na\r"), "\na\r");
  EXPECT_EQ(trim(" \t"), "");
}

}  // namespace
}  // namespace sallyport
