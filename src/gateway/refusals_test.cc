#include "gateway/refusals.h"

#include <gtest/gtest.h>

#include <set>

#include "base/enum_count.h"

namespace sallyport::gateway {
namespace {

using upstream::AnswerFault;

TEST(Refusals, HaveOneCodeACause) {
  std::set<std::string_view> codes;
  for (std::size_t i = 0; i < enum_count<Cause>; ++i) {
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
  for (const auto& one : policy::criteria()) EXPECT_FALSE(refusal_of(one).retry) << one.reason;
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

TEST(ProviderFaults, KeepStatusAndRetryAfterWhereTheySaySomething) {
  auto limit = refusal_of(AnswerFault::kRateLimit, 429, "26");
  EXPECT_EQ(limit.status, 429);
  EXPECT_EQ(limit.type, "rate_limit_error");
  EXPECT_EQ(limit.code, "upstream.error");
  EXPECT_EQ(limit.retry_after, 26);
  EXPECT_TRUE(limit.retry);
  auto missing = refusal_of(AnswerFault::kNoDeployment, 404, "3");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.code, "upstream.deployment_not_found");
  EXPECT_FALSE(missing.retry);
  EXPECT_EQ(refusal_of(AnswerFault::kOverloaded, 529, "x").status, 529);
  EXPECT_EQ(refusal_of(AnswerFault::kError, 500, "-1").retry_after, 0);
  EXPECT_EQ(refusal_of(AnswerFault::kError, 418, "").type, "invalid_request_error");
}

TEST(ProviderFaults, AreAllToldInOurWords) {
  for (auto [fault, status, told, code, retry] :
       {std::tuple(AnswerFault::kCredential, 401, 502, "upstream.credential_refused", false),
        std::tuple(AnswerFault::kCredential, 403, 502, "upstream.credential_refused", false),
        std::tuple(AnswerFault::kNoCountTokens, 404, 501, "count_tokens.unsupported", false),
        std::tuple(AnswerFault::kNoDeployment, 404, 404, "upstream.deployment_not_found", false),
        std::tuple(AnswerFault::kRejected, 422, 422, "upstream.error", false),
        std::tuple(AnswerFault::kTooLarge, 413, 413, "upstream.error", false),
        std::tuple(AnswerFault::kError, 503, 503, "upstream.error", true),
        std::tuple(AnswerFault::kNoAnswer, 302, 502, "upstream.bad_answer", true)}) {
    auto refusal = refusal_of(fault, status, "");
    EXPECT_EQ(refusal.status, told) << code;
    EXPECT_EQ(refusal.code, code);
    EXPECT_EQ(refusal.retry, retry) << code;
  }
  EXPECT_TRUE(refusal_of(AnswerFault::kTooLarge, 413, "")
                  .message.starts_with("capability_rejected: prompt_too_long"));
}

}  // namespace
}  // namespace sallyport::gateway
