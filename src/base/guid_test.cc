#include "base/guid.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Guid, IsThirtyTwoDigitsInFiveGroups) {
  EXPECT_TRUE(is_guid("5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4"));
  EXPECT_TRUE(is_guid("5B1F0E7A-3C52-4D8E-9A41-7D20C6E1B9F4"));
  for (std::string_view text :
       {"", "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f", "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f44",
        "5b1f0e7a03c52-4d8e-9a41-7d20c6e1b9f4", "5b1f0e7a3c524d8e9a417d20c6e1b9f4",
        "{5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4}", "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9fg",
        "5b1f0e7a-3c52-4d8e-9a417-d20c6e1b9f4", "-b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4"}) {
    EXPECT_FALSE(is_guid(text)) << text;
  }
}

}  // namespace
}  // namespace sallyport
