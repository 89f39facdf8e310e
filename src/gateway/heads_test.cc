#include "gateway/heads.h"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

constexpr http::Field kVersion{"anthropic-version", "2023-06-01"};

http::RequestHead request_with(std::vector<http::Field> fields) {
  http::RequestHead head;
  head.fields = std::move(fields);
  return head;
}

http::ResponseHead response_with(std::vector<http::Field> fields) {
  http::ResponseHead head;
  head.fields = std::move(fields);
  return head;
}

TEST(Heads, KeepEveryCredentialOfThePersonHere) {
  std::string out;
  std::vector<std::string> extra{"x-corp-token"};
  append_request_fields(out,
                        request_with({{"Authorization", "Bearer canary"},
                                      {"X-API-Key", "canary"},
                                      {"API-KEY", "canary"},
                                      {"cookie", "canary"},
                                      {"Proxy-Authorization", "canary"},
                                      {"X-Corp-Token", "canary"},
                                      {"anthropic-version", "2026-10-21"}}),
                        extra, {}, kVersion);
  EXPECT_EQ(out, "anthropic-version: 2026-10-21\r\n");
}

TEST(Heads, DropTheListAndNothingElseTowardsTheProvider) {
  std::string out;
  append_request_fields(out,
                        request_with({{"Host", "a"},
                                      {"Connection", "keep-alive, X-Hop"},
                                      {"X-Hop", "1"},
                                      {"Keep-Alive", "5"},
                                      {"TE", "trailers"},
                                      {"Trailer", "x"},
                                      {"Upgrade", "h2c"},
                                      {"Transfer-Encoding", "chunked"},
                                      {"Content-Length", "3"},
                                      {"Expect", "100-continue"},
                                      {"Accept-Encoding", "gzip"},
                                      {"Forwarded", "for=1"},
                                      {"X-Forwarded-For", "1"},
                                      {"X-Forwarded-Client-Cert", "1"},
                                      {"Via", "1.1 a"},
                                      {"X-MS-CLIENT-PRINCIPAL-NAME", "eve"},
                                      {"X-Claude-Code-Session-Id", "s"},
                                      {"X-Request-Id", "theirs"},
                                      {"anthropic-beta", "a,b"},
                                      {"Anthropic-Unknown", "kept"},
                                      {"x-app", "cli"},
                                      {"X-Stainless-OS", "Linux"},
                                      {"traceparent", "00-1"}}),
                        {}, {}, kVersion);
  EXPECT_EQ(out,
            "anthropic-beta: a,b\r\nAnthropic-Unknown: kept\r\nx-app: cli\r\nX-Stainless-OS: "
            "Linux\r\ntraceparent: 00-1\r\nanthropic-version: 2023-06-01\r\n");
}

TEST(Heads, CannotBeMadeToDropAnotherFieldThanTheConnectionNames) {
  std::string out;
  append_request_fields(
      out, request_with({{"Connection", "close"}, {"anthropic-version", "1"}, {"Close", "x"}}), {},
      {}, kVersion);
  EXPECT_EQ(out, "anthropic-version: 1\r\nClose: x\r\n");
}

TEST(Heads, DropTheSharedAccountTowardsTheClient) {
  http::AnswerHead out(200);
  append_response_fields(out, response_with({{"Content-Type", "application/json"},
                                             {"Set-Cookie", "a=b"},
                                             {"anthropic-ratelimit-requests-limit", "1"},
                                             {"Anthropic-Organization-Id", "o"},
                                             {"anthropic-workspace-id", "w"},
                                             {"anthropic-fast-input-tokens-limit", "1"},
                                             {"X-Request-Id", "theirs"},
                                             {"Connection", "close"},
                                             {"Content-Length", "3"},
                                             {"Transfer-Encoding", "chunked"},
                                             {"request-id", "req_1"},
                                             {"apim-request-id", "a"},
                                             {"retry-after", "3"},
                                             {"x-should-retry", "true"},
                                             {"anthropic-new", "kept"}}));
  EXPECT_EQ(out.lines(),
            "Content-Type: application/json\r\nrequest-id: req_1\r\napim-request-id: "
            "a\r\nretry-after: 3\r\nx-should-retry: true\r\nanthropic-new: kept\r\n");
}

TEST(RequestFields, OfAKindsOwnStayHere) {
  http::RequestHead head;
  head.fields = {{"Anthropic-Beta", "b-1"}, {"x-app", "cli"}};
  std::string out;
  const std::string_view dropped[] = {"anthropic-beta"};
  append_request_fields(out, head, {}, "", {}, dropped);
  EXPECT_EQ(out, "x-app: cli\r\n");
}

}  // namespace
}  // namespace sallyport::gateway
