#include "signin/callback.h"

#include <gtest/gtest.h>

namespace sallyport::signin {
namespace {

TEST(Callback, IsReadWithItsEscapes) {
  auto callback = parse_callback("code=a%2Fb&state=s+1&iss=https%3A%2F%2Fi.example&other=x");
  ASSERT_TRUE(callback);
  EXPECT_EQ(callback->code.reveal(), "a/b");
  EXPECT_EQ(callback->state, "s 1");
  EXPECT_EQ(callback->issuer, "https://i.example");
}

TEST(Callback, IsRefusedWhereItCouldBeReadTwoWays) {
  for (std::string_view query : {"code=a&code=b&state=s", "code=a&state=%2", "state=s&state=s"}) {
    auto callback = parse_callback(query);
    ASSERT_FALSE(callback) << query;
    EXPECT_EQ(callback.error(), CallbackFault::kMalformed) << query;
  }
  for (std::string_view query :
       {"", "code=a", "state=s", "code=a&error=b&state=s", "code=&state=s"}) {
    auto callback = parse_callback(query);
    ASSERT_FALSE(callback) << query;
    EXPECT_EQ(callback.error(), CallbackFault::kNoAnswer) << query;
  }
}

TEST(Callback, OfAnotherIssuerIsAMixUp) {
  struct Row {
    std::string_view came;
    bool names_itself;
    bool passes;
  };
  constexpr Row kRows[] = {
      {"", false, true},
      {"", true, false},
      {"https://i.example", false, true},
      {"https://i.example", true, true},
      {"https://evil.example", false, false},
      {"https://i.example/", true, false},
  };
  for (const auto& row : kRows) {
    Callback callback;
    callback.issuer = row.came;
    identity::Discovery provider;
    provider.issuer = "https://i.example";
    provider.names_issuer_in_response = row.names_itself;
    auto checked = check_answering_issuer(callback, provider);
    EXPECT_EQ(checked.has_value(), row.passes) << row.came << " " << row.names_itself;
    if (!checked) EXPECT_EQ(checked.error().code, "sign_in.foreign_answer");
  }
}

}  // namespace
}  // namespace sallyport::signin
