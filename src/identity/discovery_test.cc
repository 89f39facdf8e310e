#include "identity/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::identity {
namespace {

constexpr std::string_view kIssuer = "https://issuer.example/a";

std::string document(std::string_view issuer, std::string_view jwks_uri,
                     std::string_view more = "") {
  return R"({"issuer":")" + std::string(issuer) + R"(","jwks_uri":")" + std::string(jwks_uri) +
         "\"" + std::string(more) + "}";
}

std::string rejected(const std::string& text, std::string_view issuer = kIssuer) {
  auto found = parse_discovery(text, issuer);
  if (found) return "";
  EXPECT_EQ(found.error().code, "discovery.rejected");
  return found.error().message;
}

TEST(Discovery, ReadsWhereKeysAreAndPeopleSignIn) {
  auto found = parse_discovery(
      document(kIssuer, "https://keys.example/k",
               R"(,"authorization_endpoint":"https://issuer.example/auth")"
               R"(,"token_endpoint":"https://issuer.example/token")"
               R"(,"device_authorization_endpoint":"https://issuer.example/device","more":[1])"),
      kIssuer);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->jwks_uri, "https://keys.example/k");
  EXPECT_EQ(found->authorization_endpoint, "https://issuer.example/auth");
  EXPECT_EQ(found->token_endpoint, "https://issuer.example/token");
  EXPECT_EQ(found->device_authorization_endpoint, "https://issuer.example/device");
}

TEST(Discovery, TheWellKnownPathFollowsTheIssuerWithoutItsFinalSlash) {
  EXPECT_EQ(discovery_url("https://h/t/v2.0"), "https://h/t/v2.0/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url("https://h/t/"), "https://h/t/.well-known/openid-configuration");
  EXPECT_EQ(discovery_url("https://h"), "https://h/.well-known/openid-configuration");
}

TEST(Discovery, RefusesADocumentOfAnotherIssuer) {
  for (std::string_view other : {"https://issuer.example/a/", "https://issuer.example/A",
                                 "http://issuer.example/a", "https://evil.example", ""}) {
    EXPECT_THAT(rejected(document(other, "https://keys.example/k")),
                testing::HasSubstr("is of issuer"))
        << other;
  }
}

TEST(Discovery, RefusesKeyAddressesThatAreNotHttps) {
  for (std::string_view uri :
       {"http://keys.example/k", "http://127.0.0.1/k", "file:///etc/passwd", "https://",
        "https://user:pass@keys.example/k", "https://keys.example/k#x", "//keys.example/k", "",
        "https://keys.example/a b", "https://keys.example:0/", "https://keys.example:99999/"}) {
    EXPECT_THAT(rejected(document(kIssuer, uri)), testing::HasSubstr("not an https address"))
        << uri;
  }
  std::string long_uri = "https://keys.example/" + std::string(2048, 'x');
  EXPECT_THAT(rejected(document(kIssuer, long_uri)), testing::HasSubstr("not an https address"));
}

TEST(Discovery, AllowsHttpWhereTheIssuerItselfIsALoopbackLiteral) {
  constexpr std::string_view kLocal = "http://127.0.0.1:4000/v2.0";
  EXPECT_EQ(rejected(document(kLocal, "http://127.0.0.1:4000/v2.0/jwks"), kLocal), "");
  EXPECT_EQ(rejected(document(kLocal, "http://[::1]:4000/jwks"), kLocal), "");
  EXPECT_NE(rejected(document(kLocal, "http://localhost:4000/jwks"), kLocal), "");
  EXPECT_NE(rejected(document(kLocal, "http://169.254.169.254/jwks"), kLocal), "");
  EXPECT_NE(rejected(document(kLocal, "http://127.0.0.1.evil.example/jwks"), kLocal), "");
  EXPECT_NE(rejected(document(kLocal, "http://2130706433/jwks"), kLocal), "");
  EXPECT_FALSE(is_loopback_http("http://localhost/"));
  EXPECT_TRUE(is_loopback_http("http://127.0.0.1:80"));
}

TEST(Discovery, RefusesWhatIsNoDiscoveryDocument) {
  EXPECT_THAT(rejected("<html></html>"), testing::HasSubstr("not valid JSON"));
  EXPECT_THAT(rejected("[]"), testing::HasSubstr("not a JSON object"));
  EXPECT_THAT(rejected("{}"), testing::HasSubstr("no issuer"));
  EXPECT_THAT(rejected(R"({"issuer":"https://issuer.example/a"})"),
              testing::HasSubstr("no jwks_uri"));
  EXPECT_THAT(rejected(document(kIssuer, "https://k.example", R"(,"issuer":"x")")),
              testing::HasSubstr("twice"));
  EXPECT_THAT(rejected(document(kIssuer, "https://k.example", R"(,"token_endpoint":"http://x/")")),
              testing::HasSubstr("endpoint"));
}

TEST(Discovery, ErrorTextsAreBoundedAndPrintable) {
  std::string message = rejected(document(std::string(5000, 'i') + "\\n\\u001b", "https://k"));
  EXPECT_LT(message.size(), 500u);
  EXPECT_EQ(message.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace sallyport::identity
