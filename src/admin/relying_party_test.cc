#include "admin/relying_party.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/test_sign_in.h"
#include "signin/test_parts.h"

namespace sallyport::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kDiscovery =
    R"({"issuer":"https://login.example/contoso","jwks_uri":"https://login.example/keys",)"
    R"("authorization_endpoint":"https://login.example/authorize?tenant=1",)"
    R"("token_endpoint":"https://login.example/token")";

class Party : public testing::Test {
 protected:
  Party() { attempt.realm = sign_in_realm(*snapshot, settings); }

  Result<http::FetchResponse> provider_answers(const http::FetchRequest& request) {
    asked.push_back(request.url);
    bodies.emplace_back(request.body.reveal());
    if (request.url == "https://login.example/token") return token_answer;
    return signin::answer(200, std::string(kDiscovery) + discovery_more + "}");
  }
  void answer_with(const identity::Members& claims) {
    token_answer = signin::answer(
        200, R"({"token_type":"Bearer","access_token":"a","id_token":")" + token(claims) + "\"}");
  }
  static std::string token(const identity::Members& claims) {
    return identity::signed_token(claims);
  }
  static signin::Callback callback() {
    signin::Callback callback;
    callback.code = Secret(std::string_view("the-code"));
    callback.state = "state";
    return callback;
  }
  std::string code_of_failure(const signin::Callback& with = callback()) {
    auto person = party.finish(attempt, with);
    return person ? "came in" : std::string(person.error().problem.error.code);
  }

  TestBackends house;
  identity::SnapshotPtr snapshot = identity::snapshot_of({test_issuer()});
  Settings settings = test_settings();
  SignInAttempt attempt{.state = "state",
                        .nonce = "the-nonce",
                        .verifier = Secret(std::string_view("the-verifier")),
                        .return_path = "/"};
  std::string discovery_more;
  Result<http::FetchResponse> token_answer = signin::answer(500, "");
  std::vector<std::string> asked;
  std::vector<std::string> bodies;
  int key_fetches = 0;
  RelyingParty party{{
      .identity = [this] { return snapshot; },
      .settings = [this] { return std::make_shared<const Settings>(settings); },
      .web =
          [this](const identity::IssuerSettings& /*issuer*/) {
            return std::make_unique<signin::TestWeb>(
                [this](const http::FetchRequest& request) { return provider_answers(request); });
          },
      .fetch_keys = [this](std::string_view /*issuer*/, std::string_view /*id*/) { ++key_fetches; },
      .revocations = *house.revocations,
      .clock = house.clock,
      .entropy = system_entropy(),
  }};
};

TEST_F(Party, SendsTheBrowserWithWhatHasToComeBack) {
  auto url = party.authorization_url(attempt);
  ASSERT_TRUE(url) << url.error().cause;
  EXPECT_EQ(*url,
            "https://login.example/authorize?tenant=1&response_type=code&client_id=admin-web"
            "&redirect_uri=https%3A%2F%2Fadmin.example%2Fsign-in%2Fcallback"
            "&scope=openid%20profile%20email&state=state&nonce=the-nonce&code_challenge=" +
                to_base64url(as_text(sha256("the-verifier"))) + "&code_challenge_method=S256");
  attempt.fresh = true;
  EXPECT_THAT(*party.authorization_url(attempt), HasSubstr("&prompt=login"));
  EXPECT_EQ(asked.size(), 1u) << "the discovery document is kept for a while";
}

TEST_F(Party, LetsInWhoeverTheProviderVouchesFor) {
  answer_with(id_token_claims("the-nonce"));
  auto person = party.finish(attempt, callback());
  ASSERT_TRUE(person) << person.error().cause;
  EXPECT_EQ(person->key, "contoso//ada");
  EXPECT_EQ(person->name, "Ada Byron");
  EXPECT_EQ(person->groups, std::vector<std::string>{"auditors"});
  EXPECT_THAT(bodies.back(), HasSubstr("grant_type=authorization_code&client_id=admin-web"));
  EXPECT_THAT(bodies.back(), HasSubstr("code=the-code"));
  EXPECT_THAT(bodies.back(), HasSubstr("code_verifier=the-verifier"));
  EXPECT_THAT(bodies.back(),
              HasSubstr("redirect_uri=https%3A%2F%2Fadmin.example%2Fsign-in%2Fcallback"));
  EXPECT_THAT(bodies.back(), Not(HasSubstr("client_secret")));
}

TEST_F(Party, ShowsItsSecret) {
  settings.sign_in->credential.secret =
      std::make_shared<const Secret>(std::string_view("s e&cret"));
  answer_with(id_token_claims("the-nonce"));
  EXPECT_EQ(code_of_failure(), "came in");
  EXPECT_THAT(bodies.back(), HasSubstr("client_secret=s%20e%26cret"));
}

TEST_F(Party, ACredentialThatDoesNotWorkIsNobodysBusinessButTheLogs) {
  settings.sign_in->credential.certificate = "no certificate";
  settings.sign_in->credential.certificate_key =
      std::make_shared<const Secret>(std::string_view("key"));
  auto person = party.finish(attempt, callback());
  ASSERT_FALSE(person);
  EXPECT_THAT(person.error().cause, HasSubstr("for admin.sign_in.credential"));
  EXPECT_EQ(person.error().problem.error.message, "the identity provider cannot be asked now");
  EXPECT_THAT(asked, testing::Each(Not(HasSubstr("/token"))));
}

// Every token that is not the answer to this very attempt.
TEST_F(Party, RefusesEveryOtherToken) {
  struct Row {
    std::string_view what;
    identity::Members claims;
    std::string_view code;
  };
  const auto good = id_token_claims("the-nonce");
  const Row rows[] = {
      {"another nonce", good.with("nonce", "\"another\""), "sign_in.foreign_token"},
      {"no nonce", good.without("nonce"), "sign_in.foreign_token"},
      {"another audience", good.with("aud", "\"data-plane\""), "sign_in.token_refused"},
      {"the data plane's and ours, for another party",
       good.with("aud", R"(["data-plane","admin-web"])").with("azp", "\"desk\""),
       "token.client_refused"},
      {"another issuer", good.with("iss", "\"https://evil.example\""), "sign_in.token_refused"},
      {"an access token", good.with("scp", "\"Gateway.Admin\""), "sign_in.token_refused"},
      {"expired", good.with("exp", std::to_string(identity::kTestNow - 3600)),
       "sign_in.token_refused"},
      {"no subject", good.without("sub"), "sign_in.token_refused"},
  };
  for (const auto& row : rows) {
    answer_with(row.claims);
    EXPECT_EQ(code_of_failure(), row.code) << row.what;
  }
  answer_with(good.with("azp", "\"admin-web\""));
  EXPECT_EQ(code_of_failure(), "came in");
}

TEST_F(Party, RefusesATokenThatSomebodyElseSigned) {
  auto forged = identity::TestKey::other_rsa().token(identity::entra_header().json(),
                                                     id_token_claims("the-nonce").json(), "RS256");
  token_answer = signin::answer(
      200, R"({"token_type":"Bearer","access_token":"a","id_token":")" + forged + "\"}");
  EXPECT_EQ(code_of_failure(), "sign_in.token_refused");
  EXPECT_EQ(key_fetches, 0);
}

TEST_F(Party, AsksForAKeyThatIsNew) {
  auto signed_by_new = identity::signed_token(id_token_claims("the-nonce"),
                                              identity::entra_header().with("kid", "\"k2\""));
  token_answer = signin::answer(
      200, R"({"token_type":"Bearer","access_token":"a","id_token":")" + signed_by_new + "\"}");
  EXPECT_EQ(code_of_failure(), "sign_in.token_refused");
  EXPECT_EQ(key_fetches, 1);
}

TEST_F(Party, AnAnswerOfAnotherProviderIsRefusedBeforeItsCodeIsUsed) {
  answer_with(id_token_claims("the-nonce"));
  auto mixed_up = callback();
  mixed_up.issuer = "https://evil.example";
  EXPECT_EQ(code_of_failure(mixed_up), "sign_in.foreign_answer");
  EXPECT_THAT(asked, testing::Each(Not(HasSubstr("/token"))));
}

TEST_F(Party, WhoeverPromisesToNameTheIssuerHasTo) {
  discovery_more = R"(,"authorization_response_iss_parameter_supported":true)";
  answer_with(id_token_claims("the-nonce"));
  EXPECT_EQ(code_of_failure(), "sign_in.foreign_answer");
  auto named = callback();
  named.issuer = kTestProvider;
  EXPECT_EQ(code_of_failure(named), "came in");
}

TEST_F(Party, SaysTheProvidersNoWithItsCode) {
  signin::Callback declined;
  declined.state = "state";
  declined.error = "access_denied";
  declined.description = "the person said no";
  auto person = party.finish(attempt, declined);
  ASSERT_FALSE(person);
  EXPECT_EQ(person.error().problem.status, 403);
  EXPECT_THAT(person.error().problem.error.message, HasSubstr("access_denied: the person said no"));
  EXPECT_EQ(person.error().problem.error.next_step, "sign in again");
  token_answer = signin::answer(401, R"({"error":"invalid_client"})");
  person = party.finish(attempt, callback());
  ASSERT_FALSE(person);
  EXPECT_EQ(person.error().problem.status, 502);
  EXPECT_THAT(person.error().problem.error.message, HasSubstr("invalid_client"));
  EXPECT_THAT(person.error().problem.error.next_step, Not(HasSubstr("sallyport sign-in")));
}

TEST_F(Party, WhoseAccessWasTakenBackDoesNotComeInAgain) {
  answer_with(id_token_claims("the-nonce"));
  EXPECT_EQ(code_of_failure(), "came in");
  take_access_back(*house.revocations, identity::RevocationKind::kUser, "contoso//ada");
  EXPECT_EQ(code_of_failure(), "api.revoked");
}

TEST_F(Party, ANewSignInHealsWhereSignInsWereEnded) {
  take_access_back(*house.revocations, identity::RevocationKind::kSignIns, "contoso//ada");
  answer_with(id_token_claims("the-nonce"));
  EXPECT_EQ(code_of_failure(), "api.revoked");
  house.clock.advance(std::chrono::seconds(30));
  answer_with(id_token_claims("the-nonce")
                  .with("iat", std::to_string(identity::kTestNow + 20))
                  .with("auth_time", std::to_string(identity::kTestNow + 20)));
  EXPECT_EQ(code_of_failure(), "came in");
}

TEST_F(Party, WhatWasBegunBeforeAChangeOfTheClientIsBegunAgain) {
  answer_with(id_token_claims("the-nonce"));
  settings.sign_in->client = "another";
  EXPECT_EQ(code_of_failure(), "sign_in.changed");
  settings.sign_in.reset();
  EXPECT_EQ(code_of_failure(), "sign_in.off");
}

TEST(IdTokenRules, AreApartFromTheDataPlanes) {
  auto data_plane = identity::snapshot_of({test_issuer()});
  auto rules = id_token_rules(*data_plane, test_settings());
  ASSERT_NE(rules, nullptr);
  const auto& issuer = rules->issuers.front().settings;
  EXPECT_EQ(issuer.audiences, std::vector<std::string>{"admin-web"});
  EXPECT_EQ(issuer.token, identity::TokenKind::kIdToken);
  EXPECT_TRUE(issuer.require_roles.empty());
  EXPECT_EQ(issuer.app_only, identity::Gate::kRefuse);
  EXPECT_EQ(issuer.guests, identity::Gate::kRefuse);
  // The ID token of this door opens no other: the data plane wants another audience.
  auto token = identity::signed_token(id_token_claims("n"));
  EXPECT_TRUE(identity::verify(*rules, token, identity::test_time()));
  EXPECT_FALSE(identity::verify(*data_plane, token, identity::test_time()));
  auto settings = test_settings();
  settings.issuer = "other";
  EXPECT_EQ(id_token_rules(*data_plane, settings), nullptr);
}

}  // namespace
}  // namespace sallyport::admin
