#include "upstream/provider_answer.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace sallyport::upstream {
namespace {

std::string_view code_of(CredentialKind kind, int status, std::string_view body) {
  CredentialSettings settings;
  settings.kind = kind;
  return meaning_of(read_provider_answer(status, body, "secret"), settings).code;
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

TEST(ProviderAnswer, DoesNotRepeatTheCredential) {
  auto said =
      read_provider_answer(401, R"({"error":{"code":"x","message":"the secret is"}})", "secret");
  EXPECT_TRUE(said.code.empty() && said.message.empty());
  said = read_provider_answer(
      401, "{\"error\":{\"code\":\"a\\u001b\",\"message\":\"" + std::string(1000, 'x') + "\"}}",
      "secret");
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
