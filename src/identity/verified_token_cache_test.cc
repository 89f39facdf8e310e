#include "identity/verified_token_cache.h"

#include <gtest/gtest.h>

#include "identity/test_tokens.h"

namespace sallyport::identity {
namespace {

Sha256 process_key() {
  Sha256 key{};
  key[3] = 9;
  return key;
}

PrincipalPtr person(std::string_view key_id = "k1", std::int64_t expires = kTestNow + 3600) {
  PrincipalDraft principal;
  principal.issuer = "contoso";
  principal.key_id = key_id;
  principal.expires_at = expires;
  principal.not_before = kTestNow - 60;
  principal.skew = 60;
  return keep(principal);
}

SnapshotPtr with_keys(const std::vector<std::string>& jwk, std::uint64_t generation = 1) {
  return make_snapshot(generation, {IssuerState(entra_settings(), test_keys(jwk))});
}

TEST(VerifiedTokenCache, RemembersATokenAndNothingThatLooksLikeIt) {
  VerifiedTokenCache cache(16, process_key());
  auto snapshot = with_keys({TestKey::rsa().jwk("k1")});
  auto who = person();
  EXPECT_EQ(cache.lookup("token", *snapshot, test_time()).person, nullptr);
  cache.insert("token", who, *snapshot);
  EXPECT_EQ(cache.lookup("token", *snapshot, test_time()).person, who);
  EXPECT_EQ(cache.lookup("tokeN", *snapshot, test_time()).person, nullptr);
  EXPECT_EQ(cache.lookup("", *snapshot, test_time()).person, nullptr);
  EXPECT_EQ(cache.size(), 1u);
}

TEST(VerifiedTokenCache, LooksAtTheTimesAtEveryHit) {
  VerifiedTokenCache cache(16, process_key());
  auto snapshot = with_keys({TestKey::rsa().jwk("k1")});
  cache.insert("token", person(), *snapshot);
  EXPECT_NE(cache.lookup("token", *snapshot, test_time(3600 + 59)).person, nullptr);
  EXPECT_EQ(cache.lookup("token", *snapshot, test_time(3600 + 60)).person, nullptr);
  cache.insert("token", person(), *snapshot);
  EXPECT_NE(cache.lookup("token", *snapshot, test_time(-120)).person, nullptr);
  EXPECT_EQ(cache.lookup("token", *snapshot, test_time(-121)).person,
            nullptr);  // the clock went back
}

TEST(VerifiedTokenCache, AChangeOfSettingsIsAMiss) {
  VerifiedTokenCache cache(16, process_key());
  auto jwk = TestKey::rsa().jwk("k1");
  cache.insert("token", person(), *with_keys({jwk}, 1));
  EXPECT_EQ(cache.lookup("token", *with_keys({jwk}, 2), test_time()).person, nullptr);
  EXPECT_EQ(cache.size(), 0u);
}

// Whoever shares an address with an attacker is not turned away because the settings changed: the
// token is worth a verification, once.
TEST(VerifiedTokenCache, SaysOnceThatATokenPassedBeforeTheChange) {
  VerifiedTokenCache cache(16, process_key());
  auto jwk = TestKey::rsa().jwk("k1");
  auto before = with_keys({jwk}, 1);
  auto after = with_keys({jwk}, 2);
  EXPECT_FALSE(cache.lookup("token", *before, test_time()).passed_before);
  cache.insert("token", person(), *before);
  EXPECT_TRUE(cache.lookup("token", *before, test_time()).passed_before);
  EXPECT_FALSE(cache.lookup("tokeN", *after, test_time()).passed_before);
  auto changed = cache.lookup("token", *after, test_time());
  EXPECT_EQ(changed.person, nullptr);
  EXPECT_TRUE(changed.passed_before);
  EXPECT_FALSE(cache.lookup("token", *after, test_time()).passed_before);
}

TEST(VerifiedTokenCache, AWithdrawnOrReplacedKeyIsAMissAndANewOneIsNot) {
  VerifiedTokenCache cache(16, process_key());
  auto k1 = TestKey::rsa().jwk("k1");
  auto first = with_keys({k1});
  cache.insert("token", person(), *first);
  EXPECT_NE(cache.lookup("token", *with_keys({k1, TestKey::p256().jwk("k2")}), test_time()).person,
            nullptr);
  EXPECT_EQ(cache.lookup("token", *with_keys({TestKey::p256().jwk("k2")}), test_time()).person,
            nullptr);
  cache.insert("token", person(), *first);
  EXPECT_EQ(cache.lookup("token", *with_keys({TestKey::other_rsa().jwk("k1")}), test_time()).person,
            nullptr);
}

TEST(VerifiedTokenCache, KeysThatAreTooOldOrGoneAreAMiss) {
  VerifiedTokenCache cache(16, process_key());
  auto keys = test_keys({TestKey::rsa().jwk("k1")});
  auto aging = make_snapshot(1, {IssuerState(entra_settings(), keys, test_time(10))});
  cache.insert("token", person(), *aging);
  EXPECT_NE(cache.lookup("token", *aging, test_time(9)).person, nullptr);
  EXPECT_EQ(cache.lookup("token", *aging, test_time(10)).person, nullptr);
  cache.insert("token", person(), *aging);
  auto without = make_snapshot(1, {IssuerState(entra_settings())});
  EXPECT_EQ(cache.lookup("token", *without, test_time()).person, nullptr);
}

TEST(VerifiedTokenCache, NeverHoldsMoreThanItMayAndKeepsWhatIsUsed) {
  VerifiedTokenCache cache(100, process_key());
  auto snapshot = with_keys({TestKey::rsa().jwk("k1")});
  auto who = person();
  for (int i = 0; i < 50; ++i) cache.insert("used" + std::to_string(i), who, *snapshot);
  for (int i = 0; i < 10000; ++i) {
    // People keep working while somebody's flood of good tokens passes through.
    if (i % 25 == 0) {
      for (int used = 0; used < 50; ++used) {
        ASSERT_NE(cache.lookup("used" + std::to_string(used), *snapshot, test_time()).person,
                  nullptr)
            << i;
      }
    }
    cache.insert("flood" + std::to_string(i), who, *snapshot);
    ASSERT_LE(cache.size(), 100u);
  }
  EXPECT_EQ(cache.size(), 100u);
}

TEST(VerifiedTokenCache, StaysWholeThroughManyInsertionsAndRemovals) {
  VerifiedTokenCache cache(300, process_key());
  auto snapshot = with_keys({TestKey::rsa().jwk("k1")});
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 250; ++i) {
      auto expires = kTestNow + (i % 3 == 0 ? 10 : 3600);
      cache.insert("t" + std::to_string(i), person("k1", expires), *snapshot);
    }
    for (int i = 0; i < 250; ++i) {
      bool expected = i % 3 != 0;
      auto found = cache.lookup("t" + std::to_string(i), *snapshot, test_time(100)).person;
      ASSERT_EQ(found != nullptr, expected) << round << " " << i;
    }
  }
  EXPECT_EQ(cache.size(), 166u);
  cache.clear();
  EXPECT_EQ(cache.lookup("t1", *snapshot, test_time()).person, nullptr);
}

TEST(VerifiedTokenCache, ZeroEntriesSwitchItOff) {
  VerifiedTokenCache cache(0, process_key());
  auto snapshot = with_keys({TestKey::rsa().jwk("k1")});
  cache.insert("token", person(), *snapshot);
  EXPECT_EQ(cache.lookup("token", *snapshot, test_time()).person, nullptr);
}

TEST(VerifiedTokenCache, DoesNotRememberUnderAnIssuerOrKeyThatTheSnapshotLacks) {
  VerifiedTokenCache cache(4, process_key());
  auto snapshot = with_keys({TestKey::rsa().jwk("k1")});
  cache.insert("token", person("k9"), *snapshot);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(VerifiedTokenCache, AFlippedBitAnywhereInTheTokenIsAMiss) {
  VerifiedTokenCache cache(16, process_key());
  auto snapshot = with_keys({TestKey::rsa().jwk("k1")});
  auto token = signed_token(entra_claims());
  cache.insert(token, person(), *snapshot);
  for (std::size_t at = 0; at < token.size(); ++at) {
    char bit = static_cast<char>(1 << at % 8);
    token[at] = static_cast<char>(token[at] ^ bit);
    auto seen = cache.lookup(token, *snapshot, test_time());
    ASSERT_EQ(seen.person, nullptr) << at;
    ASSERT_FALSE(seen.passed_before) << at;
    token[at] = static_cast<char>(token[at] ^ bit);
  }
  EXPECT_NE(cache.lookup(token, *snapshot, test_time()).person, nullptr);
}

}  // namespace
}  // namespace sallyport::identity
