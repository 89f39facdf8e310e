#include "gateway/refusals.h"

#include <gtest/gtest.h>

#include <set>

#include "gateway/provider_error.h"

namespace sallyport::gateway {
namespace {

TEST(Refusals, HaveOneCodeACause) {
  std::set<std::string_view> codes;
  for (int i = 0; i <= static_cast<int>(Cause::kDraining); ++i) {
    EXPECT_TRUE(codes.insert(code(static_cast<Cause>(i))).second) << i;
  }
}

TEST(Refusals, TellTheClientNotToRetryWhatARetryCannotCure) {
  for (const auto& row : identity::all_reasons()) {
    if (row.reason == identity::Reason::kNone) continue;
    auto refusal = refusal_of(row.reason);
    EXPECT_EQ(refusal.retry, row.status == 429 || row.status == 503) << row.code;
    EXPECT_EQ(refusal.authenticate, row.status == 401) << row.code;
  }
  EXPECT_FALSE(refusal_of(Cause::kProviderCredential).retry);
  EXPECT_FALSE(refusal_of(Cause::kCountTokensUnsupported).retry);
  EXPECT_FALSE(refusal_of(Cause::kModelNotConfigured).retry);
  EXPECT_TRUE(refusal_of(Cause::kRecordUnavailable).retry);
}

TEST(Refusals, SayOneSentenceForEvery401) {
  std::set<std::string> sentences;
  for (const auto& row : identity::all_reasons()) {
    if (row.status == 401 && row.reason != identity::Reason::kMissing) {
      sentences.insert(refusal_of(row.reason).message);
    }
  }
  EXPECT_EQ(sentences.size(), 1U);
}

TEST(Refusals, AreWrittenInTheEnvelopeWithTheirHeaders) {
  auto answer = http::write_refusal(refusal_of(identity::Reason::kExpired), "id-1",
                                    "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(answer.head.status(), 401);
  EXPECT_EQ(answer.head.lines(),
            "date: Sun, 06 Nov 1994 08:49:37 GMT\r\ncontent-type: application/json\r\n"
            "cache-control: no-store\r\nx-content-type-options: nosniff\r\nx-request-id: id-1\r\n"
            "x-should-retry: false\r\nwww-authenticate: Bearer error=\"invalid_token\"\r\n");
  EXPECT_TRUE(answer.body.ends_with("\"request_id\":\"id-1\"}")) << answer.body;
}

TEST(ProviderError, KnowsAnthropicsShape) {
  EXPECT_TRUE(is_anthropic_error(
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})"));
  EXPECT_TRUE(is_anthropic_error(
      R"({"error":{"message":"m","type":"api_error"},"request_id":"r","type":"error"})"));
  EXPECT_FALSE(is_anthropic_error(R"({"error":{"code":"401","message":"key"}})"));
  EXPECT_FALSE(is_anthropic_error("<html>"));
  EXPECT_FALSE(is_anthropic_error(R"({"type":"error","error":{"type":"x"}} trailing)"));
}

TEST(ProviderError, TranslatesAzuresShapeAndKeepsStatusAndRetryAfter) {
  auto limit = translate_error(
      429, R"({"error":{"code":"RateLimitReached","message":"deployment contoso-secret"}})", "26");
  EXPECT_EQ(limit.status, 429);
  EXPECT_EQ(limit.type, "rate_limit_error");
  EXPECT_EQ(limit.retry_after, 26);
  EXPECT_TRUE(limit.retry);
  EXPECT_EQ(limit.message.find("contoso"), std::string::npos);
  auto missing =
      translate_error(404, R"({"error":{"code":"DeploymentNotFound","message":"m"}})", "");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.code, "upstream.deployment_not_found");
  EXPECT_FALSE(missing.retry);
  EXPECT_EQ(translate_error(529, "<html>", "x").status, 529);
  EXPECT_EQ(translate_error(500, "", "-1").retry_after, 0);
}

}  // namespace
}  // namespace sallyport::gateway
