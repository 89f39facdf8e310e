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
      if (!test.as_object().contains("jws")) continue;
      int id = static_cast<int>(test.at("tcId").as_int64());
      bool good = accepts(set, std::string_view(test.at("jws").as_string()));
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
  constexpr Exception kExceptions[] = {{0, 0, ""}};
  EXPECT_EQ(run_wycheproof("json_web_signature_test.json", kExceptions), 0);
}
TEST(Vectors, WycheproofCrypto) {
  constexpr Exception kExceptions[] = {{0, 0, ""}};
  EXPECT_EQ(run_wycheproof("json_web_crypto_test.json", kExceptions), 0);
}
TEST(Vectors, WycheproofKeys) {
  constexpr Exception kExceptions[] = {{0, 0, ""}};
  EXPECT_EQ(run_wycheproof("json_web_key_test.json", kExceptions), 0);
}

}  // namespace
}  // namespace sallyport::identity
