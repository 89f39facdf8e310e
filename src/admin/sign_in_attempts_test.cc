#include "admin/sign_in_attempts.h"

#include <gtest/gtest.h>

#include <vector>

namespace sallyport::admin {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class Attempts : public testing::Test {
 protected:
  SignInAttempts::Begun begin(const std::string& source = "192.0.2.1",
                              std::string_view browser = {}) {
    clock.advance(seconds(1));
    return attempts.begin(source, browser, {.return_path = "/a", .realm = "realm"});
  }
  FakeClock clock;
  FakeEntropy entropy;
  SignInAttempts attempts{{.all = 6, .of_one = 3}, clock, entropy};
};

TEST_F(Attempts, ComeBackOnceToTheBrowserThatBegan) {
  auto begun = begin();
  auto taken = attempts.take(begun.attempt.state, begun.browser);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->nonce, begun.attempt.nonce);
  EXPECT_EQ(taken->verifier.reveal(), begun.attempt.verifier.reveal());
  EXPECT_EQ(taken->return_path, "/a");
  EXPECT_EQ(taken->realm, "realm");
  EXPECT_FALSE(attempts.take(begun.attempt.state, begun.browser));
}

TEST_F(Attempts, OfAnotherBrowserAreRefusedAndStay) {
  auto victim = begin();
  auto attacker = begin("198.51.100.9");
  EXPECT_FALSE(attempts.take(attacker.attempt.state, victim.browser));
  EXPECT_FALSE(attempts.take(victim.attempt.state, attacker.browser));
  EXPECT_FALSE(attempts.take(victim.attempt.state, ""));
  EXPECT_FALSE(attempts.take("", victim.browser));
  EXPECT_TRUE(attempts.take(victim.attempt.state, victim.browser));
}

TEST_F(Attempts, EndAfterTenMinutes) {
  auto begun = begin();
  auto second = begin();
  clock.advance(minutes(10) - seconds(2));
  EXPECT_TRUE(attempts.take(begun.attempt.state, begun.browser));
  clock.advance(seconds(2));
  EXPECT_FALSE(attempts.take(second.attempt.state, second.browser));
  EXPECT_EQ(attempts.size(), 0u);
}

TEST_F(Attempts, OfTwoTabsShareTheBrowsersCookie) {
  auto first = begin();
  auto second = begin("192.0.2.1", first.browser);
  EXPECT_EQ(second.browser, first.browser);
  EXPECT_NE(second.attempt.state, first.attempt.state);
  EXPECT_TRUE(attempts.take(first.attempt.state, first.browser));
  EXPECT_TRUE(attempts.knows(first.browser));
  EXPECT_TRUE(attempts.take(second.attempt.state, first.browser));
  EXPECT_FALSE(attempts.knows(first.browser));
}

TEST_F(Attempts, NeverKeepACookieThatTheyDidNotGive) {
  const std::string planted(43, 'p');
  EXPECT_NE(begin("192.0.2.1", planted).browser, planted);
  auto begun = begin();
  EXPECT_TRUE(attempts.take(begun.attempt.state, begun.browser));
  EXPECT_NE(begin("192.0.2.1", begun.browser).browser, begun.browser);
}

TEST_F(Attempts, OfOneSourceTheOldestGoes) {
  std::vector<SignInAttempts::Begun> begun;
  begun.reserve(4);
  auto other = begin("198.51.100.9");
  for (int i = 0; i < 4; ++i) begun.push_back(begin());
  EXPECT_FALSE(attempts.take(begun[0].attempt.state, begun[0].browser));
  for (std::size_t i = 1; i < 4; ++i) {
    EXPECT_TRUE(attempts.take(begun[i].attempt.state, begun[i].browser)) << i;
  }
  EXPECT_TRUE(attempts.take(other.attempt.state, other.browser));
}

TEST_F(Attempts, WhenAllPlacesAreTakenWhoeverHasMostMakesRoom) {
  auto person = begin("192.0.2.1");
  std::vector<SignInAttempts::Begun> flood;
  flood.reserve(5);
  for (int i = 0; i < 3; ++i) flood.push_back(begin("198.51.100.1"));
  for (int i = 0; i < 2; ++i) flood.push_back(begin("198.51.100.2"));
  auto late = begin("192.0.2.2");
  EXPECT_EQ(attempts.size(), 6u);
  EXPECT_FALSE(attempts.take(flood[0].attempt.state, flood[0].browser));
  EXPECT_TRUE(attempts.take(person.attempt.state, person.browser));
  EXPECT_TRUE(attempts.take(late.attempt.state, late.browser));
}

}  // namespace
}  // namespace sallyport::admin
