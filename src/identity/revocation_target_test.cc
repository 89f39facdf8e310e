#include "identity/revocation_target.h"

#include <gtest/gtest.h>

#include <vector>

namespace sallyport::identity {
namespace {

const std::vector<std::string> kIssuers{"contoso", "okta"};
constexpr std::string_view kAda =
    "contoso/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/2e6a7c31-9d04-4b7f-a6e8-50c1d2f3a4b7";

std::optional<std::string> key_of(std::string_view text) {
  auto key = principal_key(text, kIssuers);
  EXPECT_TRUE(key) << text;
  return key ? *key : std::nullopt;
}

TEST(RevocationTarget, ReadsAPersonAsRecordsWriteIt) {
  EXPECT_EQ(key_of(kAda), kAda);
  EXPECT_EQ(key_of("contoso/5B1F0E7A-3C52-4D8E-9A41-7D20C6E1B9F4/"
                   "2E6A7C31-9D04-4B7F-A6E8-50C1D2F3A4B7"),
            kAda);
  EXPECT_EQ(key_of("okta/00u1abc"), "okta//00u1abc");
  EXPECT_EQ(key_of("okta//00u1abc"), "okta//00u1abc");
  EXPECT_EQ(key_of("okta/auth0|a/b"), "okta//auth0|a/b");
}

TEST(RevocationTarget, LeavesNamesAndAddressesToTheNameTable) {
  EXPECT_EQ(key_of("Ada Byron"), std::nullopt);
  EXPECT_EQ(key_of("ada@contoso.example"), std::nullopt);
  EXPECT_EQ(key_of("fabrikam/t/ada"), std::nullopt);
}

TEST(RevocationTarget, RefusesHalfANameOfAPerson) {
  for (std::string_view text :
       {"contoso/", "contoso//", "contoso/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/ada",
        "contoso/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/"}) {
    auto key = principal_key(text, kIssuers);
    ASSERT_FALSE(key) << text;
    EXPECT_EQ(key.error().code, "revocation.user_form");
  }
}

}  // namespace
}  // namespace sallyport::identity
