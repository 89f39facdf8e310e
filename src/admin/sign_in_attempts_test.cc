#include "admin/sign_in_attempts.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "base/encoding.h"

namespace sallyport::admin {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kRealm = "contoso\nhttps://login.example\nweb";

class Attempts : public testing::Test {
 protected:
  SignInAttempts::Begun begin(std::string_view cookie = {}, std::string return_path = "/a") {
    clock.advance(seconds(1));
    return attempts.begin(cookie,
                          {.return_path = std::move(return_path), .realm = std::string(kRealm)});
  }
  bool comes_back(const SignInAttempts::Begun& begun, std::string_view cookie) {
    return attempts.take(begun.attempt.state, cookie, kRealm).has_value();
  }
  FakeClock clock;
  FakeEntropy entropy;
  SignInAttempts attempts{{.used = 3}, clock, entropy};
};

TEST_F(Attempts, ComeBackOnceToTheBrowserThatBegan) {
  auto begun = begin();
  auto taken = attempts.take(begun.attempt.state, begun.cookie, kRealm);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->attempt.state, begun.attempt.state);
  EXPECT_EQ(taken->attempt.nonce, begun.attempt.nonce);
  EXPECT_EQ(taken->attempt.verifier.reveal(), begun.attempt.verifier.reveal());
  EXPECT_EQ(taken->attempt.return_path, "/a");
  EXPECT_EQ(taken->attempt.realm, kRealm);
  EXPECT_TRUE(taken->last);
  EXPECT_FALSE(comes_back(begun, begun.cookie));
}

TEST_F(Attempts, OfStrangersTakeNobodysPlace) {
  auto person = begin();
  for (int i = 0; i < 10'000; ++i) std::ignore = attempts.begin({}, {.return_path = "/"});
  EXPECT_TRUE(comes_back(person, person.cookie));
}

TEST_F(Attempts, OfAnotherBrowserAreRefusedAndStay) {
  auto victim = begin();
  auto attacker = begin();
  EXPECT_FALSE(comes_back(attacker, victim.cookie));
  EXPECT_FALSE(comes_back(victim, attacker.cookie));
  EXPECT_FALSE(comes_back(victim, ""));
  EXPECT_FALSE(attempts.take("", victim.cookie, kRealm));
  EXPECT_TRUE(comes_back(victim, victim.cookie));
}

TEST_F(Attempts, ThatNobodySealedHereAreNone) {
  auto begun = begin();
  FakeEntropy elsewhere(7);
  SignInAttempts before_the_restart({}, clock, elsewhere);
  auto foreign = before_the_restart.begin({}, {.return_path = "/"});
  EXPECT_FALSE(comes_back(foreign, foreign.cookie));
  for (std::size_t i = 0; i < begun.cookie.size(); i += 7) {
    auto changed = begun.cookie;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(comes_back(begun, changed)) << i;
  }
  for (const auto& cookie :
       {std::string(43, 'p'), begun.cookie.substr(1), begun.cookie + "AAAA",
        begun.cookie.substr(0, begun.cookie.size() - 4), std::string(5000, 'A')}) {
    EXPECT_FALSE(comes_back(begun, cookie)) << cookie;
  }
  EXPECT_TRUE(comes_back(begun, begun.cookie));
}

TEST_F(Attempts, ShowNothingInTheirCookie) {
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    auto begun = begin();
    EXPECT_TRUE(seen.insert(begun.cookie).second);
    auto bytes = from_base64url(begun.cookie);
    ASSERT_TRUE(bytes);
    for (auto secret : {std::string_view(begun.attempt.state),
                        std::string_view(begun.attempt.nonce), begun.attempt.verifier.reveal()}) {
      EXPECT_EQ(bytes->find(secret), std::string::npos);
    }
  }
}

TEST_F(Attempts, EndAfterTenMinutes) {
  auto first = begin();
  auto second = begin();
  clock.advance(minutes(10) - seconds(2));
  EXPECT_TRUE(comes_back(first, first.cookie));
  clock.advance(seconds(2));
  EXPECT_FALSE(comes_back(second, second.cookie));
}

TEST_F(Attempts, OfTwoTabsShareTheBrowsersCookie) {
  auto first = begin();
  auto second = begin(first.cookie);
  EXPECT_NE(second.attempt.state, first.attempt.state);
  auto taken = attempts.take(first.attempt.state, second.cookie, kRealm);
  ASSERT_TRUE(taken);
  EXPECT_FALSE(taken->last);
  taken = attempts.take(second.attempt.state, second.cookie, kRealm);
  ASSERT_TRUE(taken);
  EXPECT_TRUE(taken->last);
}

TEST_F(Attempts, OfOneBrowserTheNewestFourCount) {
  std::vector<SignInAttempts::Begun> begun;
  begun.reserve(6);
  begun.push_back(begin());
  for (int i = 0; i < 5; ++i) begun.push_back(begin(begun.back().cookie));
  const auto& cookie = begun.back().cookie;
  EXPECT_FALSE(comes_back(begun[0], cookie));
  EXPECT_FALSE(comes_back(begun[1], cookie));
  EXPECT_TRUE(comes_back(begun[2], cookie));
  EXPECT_TRUE(comes_back(begun[5], cookie));
}

TEST_F(Attempts, TheNewestAlwaysFitsItsCookie) {
  std::string cookie;
  const std::string longest(1024, 'a');
  for (int i = 0; i < 5; ++i) {
    auto begun = begin(cookie, longest);
    cookie = begun.cookie;
    EXPECT_LE(cookie.size(), 2048u);
    auto taken = attempts.take(begun.attempt.state, cookie, kRealm);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->attempt.return_path, longest);
  }
}

TEST_F(Attempts, ByAnotherProviderOrClientHaveNoRealm) {
  auto begun = begin();
  auto taken = attempts.take(begun.attempt.state, begun.cookie, "fabrikam");
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->attempt.realm, "");
}

TEST_F(Attempts, GivenBackMayComeBackOnceMore) {
  auto begun = begin();
  EXPECT_TRUE(comes_back(begun, begun.cookie));
  attempts.give_back(begun.attempt.state);
  EXPECT_TRUE(comes_back(begun, begun.cookie));
  EXPECT_FALSE(comes_back(begun, begun.cookie));
}

TEST_F(Attempts, WhatCameBackIsRememberedForItsLifeAndBounded) {
  std::vector<SignInAttempts::Begun> begun;
  begun.reserve(4);
  for (int i = 0; i < 4; ++i) begun.push_back(begin());
  for (const auto& one : begun) {
    EXPECT_TRUE(comes_back(one, one.cookie));
    clock.advance(seconds(1));
  }
  EXPECT_EQ(attempts.used(), 3u);
  for (std::size_t i = 1; i < 4; ++i) EXPECT_FALSE(comes_back(begun[i], begun[i].cookie)) << i;
  clock.advance(minutes(10));
  auto late = begin();
  EXPECT_TRUE(comes_back(late, late.cookie));
  EXPECT_EQ(attempts.used(), 1u);
}

}  // namespace
}  // namespace sallyport::admin
