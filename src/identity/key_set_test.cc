#include "identity/key_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/test_tokens.h"
#include "identity/weak_rsa.h"

namespace sallyport::identity {
namespace {

constexpr std::string_view kOkta = "https://example.okta.com/oauth2/default";

/// Why the second of two keys was left out; empty if it was taken.
std::string dropped(const std::string& jwk, std::string_view issuer = kOkta) {
  auto keys = parse_key_set(jwks({TestKey::rsa().jwk("good"), jwk}), issuer);
  if (!keys) return "set refused: " + keys.error().message;
  EXPECT_NE((*keys)->find("good"), nullptr);
  if ((*keys)->size() == 2) return "";
  EXPECT_EQ((*keys)->alarms().size(), 1u);
  return (*keys)->alarms().front().why;
}

std::string rejected(const std::string& text) {
  auto keys = parse_key_set(text, kOkta);
  if (keys) return "";
  EXPECT_EQ(keys.error().code, "keys.rejected");
  EXPECT_FALSE(keys.error().next_step.empty());
  return keys.error().message;
}

std::string rsa_jwk(std::string_view n, std::string_view e, std::string_view more = "") {
  return R"({"kty":"RSA","kid":"k","n":")" + to_base64url(n) + R"(","e":")" + to_base64url(e) +
         "\"" + std::string(more) + "}";
}

TEST(KeySet, TakesEveryTypeOfKeyThatWeVerifyWith) {
  auto keys = parse_key_set(
      jwks({TestKey::rsa().jwk("a", R"(,"use":"sig","alg":"RS256")"),
            TestKey::p256().jwk("b", R"(,"key_ops":["verify"])"), TestKey::p384().jwk("c"),
            TestKey::p521().jwk("d"), TestKey::ed25519().jwk("e", R"(,"alg":"EdDSA")")}),
      kOkta);
  ASSERT_TRUE(keys) << keys.error().text();
  EXPECT_EQ((*keys)->size(), 5u);
  EXPECT_TRUE((*keys)->alarms().empty());
  EXPECT_EQ((*keys)->find("d")->type(), KeyType::kP521);
  EXPECT_EQ((*keys)->find("f"), nullptr);
  EXPECT_TRUE((*keys)->find("a")->allows(Algorithm::kRS256));
  EXPECT_FALSE((*keys)->find("a")->allows(Algorithm::kPS256));
  EXPECT_TRUE((*keys)->find("b")->allows(Algorithm::kES256));
  EXPECT_FALSE((*keys)->find("b")->allows(Algorithm::kES384));
}

TEST(KeySet, TellsKeysOfOneNameApartByTheirMaterial) {
  auto a = test_keys({TestKey::rsa().jwk("k1")});
  auto b = test_keys({TestKey::rsa().jwk("k1", R"(,"use":"sig")")});
  auto c = test_keys({TestKey::other_rsa().jwk("k1")});
  EXPECT_EQ(a->find("k1")->thumbprint(), b->find("k1")->thumbprint());
  EXPECT_NE(a->find("k1")->thumbprint(), c->find("k1")->thumbprint());
  EXPECT_NE(a->serial(), b->serial());
}

TEST(KeySet, K6DropsBothKeysOfOneName) {
  auto keys = parse_key_set(jwks({TestKey::rsa().jwk("twice"), TestKey::other_rsa().jwk("twice"),
                                  TestKey::p256().jwk("once")}),
                            kOkta);
  ASSERT_TRUE(keys);
  EXPECT_EQ((*keys)->find("twice"), nullptr);
  EXPECT_NE((*keys)->find("once"), nullptr);
  ASSERT_EQ((*keys)->alarms().size(), 2u);
  EXPECT_TRUE((*keys)->alarms()[0].alarming);
  EXPECT_EQ((*keys)->alarms()[0].key_id, "twice");
}

TEST(KeySet, K6DropsSymmetricAndPrivateKeys) {
  EXPECT_THAT(dropped(R"({"kty":"oct","kid":"k","k":"c2VjcmV0","alg":"HS256"})"),
              testing::HasSubstr("symmetric"));
  for (std::string_view name : {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}) {
    std::string more = ",\"" + std::string(name) + "\":\"AQAB\"";
    EXPECT_THAT(dropped(TestKey::other_rsa().jwk("k", more)), testing::HasSubstr("private"));
  }
}

TEST(KeySet, K6DropsKeysOfAnotherPurpose) {
  EXPECT_THAT(dropped(TestKey::other_rsa().jwk("k", R"(,"use":"enc")")), testing::HasSubstr("use"));
  EXPECT_THAT(dropped(TestKey::other_rsa().jwk("k", R"(,"use":1)")), testing::HasSubstr("use"));
  EXPECT_THAT(dropped(TestKey::other_rsa().jwk("k", R"(,"key_ops":["sign"])")),
              testing::HasSubstr("key_ops"));
  EXPECT_THAT(dropped(TestKey::other_rsa().jwk("k", R"(,"key_ops":"verify")")),
              testing::HasSubstr("key_ops"));
  EXPECT_THAT(dropped(TestKey::other_rsa().jwk("k", R"(,"alg":"RSA-OAEP")")),
              testing::HasSubstr("unknown alg"));
  EXPECT_THAT(dropped(TestKey::other_rsa().jwk("k", R"(,"alg":"HS256")")),
              testing::HasSubstr("unknown alg"));
  EXPECT_THAT(dropped(TestKey::other_rsa().jwk("k", R"(,"alg":"ES256")")),
              testing::HasSubstr("does not fit"));
  EXPECT_THAT(dropped(TestKey::p256().jwk("k", R"(,"alg":"ES384")")),
              testing::HasSubstr("does not fit"));
}

TEST(KeySet, K6DropsWeakRsaKeys) {
  std::string n = *from_base64url(TestKey::other_rsa().number(OSSL_PKEY_PARAM_RSA_N));
  std::string f4("\x01\x00\x01", 3);
  EXPECT_EQ(dropped(rsa_jwk(n, f4)), "");
  EXPECT_EQ(dropped(rsa_jwk('\0' + n, f4)), "");  // as some libraries write it
  EXPECT_THAT(dropped(TestKey::make_rsa(1024).jwk("k")), testing::HasSubstr("2048"));
  EXPECT_THAT(dropped(rsa_jwk("\x7f" + n.substr(1), f4)), testing::HasSubstr("2048"));
  EXPECT_THAT(dropped(rsa_jwk(n + std::string(1024, 'x') + "y", f4)), testing::HasSubstr("8192"));
  for (std::string_view e : {std::string_view("\x01"), std::string_view("\x03"),
                             std::string_view("\x11"), std::string_view("\xff\xff"),
                             std::string_view("\x01\x00\x00", 3), std::string_view("\x00", 1)}) {
    EXPECT_THAT(dropped(rsa_jwk(n, e)), testing::HasSubstr("exponent"));
  }
  EXPECT_THAT(dropped(rsa_jwk(n, "\x01\x01\x01\x01\x01\x01\x01\x01\x01")),
              testing::HasSubstr("64 bits"));
  std::string even = n;
  even.back() = static_cast<char>(even.back() & 0xfe);
  EXPECT_THAT(dropped(rsa_jwk(even, f4)), testing::HasSubstr("even"));
  EXPECT_FALSE(has_roca_fingerprint(n));
}

TEST(KeySet, K6DropsKeysWhoseMembersDoNotMakeAKey) {
  EXPECT_THAT(dropped(R"({"kty":"RSA","kid":"k","e":"AQAB"})"), testing::HasSubstr("n is missing"));
  EXPECT_THAT(dropped(R"({"kty":"RSA","kid":"k","n":"A+/=","e":"AQAB"})"),
              testing::HasSubstr("base64url"));
  EXPECT_THAT(dropped(R"({"kid":"k","n":"AQAB","e":"AQAB"})"), testing::HasSubstr("kty"));
  EXPECT_THAT(dropped(R"({"kty":"XYZ","kid":"k"})"), testing::HasSubstr("unknown kty"));
  std::string zero = to_base64url(std::string(32, '\0'));
  EXPECT_THAT(
      dropped(R"({"kty":"EC","crv":"P-256","kid":"k","x":")" + zero + R"(","y":")" + zero + "\"}"),
      testing::HasSubstr("not on its curve"));
  EXPECT_THAT(dropped(R"({"kty":"EC","crv":"P-256","kid":"k","x":"AQAB","y":"AQAB"})"),
              testing::HasSubstr("wrong length"));
  EXPECT_THAT(dropped(R"({"kty":"EC","crv":"secp256k1","kid":"k","x":"AQAB","y":"AQAB"})"),
              testing::HasSubstr("unknown curve"));
  EXPECT_THAT(dropped(R"({"kty":"OKP","crv":"X25519","kid":"k","x":"AQAB"})"),
              testing::HasSubstr("unknown curve"));
  EXPECT_THAT(dropped(R"({"kty":"OKP","crv":"Ed25519","kid":"k","x":"AQAB"})"),
              testing::HasSubstr("wrong length"));
  EXPECT_THAT(dropped("{" + TestKey::other_rsa().public_members() + "}"),
              testing::HasSubstr("no kid"));
  EXPECT_THAT(dropped(TestKey::other_rsa().jwk(std::string(257, 'k'))),
              testing::HasSubstr("256 bytes"));
}

TEST(KeySet, K7DropsKeysOfAnotherTenantInACommonDocument) {
  auto with_issuer = [](std::string_view tenant) {
    return TestKey::other_rsa().jwk(
        "k", R"(,"issuer":"https://login.microsoftonline.com/)" + std::string(tenant) + "/v2.0\"");
  };
  EXPECT_THAT(dropped(with_issuer("9188040d-6c67-4c5b-b112-36a304b66dad"), kTestIssuer),
              testing::HasSubstr("another tenant"));
  EXPECT_EQ(dropped(with_issuer(kTestTenant), kTestIssuer), "");
  EXPECT_EQ(dropped(with_issuer("{tenantid}"), kTestIssuer), "");
}

TEST(KeySet, K9RefusesDocumentsThatAreNoKeySet) {
  EXPECT_THAT(rejected("<html>"), testing::HasSubstr("not valid JSON"));
  EXPECT_THAT(rejected("[]"), testing::HasSubstr("keys"));
  EXPECT_THAT(rejected("{}"), testing::HasSubstr("keys"));
  EXPECT_THAT(rejected(R"({"keys":{}})"), testing::HasSubstr("keys"));
  EXPECT_THAT(rejected(R"({"keys":[]})"), testing::HasSubstr("no usable key"));
  EXPECT_THAT(rejected(R"({"keys":[1]})"), testing::HasSubstr("something else"));
  EXPECT_THAT(rejected(R"({"keys":[{"kid":1}]})"), testing::HasSubstr("kid"));
  EXPECT_THAT(rejected(R"({"keys":[],"keys":[]})"), testing::HasSubstr("twice"));
  EXPECT_THAT(rejected(jwks({TestKey::rsa().jwk("k", R"(,"kid":"j")")})),
              testing::HasSubstr("twice"));
  EXPECT_THAT(rejected(std::string((1 << 20) + 1, ' ')), testing::HasSubstr("large"));
  EXPECT_THAT(rejected(jwks(std::vector<std::string>(1001, "{}"))), testing::HasSubstr("1000"));
}

TEST(KeySet, BearsAThousandKeys) {
  std::vector<std::string> many;
  many.reserve(1000);
  for (int i = 0; i < 1000; ++i) many.push_back(TestKey::ed25519().jwk("k" + std::to_string(i)));
  auto keys = parse_key_set(jwks(many), kOkta);
  ASSERT_TRUE(keys) << keys.error().text();
  EXPECT_EQ((*keys)->size(), 1000u);
  EXPECT_NE((*keys)->find("k999"), nullptr);
}

}  // namespace
}  // namespace sallyport::identity
