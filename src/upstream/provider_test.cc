// Each provider as its page says: the head of a request byte for byte, what of its answers is a
// stream, and what its errors are.
#include "upstream/provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "upstream/probe.h"
#include "upstream/upstream.h"

namespace sallyport::upstream {
namespace {

using testing::ElementsAre;

UpstreamSettings settings_of(Provider provider, std::string base_url) {
  UpstreamSettings settings;
  settings.name = "it";
  settings.provider = provider;
  settings.base_url = std::move(base_url);
  settings.credential.secret = std::make_shared<Secret>(std::string_view("the-key"));
  return settings;
}

std::shared_ptr<const Upstream> make(const UpstreamSettings& settings) {
  auto made = Upstream::create(settings, std::chrono::seconds(1));
  EXPECT_TRUE(made) << made.error().text();
  return made ? *made : nullptr;
}

std::string head_of(const Upstream& upstream, const Credential& credential,
                    std::string_view target) {
  std::string head;
  upstream.begin_head(head, {.target = target, .model = "sonnet", .stream = true}, credential);
  EXPECT_EQ(head.size(), upstream.head_bytes(credential) + target.size());
  auto size = head.size();
  upstream.sign(head, {}, credential, system_clock());
  EXPECT_EQ(head.size(), size) << "the Messages family signs nothing";
  return head;
}

TEST(ProviderHead, OfFoundryWithAKey) {
  auto settings =
      settings_of(Provider::kFoundry, "https://example-foundry.services.ai.azure.com/anthropic");
  settings.credential.header = "api-key";
  auto upstream = make(settings);
  EXPECT_EQ(head_of(*upstream, *upstream->fixed_credential(), "/v1/messages?beta=true"),
            "POST /anthropic/v1/messages?beta=true HTTP/1.1\r\n"
            "host: example-foundry.services.ai.azure.com\r\n"
            "api-key: the-key\r\n");
}

TEST(ProviderHead, OfFoundryWithAToken) {
  auto settings = settings_of(Provider::kFoundry, "https://127.0.0.1:8443/anthropic/");
  settings.credential.kind = CredentialKind::kImds;
  auto upstream = make(settings);
  EXPECT_EQ(upstream->fixed_credential(), nullptr);
  Credential token("authorization", "a.b.c", 1, WallTime{}, WallTime::max());
  EXPECT_EQ(head_of(*upstream, token, "/v1/messages/count_tokens"),
            "POST /anthropic/v1/messages/count_tokens HTTP/1.1\r\n"
            "host: 127.0.0.1:8443\r\n"
            "authorization: Bearer a.b.c\r\n");
}

TEST(ProviderHead, OfTheClaudeApi) {
  auto upstream = make(settings_of(Provider::kAnthropic, "https://api.anthropic.com"));
  EXPECT_EQ(head_of(*upstream, *upstream->fixed_credential(), "/v1/messages"),
            "POST /v1/messages HTTP/1.1\r\n"
            "host: api.anthropic.com\r\n"
            "x-api-key: the-key\r\n");
}

TEST(ProviderHead, OfMantle) {
  auto upstream =
      make(settings_of(Provider::kMantle, "https://bedrock-mantle.eu-central-1.api.aws/anthropic"));
  EXPECT_EQ(head_of(*upstream, *upstream->fixed_credential(), "/v1/messages"),
            "POST /anthropic/v1/messages HTTP/1.1\r\n"
            "host: bedrock-mantle.eu-central-1.api.aws\r\n"
            "x-api-key: the-key\r\n");
  ASSERT_EQ(upstream->kind().traits().ids.size(), 1U);
  EXPECT_EQ(upstream->kind().traits().ids[0].field, "x-amzn-requestid");
  EXPECT_EQ(upstream->kind().traits().fallback.name, "anthropic-version");
}

// What `upstream check` sends is what the gateway would: the same address, credential and version.
TEST(Probe, IsWrittenAsTheGatewaysRequestsAre) {
  for (const auto& rules : kProviderRules) {
    auto upstream = make(settings_of(rules.provider, "https://it.example:8443/base"));
    auto request = probe_request(*upstream, "sonnet", *upstream->fixed_credential());
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, "https://it.example:8443/base/v1/messages");
    std::vector<std::string> fields;
    fields.reserve(request.headers.size());
    for (const auto& [name, value] : request.headers) {
      fields.push_back(name + ": " + std::string(value.reveal()));
    }
    EXPECT_THAT(fields, ElementsAre("x-api-key: the-key", "content-type: application/json",
                                    "anthropic-version: 2023-06-01"));
    EXPECT_EQ(request.body.reveal(),
              R"({"model":"sonnet","max_tokens":1,"messages":[{"role":"user","content":"ping"}]})");
  }
}

TEST(ProviderBody, HasItsModelsNamedAsTheProviderDoes) {
  for (const auto& rules : kProviderRules) {
    RequestEdits edits;
    ModelName models[] = {{10, 5, "\"x\""}, {20, 3, ""}, {30, 4, "\"y\""}};
    kind_of(rules.provider).edit({}, {{}, "", models}, edits);
    ASSERT_EQ(edits.body.size(), 2u);
    EXPECT_EQ(edits.body[0].offset, 10u);
    EXPECT_EQ(edits.body[0].length, 5u);
    EXPECT_EQ(edits.body[1].replacement, "\"y\"");
    EXPECT_TRUE(edits.dropped_fields.empty());
    EXPECT_EQ(edits.added_fields, "");
  }
}

// Room in a closed line of the record is set aside for as many, and for names like these.
TEST(ProviderIds, AreFewAndNamedShortly) {
  for (const auto& rules : kProviderRules) {
    const auto ids = kind_of(rules.provider).traits().ids;
    ASSERT_LE(ids.size(), kMostRequestIds) << rules.name;
    for (const auto& id : ids) {
      EXPECT_EQ(id.field, lower_case(id.field)) << rules.name;
      EXPECT_TRUE(id.recorded.ends_with("request_id")) << rules.name;
      EXPECT_LE(id.recorded.size(), 20U) << rules.name;
    }
  }
}

// A provider that differs in kind: signs with a pair of keys, moves a field of the head into the
// body, and writes a text of its own there.
class SigningKind final : public ProviderKind {
 public:
  SigningKind() : ProviderKind(Traits{}) {}
  void append_path(std::string& out, const Call& call) const override { out += call.model; }
  void append_credential(std::string&, const Credential&) const override {}
  void edit(const Call&, const ClientRequest& request, RequestEdits& edits) const override {
    edits.dropped_fields.push_back("anthropic-beta");
    edits.added_fields = "x-kind: signing\r\n";
    auto beta = http::find_field(request.fields, "anthropic-beta");
    edits.body.push_back({1, 0, edits.keep("\"betas\":[\"" + std::string(beta) + "\"],")});
    edits.body.push_back({1, 0, edits.keep("\"version\":\"1\",")});
  }
  void sign(std::string& head, std::span<const std::string_view> body, const Credential& credential,
            const Signing& signing) const override {
    const auto& pair = *credential.key_pair();
    auto day = format_time(signing.clock.wall()).substr(0, 10);
    head.append("authorization: ").append(pair.id).append("/").append(day).append("/");
    head.append(signing.target).append("/").append(std::to_string(body.size())).append("\r\n");
  }
  [[nodiscard]] StreamFormat stream_of(int, std::string_view) const override {
    return StreamFormat::kNone;
  }
  [[nodiscard]] ProviderError read_error(Operation, int, std::string_view,
                                         std::string_view) const override {
    return {};
  }
};

TEST(ProviderOfAnotherKind, SignsWithAPairOfKeysAndEditsHeadAndBody) {
  const SigningKind kind;
  const Credential credential(KeyPair{"AKID", Secret(std::string_view("the-secret-key")),
                                      Secret(std::string_view("the-session"))},
                              7, WallTime{}, WallTime{std::chrono::hours(1)});
  EXPECT_EQ(credential.line(), "");
  EXPECT_EQ(credential.secret(), "the-session");
  EXPECT_TRUE(credential.revealed_in("x the-session y"));
  EXPECT_TRUE(credential.revealed_in("x the-secret-key y"));
  EXPECT_FALSE(credential.revealed_in("AKID"));

  const http::Field fields[] = {{"anthropic-beta", "b-1"}};
  RequestEdits edits;
  kind.edit({}, {fields, "{}", {}}, edits);
  ASSERT_EQ(edits.body.size(), 2U);
  EXPECT_EQ(edits.body[0].replacement, "\"betas\":[\"b-1\"],") << "kept beside a second text";
  EXPECT_EQ(edits.dropped_fields[0], "anthropic-beta");

  FakeClock clock;
  std::string head;
  std::string_view pieces[] = {"{}"};
  kind.sign(head, pieces, credential, {clock, "eu-central-1"});
  EXPECT_EQ(head, "authorization: AKID/" + format_time(clock.wall()).substr(0, 10) +
                      "/eu-central-1/1\r\n");
}

TEST(ProviderStream, IsAnEventStreamWith200) {
  for (const auto& rules : kProviderRules) {
    const auto& kind = kind_of(rules.provider);
    EXPECT_EQ(kind.stream_of(200, "text/event-stream; charset=utf-8"), StreamFormat::kEvents);
    EXPECT_EQ(kind.stream_of(200, "Text/Event-Stream"), StreamFormat::kEvents);
    EXPECT_EQ(kind.stream_of(200, "application/json"), StreamFormat::kNone);
    EXPECT_EQ(kind.stream_of(200, ""), StreamFormat::kNone);
    EXPECT_EQ(kind.stream_of(201, "text/event-stream"), StreamFormat::kNone);
  }
}

std::string anthropic_error(std::string_view type) {
  return R"({"type":"error","error":{"type":")" + std::string(type) + R"(","message":"m"}})";
}

TEST(ProviderErrors, OfAnthropicsPassUnlessTheyAreTheGatewaysToMend) {
  for (const auto& rules : kProviderRules) {
    const auto& kind = kind_of(rules.provider);
    for (auto [status, fault, passes] : {std::tuple(400, AnswerFault::kRejected, true),
                                         std::tuple(401, AnswerFault::kCredential, false),
                                         std::tuple(403, AnswerFault::kCredential, false),
                                         std::tuple(404, AnswerFault::kRejected, true),
                                         std::tuple(413, AnswerFault::kTooLarge, true),
                                         std::tuple(422, AnswerFault::kRejected, true),
                                         std::tuple(429, AnswerFault::kRateLimit, true),
                                         std::tuple(500, AnswerFault::kError, true),
                                         std::tuple(529, AnswerFault::kOverloaded, true),
                                         std::tuple(302, AnswerFault::kNoAnswer, false),
                                         std::tuple(200, AnswerFault::kNoAnswer, false)}) {
      auto error = kind.read_error(Operation::kMessages, status, anthropic_error("t"), "");
      EXPECT_EQ(error.fault, fault) << rules.name << status;
      EXPECT_EQ(error.passes, passes) << rules.name << status;
      EXPECT_EQ(error.status, status);
      EXPECT_EQ(error.type, "t");
      EXPECT_EQ(error.message, "m");
    }
    auto error =
        kind.read_error(Operation::kCountTokens, 404, anthropic_error("not_found_error"), "");
    EXPECT_EQ(error.fault, AnswerFault::kNoCountTokens);
    EXPECT_FALSE(error.passes);
  }
}

TEST(ProviderErrors, OfAnyOtherShapeDoNotPass) {
  for (const auto& rules : kProviderRules) {
    const auto& kind = kind_of(rules.provider);
    for (std::string_view body :
         {R"({"error":{"code":"401","message":"key"}})", "<html>", "",
          R"({"type":"error","error":{"type":"x"}} trailing)", R"({"type":"error"})",
          R"({"type":"error","error":{"type":""}})", R"({"type":"x","error":{"type":"x"}})",
          "{\"type\":\"error\",\"error\":{\"type\":\"\xff\"}}"}) {
      EXPECT_FALSE(kind.read_error(Operation::kMessages, 400, body, "").passes) << body;
    }
    auto swapped =
        R"({"error":{"message":"m","type":"api_error"},"request_id":"r","type":"error"})";
    EXPECT_TRUE(kind.read_error(Operation::kMessages, 400, swapped, "").passes);
  }
}

TEST(ProviderErrors, OfAzuresFront) {
  const auto& kind = kind_of(Provider::kFoundry);
  auto missing = R"({"error":{"code":"DeploymentNotFound","message":"contoso"}})";
  auto error = kind.read_error(Operation::kMessages, 404, missing, "");
  EXPECT_EQ(error.fault, AnswerFault::kNoDeployment);
  EXPECT_EQ(error.code, "DeploymentNotFound");
  EXPECT_EQ(kind.read_error(Operation::kMessages, 400, missing, "").fault, AnswerFault::kRejected);
  EXPECT_EQ(kind.read_error(Operation::kCountTokens, 404, missing, "").fault,
            AnswerFault::kNoCountTokens);
  EXPECT_EQ(kind_of(Provider::kAnthropic).read_error(Operation::kMessages, 404, missing, "").fault,
            AnswerFault::kRejected);
}

TEST(ProviderErrors, OfAwssFront) {
  const auto& kind = kind_of(Provider::kMantle);
  auto error = kind.read_error(Operation::kMessages, 403, R"({"message":"expired"})", "");
  EXPECT_EQ(error.fault, AnswerFault::kCredential);
  EXPECT_EQ(error.message, "expired");
  EXPECT_FALSE(error.passes);
  error = kind.read_error(Operation::kMessages, 429, R"({"Message":"wait"})", "");
  EXPECT_EQ(error.fault, AnswerFault::kRateLimit);
  EXPECT_EQ(error.message, "wait");
  EXPECT_FALSE(error.passes);
  error =
      kind.read_error(Operation::kMessages, 400, R"({"message":"a","error":{"message":"b"}})", "");
  EXPECT_EQ(error.message, "b");
  EXPECT_EQ(kind_of(Provider::kFoundry)
                .read_error(Operation::kMessages, 400, R"({"message":"a"})", "")
                .message,
            "");
}

TEST(ProviderErrors, AreBounded) {
  auto body = R"({"error":{"code":"c","message":")" + std::string(100000, 'x') + "\"}}";
  for (const auto& rules : kProviderRules) {
    auto error = kind_of(rules.provider).read_error(Operation::kMessages, 500, body, "");
    EXPECT_EQ(error.message.size(), 512u);
  }
}

TEST(ProviderRules, NameEachProviderOnceAndNothingElse) {
  EXPECT_EQ(find_provider("foundry")->provider, Provider::kFoundry);
  EXPECT_EQ(find_provider("Foundry"), nullptr);
  EXPECT_EQ(find_provider(""), nullptr);
  for (const auto& rules : kProviderRules) {
    EXPECT_EQ(find_provider(rules.name), &rules);
    EXPECT_EQ(kind_of(rules.provider).traits().provider, rules.provider);
    bool tokens = rules.credentials.size() > 1;
    EXPECT_EQ(tokens, !kind_of(rules.provider).traits().scopes.empty()) << rules.name;
  }
}

}  // namespace
}  // namespace sallyport::upstream
