#include "identity/reason.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sallyport::identity {
namespace {

TEST(Reason, EveryOneHasACodeAStatusAndWordsForBothSides) {
  std::set<std::string_view> codes;
  for (const auto& row : all_reasons()) {
    EXPECT_TRUE(codes.insert(row.code).second) << row.code;
    EXPECT_TRUE(row.code.starts_with("token.") || row.code.starts_with("keys.")) << row.code;
    EXPECT_TRUE(row.sentence.ends_with('.')) << row.code;
    if (row.reason == Reason::kNone) continue;
    EXPECT_TRUE(row.status == 401 || row.status == 403 || row.status == 429 || row.status == 503);
    EXPECT_TRUE(row.next_step.ends_with('.')) << row.code;
    EXPECT_TRUE(row.caller_sentence.ends_with('.')) << row.code;
  }
  EXPECT_EQ(codes.size(), kReasonCount);
}

TEST(Reason, TellsTheCallerTheSameForEvery401) {
  for (const auto& row : all_reasons()) {
    if (row.status == 401) {
      EXPECT_EQ(row.caller_sentence, facts(Reason::kMissing).caller_sentence) << row.code;
    }
  }
}

TEST(Reason, KeepsTheCodesThatOthersRelyOn) {
  EXPECT_EQ(code(Reason::kAudienceMismatch), "token.audience_mismatch");
  EXPECT_EQ(code(Reason::kAmbiguousCredentials), "token.ambiguous_credentials");
  EXPECT_EQ(code(Reason::kKeysUnavailable), "keys.unavailable");
  EXPECT_EQ(facts(Reason::kRoleMissing).status, 403);
  EXPECT_EQ(facts(Reason::kKeysUnavailable).status, 503);
}

}  // namespace
}  // namespace sallyport::identity
