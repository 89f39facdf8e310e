#include "identity/key_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/absent_keys.h"
#include "identity/test_tokens.h"

namespace sallyport::identity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

KeySetPtr set_of(const std::vector<std::string>& jwk) {
  return test_keys(jwk);
}

TEST(KeyRing, TakesNewKeysAtOnce) {
  KeyRing ring;
  auto change = ring.merge(*set_of({TestKey::rsa().jwk("a")}));
  EXPECT_THAT(change.added, ElementsAre("a"));
  change = ring.merge(*set_of({TestKey::rsa().jwk("a"), TestKey::p256().jwk("b")}));
  EXPECT_THAT(change.added, ElementsAre("b"));
  EXPECT_THAT(change.removed, IsEmpty());
  EXPECT_EQ(ring.keys()->size(), 2u);
}

TEST(KeyRing, KeepsTheSameSetWhileNothingChanges) {
  KeyRing ring;
  ring.merge(*set_of({TestKey::rsa().jwk("a")}));
  auto before = ring.keys();
  EXPECT_FALSE(ring.merge(*set_of({TestKey::rsa().jwk("a", R"(,"use":"sig")")})).any());
  EXPECT_EQ(ring.keys(), before);
}

TEST(KeyRing, K8DropsAKeyWithTheSecondFetchThatLacksIt) {
  KeyRing ring;
  ring.merge(*set_of({TestKey::rsa().jwk("a"), TestKey::p256().jwk("b")}));
  auto without = set_of({TestKey::p256().jwk("b")});
  EXPECT_FALSE(ring.merge(*without).any());
  EXPECT_TRUE(ring.withdrawal_pending());
  EXPECT_NE(ring.keys()->find("a"), nullptr);
  auto change = ring.merge(*without);
  EXPECT_THAT(change.removed, ElementsAre("a"));
  EXPECT_EQ(ring.keys()->find("a"), nullptr);
  EXPECT_FALSE(ring.withdrawal_pending());
}

TEST(KeyRing, ForgivesAKeyThatWasMissingOnce) {
  KeyRing ring;
  auto both = set_of({TestKey::rsa().jwk("a"), TestKey::p256().jwk("b")});
  auto one = set_of({TestKey::p256().jwk("b")});
  ring.merge(*both);
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(ring.merge(*one).any());
    EXPECT_FALSE(ring.merge(*both).any());
  }
  EXPECT_EQ(ring.keys()->size(), 2u);
}

TEST(KeyRing, ReplacesAKeyWhoseMaterialOrAlgorithmChangedUnderItsName) {
  KeyRing ring;
  ring.merge(*set_of({TestKey::rsa().jwk("a")}));
  auto change = ring.merge(*set_of({TestKey::other_rsa().jwk("a")}));
  EXPECT_THAT(change.removed, ElementsAre("a"));
  EXPECT_THAT(change.added, ElementsAre("a"));
  EXPECT_TRUE(ring.merge(*set_of({TestKey::other_rsa().jwk("a", R"(,"alg":"RS256")")})).any());
}

SteadyTime at(int minutes) {
  return SteadyTime(std::chrono::minutes(minutes));
}

TEST(AbsentKeys, AsksAgainSoonAtFirstAndSeldomLater) {
  AbsentKeys absent;
  constexpr std::chrono::minutes kFirst{5};
  absent.add("a", at(0), kFirst);
  EXPECT_TRUE(absent.contains("a", at(4)));
  EXPECT_FALSE(absent.contains("a", at(5)));
  EXPECT_FALSE(absent.contains("b", at(0)));
  absent.add("a", at(5), kFirst);
  EXPECT_TRUE(absent.contains("a", at(14)));
  EXPECT_FALSE(absent.contains("a", at(15)));
  for (int minute = 15; minute < 2000; minute += 60) absent.add("a", at(minute), kFirst);
  absent.add("a", at(3000), kFirst);
  EXPECT_TRUE(absent.contains("a", at(3059)));
  EXPECT_FALSE(absent.contains("a", at(3060)));
}

TEST(AbsentKeys, ForgetsTheOldestWhenFull) {
  AbsentKeys absent;
  for (std::size_t i = 0; i <= AbsentKeys::kMost; ++i) {
    absent.add(std::to_string(i), at(0), std::chrono::minutes(5));
  }
  EXPECT_FALSE(absent.contains("0", at(0)));
  EXPECT_TRUE(absent.contains("1", at(0)));
  EXPECT_TRUE(absent.contains(std::to_string(AbsentKeys::kMost), at(0)));
}

TEST(KeyRing, TakesAFilesWordForItAtOnce) {
  KeyRing ring;
  ring.merge(*set_of({TestKey::rsa().jwk("a"), TestKey::p256().jwk("b")}));
  auto change = ring.merge(*set_of({TestKey::p256().jwk("b")}), KeyRing::Withdrawal::kAtOnce);
  EXPECT_THAT(change.removed, testing::ElementsAre("a"));
  EXPECT_EQ(ring.keys()->find("a"), nullptr);
  EXPECT_FALSE(ring.withdrawal_pending());
}

}  // namespace
}  // namespace sallyport::identity
