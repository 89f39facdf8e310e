#include "signin/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::signin {
namespace {

using testing::HasSubstr;
using testing::Not;

ProviderRefusal entra(int code, std::string_view name = "invalid_grant") {
  std::string number = std::to_string(code);
  return parse_refusal(R"({"error":")" + std::string(name) + R"(","error_description":"AADSTS)" +
                           number + R"(: Words of Entra.\r\nTrace ID: 1234","error_codes":[)" +
                           number + "]}",
                       400);
}

// Every code of Entra ID that stops people often enough to deserve its own sentence.
TEST(Refusal, EveryKnownCodeOfEntraHasASentenceAndANextStep) {
  for (int code :
       {50011,   7000218, 700016, 700011, 500011,  650057, 50001,  65001, 65004,  90094,  90095,
        65005,   650056,  90009,  50105,  50194,   53000,  53001,  53003, 530032, 530035, 50131,
        50076,   50078,   50079,  50074,  50072,   70043,  700082, 70008, 50173,  50133,  50132,
        50057,   50053,   50055,  70001,  7000112, 54005,  501481, 50147, 70016,  70018,  70019,
        7000215, 7000222, 700027, 50012,  700025,  90055,  50196,  90024, 700022, 70011,  28002}) {
    Error error = explain(entra(code, "made_up"));
    EXPECT_THAT(error.message, Not(testing::StartsWith("the identity provider refused"))) << code;
    EXPECT_THAT(error.message, HasSubstr("AADSTS" + std::to_string(code)));
    EXPECT_THAT(error.message, Not(HasSubstr("Trace ID"))) << "the first line is enough";
    EXPECT_FALSE(error.next_step.empty()) << code;
  }
}

TEST(Refusal, WhatOnlyAPersonCanCureAsksForASignIn) {
  for (int code : {50173, 70043, 700082, 50076}) {
    EXPECT_EQ(explain(entra(code)).code, "sign_in.again") << code;
  }
  EXPECT_EQ(explain(make_refusal("invalid_grant", "")).code, "sign_in.again");
  EXPECT_EQ(explain(make_refusal("interaction_required", "")).code, "sign_in.again");
}

// A new sign-in would not help somebody whom the organization has shut out: say so instead.
TEST(Refusal, ABlockedPersonIsNotSentRoundInCircles) {
  for (int code : {50057, 53003, 50105}) {
    EXPECT_EQ(kind_of(entra(code)), RefusalKind::kOther) << code;
    EXPECT_EQ(explain(entra(code)).code, "provider.refused");
  }
}

TEST(Refusal, KnowsTheNamesOfDeviceCodeFromRfc8628AndFromEntra) {
  EXPECT_EQ(kind_of(make_refusal("authorization_pending", "")), RefusalKind::kPending);
  EXPECT_EQ(kind_of(entra(70016, "authorization_pending")), RefusalKind::kPending);
  EXPECT_EQ(kind_of(make_refusal("slow_down", "")), RefusalKind::kSlowDown);
  EXPECT_EQ(kind_of(make_refusal("expired_token", "")), RefusalKind::kExpired);
  EXPECT_EQ(kind_of(make_refusal("access_denied", "")), RefusalKind::kDeclined);
  EXPECT_EQ(kind_of(make_refusal("authorization_declined", "")), RefusalKind::kDeclined);
  EXPECT_EQ(kind_of(make_refusal("bad_verification_code", "")), RefusalKind::kOther);
}

TEST(Refusal, WhatMayPassIsNotTheEnd) {
  EXPECT_EQ(kind_of(parse_refusal("<html>", 503)), RefusalKind::kTransient);
  EXPECT_EQ(kind_of(parse_refusal("", 429)), RefusalKind::kTransient);
  EXPECT_EQ(kind_of(entra(90024, "temporarily_unavailable")), RefusalKind::kTransient);
  EXPECT_EQ(kind_of(parse_refusal("", 404)), RefusalKind::kOther);
}

TEST(Refusal, KeepsHostileWordsSmallAndPrintable) {
  auto refusal = make_refusal("x\x1b[31m", std::string(5000, 'y') + "\x07");
  Error error = explain(refusal);
  EXPECT_LT(error.message.size(), 800U);
  for (char c : error.message) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
}

}  // namespace
}  // namespace sallyport::signin
