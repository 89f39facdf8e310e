#include "upstream/provider_answer.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "upstream/provider.h"

namespace sallyport::upstream {
namespace {

std::string_view code_of(Provider provider, CredentialKind credential, int status,
                         std::string_view body) {
  const auto& kind = kind_of(provider);
  auto said = said_by(kind.read_error(Operation::kMessages, status, body, "secret"));
  return meaning_of(kind, said, credential).code;
}
std::string_view code_of(CredentialKind credential, int status, std::string_view body) {
  return code_of(Provider::kFoundry, credential, status, body);
}
ProviderSaid said_of(std::string_view body) {
  return said_by(kind_of(Provider::kFoundry).read_error(Operation::kMessages, 401, body, "secret"));
}

TEST(ProviderAnswer, NamesTheCauseBehindAStatus) {
  constexpr auto kKey = CredentialKind::kApiKey;
  constexpr auto kToken = CredentialKind::kImds;
  auto error = [](std::string_view code, std::string_view message) {
    return R"({"error":{"code":")" + std::string(code) + R"(","message":")" + std::string(message) +
           "\"}}";
  };
  EXPECT_EQ(code_of(kKey, 200, "{}"), "upstream.works");
  EXPECT_EQ(code_of(kKey, 401, error("401", "The subscription key of this call is not valid")),
            "upstream.key_refused");
  EXPECT_EQ(code_of(kToken, 401, error("401", "Unauthorized")), "upstream.token_refused");
  EXPECT_EQ(code_of(kToken, 401, error("401", "audience is incorrect (https://x)")),
            "upstream.audience");
  EXPECT_EQ(code_of(kKey, 403, error("AuthenticationTypeDisabled", "x")),
            "upstream.local_auth_disabled");
  EXPECT_EQ(code_of(kToken, 403, error("PermissionDenied", "The caller has no data action")),
            "upstream.role_missing");
  EXPECT_EQ(code_of(kToken, 403, error("403", "Access denied due to Virtual Network/Firewall")),
            "upstream.network_refused");
  EXPECT_EQ(code_of(kToken, 404, error("DeploymentNotFound", "x")),
            "upstream.deployment_not_found");
  EXPECT_EQ(code_of(kKey, 404, R"({"type":"error","error":{"type":"not_found_error"}})"),
            "upstream.deployment_not_found");
  EXPECT_EQ(code_of(kToken, 404, error("404", "Resource not found")), "upstream.path_not_found");
  EXPECT_EQ(code_of(kToken, 404, "<html>"), "upstream.path_not_found");
  EXPECT_EQ(code_of(kToken, 429, error("RateLimitReached", "x")), "upstream.works");
  EXPECT_EQ(code_of(kToken, 503, ""), "upstream.failing");
  EXPECT_EQ(code_of(kToken, 302, ""), "upstream.bad_answer");
}

TEST(ProviderAnswer, IsExplainedInTheWordsOfItsProvider) {
  constexpr auto kKey = CredentialKind::kApiKey;
  for (auto [status, type, code] :
       {std::tuple(401, "authentication_error", "upstream.key_refused"),
        std::tuple(403, "permission_error", "upstream.refused"),
        std::tuple(404, "not_found_error", "upstream.deployment_not_found"),
        std::tuple(404, "x", "upstream.path_not_found"),
        std::tuple(429, "rate_limit_error", "upstream.works"),
        std::tuple(529, "overloaded_error", "upstream.failing")}) {
    auto body = R"({"type":"error","error":{"type":")" + std::string(type) + "\"}}";
    for (const auto& rules : kProviderRules) {
      EXPECT_EQ(code_of(rules.provider, kKey, status, body), code) << rules.name;
    }
  }
  for (const auto& rules : kProviderRules) {
    if (rules.provider == Provider::kFoundry) continue;
    for (const auto& row : kind_of(rules.provider).traits().answers) {
      EXPECT_EQ(row.meaning.next_step.find("portal"), std::string_view::npos) << rules.name;
    }
  }
}

TEST(ProviderAnswer, OfAwsTellsAKeyFromARight) {
  auto at_mantle = [](std::string_view body) {
    return code_of(Provider::kMantle, CredentialKind::kApiKey, 403, body);
  };
  EXPECT_EQ(at_mantle(R"({"message":"The security token included in the request is invalid."})"),
            "upstream.key_refused");
  EXPECT_EQ(at_mantle(R"({"message":"Bearer Token has expired"})"), "upstream.key_refused");
  EXPECT_EQ(at_mantle(R"({"message":"You are not authorized"})"), "upstream.refused");
}

TEST(ProviderAnswer, DoesNotRepeatTheCredential) {
  auto said = said_of(R"({"error":{"code":"x","message":"the secret is"}})");
  EXPECT_TRUE(said.code.empty() && said.message.empty());
  said = said_of(R"({"error":{"code":"x","message":"the s\u0065cret is"}})");
  EXPECT_TRUE(said.code.empty() && said.message.empty());
  // also where only a part of it would be within what is kept
  said = said_of(R"({"error":{"code":"x","message":")" + std::string(509, '.') + "secret\"}}");
  EXPECT_TRUE(said.code.empty() && said.message.empty());
  said =
      said_of("{\"error\":{\"code\":\"a\\u001b\",\"message\":\"" + std::string(1000, 'x') + "\"}}");
  EXPECT_EQ(said.code, "a?");
  EXPECT_EQ(said.message.size(), 300u);
}

TEST(TokenFacts, AreReadWhereThereAreAny) {
  auto facts = read_token_facts(
      "h." + to_base64url(R"({"aud":"https://ai.azure.com","tid":"t","oid":"o","appid":"a"})") +
      ".s");
  EXPECT_EQ(facts.audience, "https://ai.azure.com");
  EXPECT_EQ(facts.object_id, "o");
  for (std::string_view token : {"", ".", "..", "a.b", "a.!.c", "a.bnVsbA.c"}) {
    EXPECT_TRUE(read_token_facts(token).audience.empty()) << token;
  }
}

}  // namespace
}  // namespace sallyport::upstream
