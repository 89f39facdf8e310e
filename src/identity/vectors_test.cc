// Public test vectors: Wycheproof's JWS sets and the JOSE cookbook (RFC 7520). Where our rules are
// stricter than the set, or the set mislabels a case, it stands here by its number, with the
// reason.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "base/files.h"
#include "identity/compact_jws.h"
#include "identity/signature.h"
#include "identity/test_issuer.h"

namespace sallyport::identity {
namespace {

namespace json = boost::json;

json::value load(const std::string& name) {
  auto text = read_file(std::string(SALLYPORT_TESTDATA) + "/vectors/" + name, 1 << 20);
  SALLYPORT_CHECK(text.has_value());
  return json::parse(*text);
}

/// The genuine part of the verifier, without claims: these payloads are not claims.
bool accepts(std::string_view key_set, std::string_view token) {
  auto keys = parse_key_set(key_set, "https://issuer.example");
  if (!keys) return false;
  auto jws = CompactJws::parse(token);
  if (!jws || check_header(*jws)) return false;
  const VerificationKey* key = (*keys)->find(jws->header().member("kid")->text());
  auto algorithm = parse_algorithm(jws->header().member("alg")->text());
  return key != nullptr && algorithm && key->allows(*algorithm) &&
         verify_signature(*key, *algorithm, jws->signing_input(), jws->signature());
}

struct Exception {
  int first;
  int last;
  std::string_view why;
};

/// Runs one file and returns how many cases agreed; every other one must be in the list.
int run_wycheproof(const std::string& file, std::span<const Exception> exceptions) {
  int agreed = 0;
  std::set<int> different;
  json::value document = load("wycheproof/" + file);
  for (const auto& group : document.at("testGroups").as_array()) {
    const auto& members = group.as_object();
    const auto* key = members.if_contains("public");
    if (key == nullptr) key = members.if_contains("private");
    std::string set =
        key->as_object().contains("keys") ? json::serialize(*key) : jwks({json::serialize(*key)});
    for (const auto& test : members.at("tests").as_array()) {
      const auto* jws = test.as_object().if_contains("jws");
      if (jws == nullptr) continue;
      int id = static_cast<int>(test.at("tcId").as_int64());
      // A few are in the JSON serialisation of RFC 7515 section 7.2.
      std::string text = jws->is_string() ? std::string(jws->as_string()) : json::serialize(*jws);
      bool good = accepts(set, text);
      bool valid = test.at("result").as_string() == "valid";
      if (good == valid) {
        ++agreed;
      } else {
        different.insert(id);
      }
    }
  }
  for (int id : different) {
    bool listed = std::ranges::any_of(
        exceptions, [&](const auto& one) { return one.first <= id && id <= one.last; });
    EXPECT_TRUE(listed) << file << " tcId " << id << " differs and is not in the list";
  }
  for (const auto& one : exceptions) {
    for (int id = one.first; id <= one.last; ++id) {
      EXPECT_TRUE(different.contains(id)) << file << " tcId " << id << " agrees: take it out";
    }
  }
  return agreed;
}

TEST(Vectors, WycheproofSignatures) {
  constexpr Exception kExceptions[] = {
      {1, 1, "HS256: a symmetric key can never be a published one"},
      {346, 346, "the key says PS256, the token PS384"},
      {347, 347, "the key's alg is ES521, which is no registered name"},
      {348, 348, "HS256"},
      {350, 350, "the key says PS256, the token PS384"},
      {351, 351, "the key's alg is ES521, which is no registered name"},
      {352, 352, "HS256"},
      {357, 359, "HS256"},
      {372, 373, "HS256, and a foreign character inside the base64url"},
      {376, 377, "HS256"},
  };
  // 367 and 370 are mislabelled in the set (the same bytes as 357), but HS256, so they agree.
  EXPECT_EQ(run_wycheproof("json_web_signature_test.json", kExceptions), 401 - 14);
}

TEST(Vectors, WycheproofCrypto) {
  constexpr Exception kExceptions[] = {
      {1, 1, "HS256: a symmetric key can never be a published one"},
      {48, 48, "HS256"},
  };
  EXPECT_EQ(run_wycheproof("json_web_crypto_test.json", kExceptions), 49 - 2);
}

TEST(Vectors, WycheproofKeys) {
  constexpr Exception kExceptions[] = {
      {2, 2, "HS256: a symmetric key can never be a published one"},
      {13, 15, "HS256, HS384, HS512"},
  };
  EXPECT_EQ(run_wycheproof("json_web_key_test.json", kExceptions), 26 - 4);
}

TEST(Vectors, EveryEncryptedTokenOfWycheproofIsRefusedUnopened) {
  int seen = 0;
  json::value document = load("wycheproof/json_web_crypto_test.json");
  for (const auto& group : document.at("testGroups").as_array()) {
    for (const auto& test : group.at("tests").as_array()) {
      const auto* jwe = test.as_object().if_contains("jwe");
      if (jwe == nullptr || !jwe->is_string()) continue;
      EXPECT_FALSE(CompactJws::parse(std::string_view(jwe->as_string())));
      ++seen;
    }
  }
  EXPECT_GT(seen, 25);
}

// RFC 7520 sections 4.1 to 4.4 and RFC 8037 appendix A. The payload is a sentence, not claims, and
// the Ed25519 example has no kid, so the signature alone is looked at.
TEST(Vectors, CookbookSignaturesVerifyWithTheirKeysAndNoOthers) {
  constexpr std::pair<std::string_view, Algorithm> kFiles[] = {
      {"jws/4_1.rsa_v15_signature.json", Algorithm::kRS256},
      {"jws/4_2.rsa-pss_signature.json", Algorithm::kPS384},
      {"jws/4_3.ecdsa_signature.json", Algorithm::kES512},
      {"curve25519/jws.json", Algorithm::kEdDSA}};
  for (const auto& [file, algorithm] : kFiles) {
    json::value example = load("jose-cookbook/" + std::string(file));
    json::object jwk = example.at("input").at("key").as_object();
    for (std::string_view secret : {"d", "p", "q", "dp", "dq", "qi"}) jwk.erase(secret);
    jwk["kid"] = "k";
    auto keys = parse_key_set(jwks({json::serialize(jwk)}), "https://issuer.example");
    ASSERT_TRUE(keys) << file << keys.error().text();
    const auto& signing = example.at("signing");
    std::string_view input(signing.at("sig-input").as_string());
    auto signature = from_base64url(std::string_view(signing.at("sig").as_string()));
    ASSERT_TRUE(signature) << file;
    const VerificationKey& key = *(*keys)->find("k");
    EXPECT_TRUE(verify_signature(key, algorithm, input, *signature)) << file;
    EXPECT_FALSE(verify_signature(key, algorithm, std::string(input) + "x", *signature)) << file;
    for (std::size_t other = 0; other < kAlgorithmCount; ++other) {
      if (static_cast<Algorithm>(other) == algorithm) continue;
      EXPECT_FALSE(verify_signature(key, static_cast<Algorithm>(other), input, *signature)) << file;
    }
  }
}

TEST(Vectors, CookbookHmacExampleIsRefused) {
  json::value example = load("jose-cookbook/jws/4_4.hmac-sha2_integrity_protection.json");
  auto keys = parse_key_set(jwks({json::serialize(example.at("input").at("key"))}),
                            "https://issuer.example");
  ASSERT_FALSE(keys);
  EXPECT_EQ(keys.error().code, "keys.rejected");
  EXPECT_FALSE(accepts(jwks({TestKey::rsa().jwk("018c0ae5-4d9b-471b-bfd6-eef314bc7037")}),
                       std::string_view(example.at("output").at("compact").as_string())));
}

TEST(Vectors, CookbookPublicKeysAreTaken) {
  for (std::string_view file : {"jwk/3_1.ec_public_key.json", "jwk/3_3.rsa_public_key.json"}) {
    auto keys = parse_key_set(jwks({json::serialize(load("jose-cookbook/" + std::string(file)))}),
                              "https://issuer.example");
    ASSERT_TRUE(keys) << file;
    EXPECT_NE((*keys)->find("bilbo.baggins@hobbiton.example"), nullptr);
  }
}

}  // namespace
}  // namespace sallyport::identity
