// The steps of a request that every request takes make nothing on the heap once they are warm:
// counted by an operator new of our own (base/replaces_new.h), on the test's thread.
#include <gtest/gtest.h>

#include "base/failing_allocator.h"
#include "gateway/answer_editor.h"
#include "gateway/body_scanner.h"
#include "gateway/heads.h"
#include "http/message_parser.h"
#include "identity/presented_token.h"
#include "identity/test_tokens.h"
#include "identity/verified_token_cache.h"

#ifndef SALLYPORT_UNDER_TSAN
namespace sallyport::gateway {
namespace {

// What `step` makes once it has run a few times.
template <typename Step>
std::size_t made_by(Step step) {
  for (int i = 0; i < 4; ++i) step();
  const std::size_t before = allocations.made;
  step();
  return allocations.made - before;
}

TEST(Allocations, AreCounted) {
  EXPECT_EQ(made_by([] { ::operator delete(::operator new(1)); }), 1U);
}

TEST(Allocations, ReadingAHeadMakesNone) {
  const std::string bytes = "POST /v1/messages HTTP/1.1\r\nhost: a\r\nauthorization: Bearer " +
                            std::string(1400, 'e') +
                            "\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
  http::RequestParser parser;
  EXPECT_EQ(made_by([&] {
              parser.reset();
              ASSERT_TRUE(parser.feed(bytes).has_value() && parser.done());
            }),
            0U);
}

TEST(Allocations, ATokenSeenBeforeMakesNone) {
  auto snapshot = identity::snapshot_of({identity::entra_settings()});
  const std::string token = identity::signed_token(identity::entra_claims());
  const std::string value = "Bearer " + token;
  auto person = identity::keep(*identity::verify(*snapshot, token, identity::test_time()));
  identity::VerifiedTokenCache cache(100, Sha256{1});
  cache.insert(token, person, *snapshot);
  const std::vector<http::Field> fields{{"authorization", value}, {"x-api-key", "dummy"}};
  EXPECT_EQ(made_by([&] {
              auto found = identity::find_presented_token(fields, {});
              ASSERT_TRUE(found.has_value());
              ASSERT_NE(cache.lookup(*found, *snapshot, identity::test_time()).person, nullptr);
            }),
            0U);
}

TEST(Allocations, ScanningABodyMakesNone) {
  const std::string body = R"({"model":"claude-sonnet-5","max_tokens":1024,"stream":true,)"
                           R"("messages":[{"role":"user","content":")" +
                           std::string(2000, 'w') + R"("}]})";
  EXPECT_EQ(made_by([&] { ASSERT_TRUE(scan_body(body).has_value()); }), 0U);
}

TEST(Allocations, WritingAHeadIntoItsPlaceMakesNone) {
  http::RequestParser parser;
  const std::string bytes =
      "POST /v1/messages HTTP/1.1\r\nhost: a\r\nuser-agent: claude-cli/2.1.329\r\n\r\n";
  ASSERT_TRUE(parser.feed(bytes).has_value());
  std::string out;
  out.reserve(1024);
  EXPECT_EQ(made_by([&] {
              out.clear();
              append_request_fields(out, parser.head(), {}, {},
                                    {"anthropic-version", "2023-06-01"});
            }),
            0U);
}

TEST(Allocations, AnEventOnItsWayMakesNone) {
  usage::TokenMeter meter;
  const upstream::RoutedModel rename{"claude-sonnet-5", "sonnet-prod"};
  AnswerEditor editor({&rename, 1}, meter);
  std::ignore = editor.feed(
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":"
      "\"sonnet-prod\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n");
  constexpr std::string_view kDelta =
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
      "\"delta\":{\"type\":\"text_delta\",\"text\":\"who goes there?\"}}\n\n";
  EXPECT_EQ(made_by([&] { ASSERT_EQ(editor.feed(kDelta).size(), 1U); }), 0U);
}

}  // namespace
}  // namespace sallyport::gateway
#endif  // SALLYPORT_UNDER_TSAN
