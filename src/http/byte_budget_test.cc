#include "http/byte_budget.h"

#include <gtest/gtest.h>

namespace sallyport::http {
namespace {

TEST(ByteBudget, IsHeldByItsSharesAndComesBackWithThem) {
  ByteBudget budget(100);
  {
    BudgetShare one(budget);
    BudgetShare other(budget);
    EXPECT_TRUE(one.take(30));
    EXPECT_TRUE(one.hold(60));
    EXPECT_FALSE(other.hold(41));
    EXPECT_TRUE(other.hold(40));
    EXPECT_FALSE(one.hold(61));
    EXPECT_EQ(budget.used(), 100U);
    EXPECT_TRUE(one.hold(10));
    EXPECT_EQ(budget.used(), 50U);
    EXPECT_TRUE(other.take(50));
  }
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace sallyport::http
