#include "base/enum_count.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sallyport {
namespace {

enum class Hidden : std::uint8_t { kOne, kTwo2 };  // its name begins with a bracket

TEST(EnumCount, CountsTheValuesThatHaveNames) {
  enum class Colour : std::uint8_t { kRed, kGreen, kBlue };
  enum class Nothing : std::uint8_t {};
  EXPECT_EQ(enum_count<Colour>, 3U);
  EXPECT_EQ(enum_count<Nothing>, 0U);
  EXPECT_EQ(enum_count<Hidden>, 2U);
}

}  // namespace
}  // namespace sallyport
