// No memory in the middle of a parser: each allocation of a step fails once. What reads a
// stranger's bytes gets through or throws std::bad_alloc, which the worker catches; never a wrong
// verdict, an end of the process, or something that stays behind.
#include <gtest/gtest.h>

#include "audit/chain_check.h"
#include "audit/line.h"
#include "audit/record.h"
#include "base/failing_allocator.h"
#include "base/replaces_new.h"
#include "cloud/token_answer.h"
#include "gateway/answer_editor.h"
#include "gateway/body_scanner.h"
#include "gateway/heads.h"
#include "gateway/refusals.h"
#include "http/event_stream.h"
#include "http/message_parser.h"
#include "identity/discovery.h"
#include "identity/key_set.h"
#include "identity/presented_token.h"
#include "identity/strict_json.h"
#include "identity/test_tokens.h"
#include "identity/token_verifier.h"
#include "upstream/provider_answer.h"

#ifndef SALLYPORT_UNDER_TSAN
namespace sallyport::gateway {
namespace {

TEST(NoMemory, IsCountedAndFreed) {
  EXPECT_EQ(fail_each_allocation([] {
              auto text = std::make_unique<std::string>(100, 'x');
              return text->size() == 100;
            }),
            2U);
}

TEST(NoMemory, InARequest) {
  std::string bytes = "POST /v1/messages HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n";
  for (int i = 0; i < 40; ++i) bytes += "x-" + std::to_string(i) + ": value\r\n";
  bytes += "\r\n5\r\nhello\r\n0\r\n\r\n";
  EXPECT_GT(fail_each_allocation([&] {
              http::RequestParser parser;
              return parser.feed(bytes).has_value() && parser.done();
            }),
            0U);
}

TEST(NoMemory, InAnAnswer) {
  std::string bytes = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n";
  for (int i = 0; i < 40; ++i) bytes += "x-" + std::to_string(i) + ": value\r\n";
  bytes += "\r\n5\r\nhello\r\n0\r\n\r\n";
  EXPECT_GT(fail_each_allocation([&] {
              http::ResponseParser parser;
              parser.reset();
              return parser.feed(bytes).has_value() && parser.done();
            }),
            0U);
}

TEST(NoMemory, InABody) {
  std::string body = R"({"model":"claude\u002dsonnet-5","metadata":{"user_id":"u-\n"},"tools":[)";
  for (int i = 0; i < 40; ++i) {
    body += std::string(i == 0 ? "" : ",") + R"({"name":"a tool with a name that is long )" +
            std::to_string(i) + "\"}";
  }
  body += R"(],"fallbacks":[{"model":"claude-opus-5"},{"model":"claude-haiku-5"}],"messages":[]})";
  EXPECT_GT(fail_each_allocation([&] {
              auto facts = scan_body(body);
              return facts && facts->models.size() == 3;
            }),
            0U);
}

TEST(NoMemory, InAStream) {
  const std::string start =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":"
      "\"sonnet-prod\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n";
  EXPECT_GT(fail_each_allocation([&] {
              usage::TokenMeter meter;
              const upstream::RoutedModel rename{"claude-sonnet-5", "sonnet-prod"};
              AnswerEditor editor({&rename, 1}, meter);
              std::size_t pieces = 0;
              for (std::size_t at = 0; at < start.size(); at += 7) {
                pieces += editor.feed(std::string_view(start).substr(at, 7)).size();
              }
              return pieces > 0;
            }),
            0U);
}

TEST(NoMemory, InAToken) {
  auto snapshot = identity::snapshot_of({identity::entra_settings()});
  const std::string token = identity::signed_token(identity::entra_claims());
  EXPECT_GT(fail_each_allocation([&] {
              auto person = identity::verify(*snapshot, token, identity::test_time());
              return person.has_value();
            }),
            0U);
}

TEST(NoMemory, InAKeySet) {
  const auto& rsa = identity::TestKey::rsa();
  const std::string text = identity::jwks({rsa.jwk("k1"), rsa.jwk("k2")});
  EXPECT_GT(fail_each_allocation([&] {
              auto keys = identity::parse_key_set(text, "contoso");
              return keys && (*keys)->find("k2") != nullptr;
            }),
            0U);
}

TEST(NoMemory, InADiscoveryDocument) {
  const std::string text = R"({"issuer":"https://issuer.example/a","jwks_uri":)"
                           R"("https://issuer.example/a/keys/that/stand/somewhere/else",)"
                           R"("id_token_signing_alg_values_supported":["RS256","ES256"]})";
  EXPECT_GT(fail_each_allocation([&] {
              return identity::parse_discovery(text, "https://issuer.example/a").has_value();
            }),
            0U);
}

TEST(NoMemory, InAStrictDocument) {
  const std::string text =
      R"({"a":[1,2,{"b":"a text of some length \u00e4 with an escape"}],"c":{}})";
  EXPECT_GT(fail_each_allocation([&] {
              return identity::StrictJson::parse(text, identity::kTokenJson).has_value();
            }),
            0U);
}

TEST(NoMemory, InAnswersOfAProvider) {
  const std::string token = R"({"access_token":"a-token-that-is-long-enough-for-the-heap",)"
                            R"("token_type":"Bearer","expires_in":3599})";
  EXPECT_GT(fail_each_allocation([&] {
              return cloud::parse_token_answer(token, identity::test_time()).has_value();
            }),
            0U);
  const std::string error =
      R"({"error":{"code":"DeploymentNotFound","message":"The API deployment does not exist."}})";
  EXPECT_GT(fail_each_allocation([&] {
              return upstream::read_error_body(error, "secret").code == "DeploymentNotFound";
            }),
            0U);
}

TEST(NoMemory, InARefusal) {
  EXPECT_GT(fail_each_allocation([&] {
              auto refusal = refusal_of(identity::Reason::kExpired);
              return !http::write_refusal(refusal, "id-1", "date").body.empty();
            }),
            0U);
}

TEST(NoMemory, InALineOfTheRecord) {
  const audit::Detail detail("name", "value");
  EXPECT_GT(fail_each_allocation([&] {
              std::string text;
              JsonWriter json(text);
              audit::append_members(json, audit::Event{"configuration", {}, {&detail, 1}});
              return text.ends_with("}");
            }),
            0U);
  const std::string line =
      R"({"seq":2,"prev":")" + std::string(64, '0') +
      R"(","type":"event","time":"2026-11-21T00:00:00.000000Z","node":"n","instance":)"
      R"("01938000-0000-7000-8000-000000000001","worker":"0","event":"heads","heads":[)"
      R"({"chain":"01938000-0000-7000-8000-000000000001-1","seq":1,"hash":")" +
      std::string(64, 'a') + R"("}]})";
  EXPECT_GT(fail_each_allocation([&] {
              audit::Line read;
              return audit::parse_line(line, read) && read.heads.size() == 1;
            }),
            0U);
}

}  // namespace
}  // namespace sallyport::gateway
#endif  // SALLYPORT_UNDER_TSAN
