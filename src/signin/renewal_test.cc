#include "signin/renewal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "signin/test_parts.h"

namespace sallyport::signin {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kIssuer = "https://i.example";

std::string id_token(std::string_view subject) {
  return token_of(R"({"iss":"https://i.example","aud":"desk","sub":")" + std::string(subject) +
                  R"(","exp":1795300000})");
}

Session ada(WallTime now) {
  Session session{.target = {.gateway = "https://g.example",
                             .name = "contoso",
                             .issuer = std::string(kIssuer),
                             .client = "desk",
                             .scopes = {"api"}},
                  .machine = {},
                  .token_endpoint = "https://i.example/token"};
  session.access_token = Secret(std::string_view("old-access"));
  session.refresh_token = Secret(std::string_view("old-refresh"));
  session.obtained_at = unix_seconds(now) - 3600;
  session.expires_at = unix_seconds(now);
  session.subject = "ada";
  return session;
}

class RenewalTest : public testing::Test {
 protected:
  RenewalTest() { keep(ada(clock.wall())); }
  void keep(const Session& session) { vault.entries["id"] = encode(session).reveal(); }
  Session kept() {
    auto session = load_session(vault, "id");
    EXPECT_TRUE(session);
    return session ? std::move(*session) : Session{};
  }
  Result<void> run(TestWeb& web) { return renew(vault, "id", web, clock, entropy); }

  FakeClock clock;
  FakeEntropy entropy;
  MemoryVault vault;
};

TEST_F(RenewalTest, StoresTheNewPairAndAsksWithTheOldRefreshTokenAlone) {
  TestWeb web([](const auto&) {
    return answer(200, R"({"access_token":"new-access","refresh_token":"new-refresh",)"
                       R"("expires_in":3600,"id_token":")" +
                           id_token("ada") + "\"}");
  });
  ASSERT_TRUE(run(web));
  EXPECT_EQ(web.bodies, std::vector<std::string>{
                            "grant_type=refresh_token&client_id=desk&refresh_token=old-refresh"});
  Session session = kept();
  EXPECT_EQ(session.access_token.reveal(), "new-access");
  EXPECT_EQ(session.refresh_token.reveal(), "new-refresh");
  EXPECT_EQ(session.seconds_left(clock.wall()), 3600);
}

TEST_F(RenewalTest, AnAnswerWithoutARefreshTokenLeavesTheOldOne) {
  TestWeb web([](const auto&) {
    return answer(200, R"({"access_token":"new-access","expires_in":3600})");
  });
  ASSERT_TRUE(run(web));
  EXPECT_EQ(kept().refresh_token.reveal(), "old-refresh");
}

// The refresh token may be spent by the question, so the question waits for a vault that works.
TEST_F(RenewalTest, NobodyIsAskedWhileTheVaultCannotBeWritten) {
  vault.writable = false;
  TestWeb web([](const auto&) { return answer(200, "{}"); });
  auto done = run(web);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "vault.locked");
  EXPECT_TRUE(web.urls.empty());
}

TEST_F(RenewalTest, AProviderThatIsAwayChangesNothing) {
  std::string before = vault.entries["id"];
  for (int status : {500, 503, 429}) {
    TestWeb web([status](const auto&) { return answer(status, ""); });
    auto done = run(web);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, "provider.busy");
  }
  TestWeb broken([](const auto&) -> Result<http::FetchResponse> {
    return fail("fetch.connect", "cannot reach it");
  });
  EXPECT_FALSE(run(broken));
  EXPECT_EQ(vault.entries["id"], before);
}

// Killed between the provider's answer and the write, or the answer was lost on the way: the old
// refresh token is tried once more, and a provider without grace is no riddle to the person.
TEST_F(RenewalTest, AnInterruptedRenewalIsTriedAgainAndExplainsTheRefusalAfterIt) {
  TestWeb lost([this](const auto&) -> Result<http::FetchResponse> {
    EXPECT_EQ(kept().renewal_began, unix_seconds(clock.wall())) << "the intent comes first";
    return fail("fetch.timeout", "no answer");
  });
  ASSERT_FALSE(run(lost));
  std::string interrupted = vault.entries["id"];

  TestWeb gracious([](const auto&) {
    return answer(200, R"({"access_token":"a","refresh_token":"r","expires_in":3600})");
  });
  ASSERT_TRUE(run(gracious));
  EXPECT_THAT(gracious.bodies.front(), HasSubstr("refresh_token=old-refresh"));
  EXPECT_EQ(kept().renewal_began, 0);

  vault.entries["id"] = interrupted;
  TestWeb strict([](const auto&) { return answer(400, R"({"error":"invalid_grant"})"); });
  auto done = run(strict);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "sign_in.again");
  EXPECT_THAT(done.error().message, HasSubstr("interrupted before its answer could be stored"));
  EXPECT_THAT(kept().refused, HasSubstr("interrupted"));

  keep(ada(clock.wall()));
  auto plain = run(strict);
  ASSERT_FALSE(plain);
  EXPECT_THAT(plain.error().message, Not(HasSubstr("interrupted")));
}

TEST_F(RenewalTest, ARefusalSaysSignInAgainAndKeepsWhatIsThere) {
  TestWeb web([](const auto&) {
    return answer(400, R"({"error":"invalid_grant","error_description":"AADSTS50173: gone"})");
  });
  auto done = run(web);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "sign_in.again");
  EXPECT_THAT(done.error().next_step, HasSubstr("sallyport sign-in --gateway https://g.example"));
  Session session = kept();
  EXPECT_EQ(session.refresh_token.reveal(), "old-refresh") << "nothing stored is lost";
  EXPECT_THAT(session.refused, HasSubstr("AADSTS50173"));
}

TEST_F(RenewalTest, AnotherPersonsTokensAreNotTaken) {
  TestWeb web([](const auto&) {
    return answer(
        200, R"({"access_token":"x","expires_in":3600,"id_token":")" + id_token("mallory") + "\"}");
  });
  auto done = run(web);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "sign_in.foreign_token");
  EXPECT_EQ(kept().access_token.reveal(), "old-access");
}

// A clock that is wrong for a moment: the provider has taken the old refresh token all the same.
TEST_F(RenewalTest, AnIdTokenThatLooksExpiredDoesNotCostTheNewRefreshToken) {
  TestWeb web([](const auto&) {
    return answer(200, R"({"access_token":"x","expires_in":3600,"refresh_token":"new-refresh",)"
                       R"("id_token":")" +
                           token_of(R"({"iss":"https://i.example","aud":"desk","sub":"ada",)"
                                    R"("exp":1700000000})") +
                           "\"}");
  });
  auto done = run(web);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "sign_in.expired_token");
  EXPECT_EQ(kept().refresh_token.reveal(), "new-refresh");
}

TEST_F(RenewalTest, WhereTheIdTokenCountsARefreshWithoutOneAsksForThePerson) {
  Session session = ada(clock.wall());
  session.target.id_token = true;
  session.id_token = Secret(id_token("ada"));
  keep(session);
  TestWeb web([](const auto&) {
    return answer(200, R"({"access_token":"x","refresh_token":"second","expires_in":3600})");
  });
  auto done = run(web);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, "sign_in.again");
  EXPECT_EQ(kept().refresh_token.reveal(), "second") << "the old one is spent";
}

class CurrentSessionTest : public RenewalTest {
 protected:
  Result<Session> ask(const RenewElsewhere& renewal) {
    return current_session({.id = "id"}, vault, folder, clock, renewal,
                           std::chrono::milliseconds(0));
  }
  Result<Session> ask_with(Result<void> outcome) {
    return ask([&](const BookEntry&, UniqueFd) {
      ++renewals;
      return outcome;
    });
  }
  void expires_in(std::int64_t seconds, std::int64_t life = 3600) {
    Session session = kept();
    session.expires_at = unix_seconds(clock.wall()) + seconds;
    session.obtained_at = session.expires_at - life;
    keep(session);
  }
  TestFolder test_folder;
  std::filesystem::path folder = test_folder.path();
  int renewals = 0;
};

TEST_F(CurrentSessionTest, AGoodTokenIsGivenWithoutAsking) {
  expires_in(301);
  EXPECT_TRUE(ask_with({}));
  EXPECT_EQ(renewals, 0);
}

TEST_F(CurrentSessionTest, RenewsAFifthOfItsLifeAheadFiveMinutesAtMost) {
  expires_in(300);
  EXPECT_TRUE(ask_with({}));
  EXPECT_EQ(renewals, 1);
  expires_in(61, 300);
  EXPECT_TRUE(ask_with({}));
  EXPECT_EQ(renewals, 1);
  expires_in(60, 300);
  EXPECT_TRUE(ask_with({}));
  EXPECT_EQ(renewals, 2);
}

TEST_F(CurrentSessionTest, ATokenThatStillLivesIsGivenWhenItCannotBeRenewed) {
  auto down = fail("provider.busy", "away");
  expires_in(100);
  EXPECT_TRUE(ask_with(down));
  expires_in(20);
  auto none = ask_with(down);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "provider.busy");
}

TEST_F(CurrentSessionTest, ARefusalIsNotAskedForAgainForAMinute) {
  Session session = kept();
  session.refused = "your sign-in was taken back";
  session.refused_at = unix_seconds(clock.wall());
  keep(session);
  auto none = ask_with({});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "sign_in.again");
  EXPECT_EQ(renewals, 0);
  clock.advance(std::chrono::seconds(60));
  EXPECT_TRUE(ask_with({}));
  EXPECT_EQ(renewals, 1);
}

TEST_F(CurrentSessionTest, WhoWaitedForTheLockTakesWhatTheOtherGot) {
  auto lock = take_lock(folder / "id.lock", std::chrono::milliseconds(0));
  ASSERT_TRUE(lock && *lock);
  expires_in(0);
  auto busy = ask_with({});
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, "sign_in.busy");
  expires_in(100);
  EXPECT_TRUE(ask_with({})) << "a token that lives is given while another renews";
  EXPECT_EQ(renewals, 0);
}

class RefusedTokenTest : public CurrentSessionTest {
 protected:
  Result<Session> after_refusal_of(std::string_view token) {
    return session_after_refusal(
        {.id = "id"}, vault, folder, Secret(token),
        [&](const BookEntry&, UniqueFd) -> Result<void> {
          ++renewals;
          Session session = kept();
          session.access_token = Secret(std::string_view("renewed"));
          keep(session);
          return {};
        },
        std::chrono::milliseconds(0));
  }
};

TEST_F(RefusedTokenTest, IsRenewedAlsoWhereItSeemsGood) {
  expires_in(3000);
  auto session = after_refusal_of("old-access");
  ASSERT_TRUE(session) << session.error().text();
  EXPECT_EQ(session->access_token.reveal(), "renewed");
  EXPECT_EQ(renewals, 1);
}

TEST_F(RefusedTokenTest, ATokenThatAnotherProcessGotMeanwhileIsTaken) {
  auto session = after_refusal_of("an older one");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->access_token.reveal(), "old-access");
  EXPECT_EQ(renewals, 0);
}

TEST_F(RefusedTokenTest, WithoutARefreshTokenThePersonSignsInAtThatServerAgain) {
  Session session = kept();
  session.refresh_token = {};
  session.target.gateway.clear();
  session.target.server = "https://admin.example";
  keep(session);
  auto none = after_refusal_of("old-access");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "sign_in.again");
  EXPECT_THAT(none.error().next_step,
              HasSubstr("sallyport sign-in --server https://admin.example"));
  EXPECT_EQ(renewals, 0);
}

}  // namespace
}  // namespace sallyport::signin
