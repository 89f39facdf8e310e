// The shapes in which providers write their tokens; all of them must pass, and mean what they mean.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/test_tokens.h"

namespace sallyport::identity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

IssuerSettings settings_for(std::string_view issuer, std::string_view audience,
                            TokenKind kind = TokenKind::kAccessToken) {
  IssuerSettings settings;
  settings.name = "provider";
  settings.issuer = issuer;
  settings.audiences = {std::string(audience)};
  settings.token = kind;
  return settings;
}

Members claims_of(std::string_view issuer, std::string_view audience, std::string_view subject) {
  return {{"iss", in_quotes(issuer)},
          {"aud", in_quotes(audience)},
          {"sub", in_quotes(subject)},
          {"iat", std::to_string(kTestNow - 1)},
          {"exp", std::to_string(kTestNow + 300)}};
}

std::expected<PrincipalDraft, TokenRefusal> judged(const IssuerSettings& settings,
                                                   const Members& claims,
                                                   const Members& header = entra_header()) {
  return verify(*snapshot_of({settings}), signed_token(claims, header), test_time());
}

Reason reason_of(const std::expected<PrincipalDraft, TokenRefusal>& verdict) {
  return verdict ? Reason::kNone : verdict.error().reason;
}

TEST(Providers, EntraVersion1AccessToken) {
  std::string issuer = "https://sts.windows.net/" + std::string(kTestTenant) + "/";
  std::string audience = "api://" + std::string(kTestApi);
  Members claims = claims_of(issuer, audience, "pair-wise")
                       .with("tid", in_quotes(kTestTenant))
                       .with("oid", in_quotes(kTestPerson))
                       .with("appid", in_quotes(kTestClient))
                       .with("appidacr", "\"0\"")
                       .with("amr", R"(["pwd","mfa"])")
                       .with("scp", "\"Gateway.Access\"")
                       .with("unique_name", "\"rina.okafor@example.com\"")
                       .with("uti", "\"w8\"")
                       .with("idp", in_quotes(issuer))
                       .with("ver", "\"1.0\"");
  auto header = entra_header().with("x5t", "\"k1\"");
  auto settings = settings_for(issuer, audience);
  settings.clients = {std::string(kTestClient)};
  auto who = judged(settings, claims, header);
  ASSERT_TRUE(who) << code(who.error().reason);
  EXPECT_EQ(who->client, kTestClient);
  EXPECT_EQ(who->name, "rina.okafor@example.com");
  EXPECT_EQ(reason_of(judged(settings, claims.with("ver", "\"2.0\""), header)),
            Reason::kVersionMismatch);
}

TEST(Providers, EntraVersion2IdToken) {
  Members claims = claims_of(kTestIssuer, kTestClient, "pair-wise-for-client-app")
                       .with("tid", in_quotes(kTestTenant))
                       .with("oid", in_quotes(kTestPerson))
                       .with("name", "\"Rina Okafor\"")
                       .with("rh", "\"1.AX0A.\"")
                       .with("uti", "\"kQ2mZx8T0ESr4vJhA1wCAA\"")
                       .with("ver", "\"2.0\"");
  auto settings = settings_for(kTestIssuer, kTestClient, TokenKind::kIdToken);
  settings.clients = {std::string(kTestClient)};
  auto who = judged(settings, claims);
  ASSERT_TRUE(who) << code(who.error().reason);
  EXPECT_EQ(who->client, kTestClient);  // for an ID token, its audience
  EXPECT_EQ(who->kind, TokenKind::kIdToken);
  EXPECT_FALSE(who->app_only);
}

TEST(Providers, OidcProviderAccessToken) {
  constexpr std::string_view kIssuer = "http://127.0.0.1:4000/v2.0";
  Members claims = claims_of(kIssuer, "api://gateway", "ada")
                       .with("jti", "\"id-1\"")
                       .with("scope", "\"user_impersonation\"")
                       .with("client_id", "\"desktop\"")
                       .with("tid", "\"11111111-2222-3333-4444-555555555555\"")
                       .with("oid", "\"aaaaaaaa-0000-0000-0000-000000000001\"")
                       .with("roles", "[\"Chat.User\"]")
                       .with("groups", "[\"g-1\"]")
                       .with("scp", "\"user_impersonation\"")
                       .with("azp", "\"desktop\"")
                       .with("ver", "\"2.0\"");
  auto settings = settings_for(kIssuer, "api://gateway");
  settings.clients = {"desktop"};
  settings.require_scopes = {"user_impersonation"};
  settings.require_roles = {"Chat.User"};
  settings.require_groups = {"g-1"};
  auto who = judged(settings, claims, entra_header().with("typ", "\"at+jwt\""));
  ASSERT_TRUE(who) << code(who.error().reason) << who.error().claim;
  EXPECT_EQ(who->key,
            "provider/11111111-2222-3333-4444-555555555555/aaaaaaaa-0000-0000-0000-000000000001");
  EXPECT_EQ(who->token_id, "id-1");
  EXPECT_THAT(who->scopes, ElementsAre("user_impersonation"));

  // bob: no roles, no groups
  auto bob = claims.with("roles", "[]").with("groups", "[]");
  EXPECT_EQ(reason_of(judged(settings, bob)), Reason::kRoleMissing);
  EXPECT_EQ(reason_of(judged(settings, claims.with("ver", "\"1.0\""))), Reason::kVersionMismatch);
  EXPECT_EQ(reason_of(judged(settings, claims.with("tid", "\"contoso\""))),
            Reason::kTenantMismatch);
  EXPECT_EQ(reason_of(judged(settings, claims.without("oid"))), Reason::kSubjectMissing);
}

TEST(Providers, OktaAccessTokenWithScopesAsAList) {
  constexpr std::string_view kIssuer = "https://example.okta.com/oauth2/default";
  Members claims = claims_of(kIssuer, "api://default", "rina@example.com")
                       .with("ver", "1")
                       .with("jti", "\"AT.1\"")
                       .with("cid", "\"0oa1\"")
                       .with("uid", "\"00u1\"")
                       .with("scp", R"(["openid","gateway"])")
                       .with("auth_time", std::to_string(kTestNow - 100));
  auto settings = settings_for(kIssuer, "api://default");
  settings.clients = {"0oa1"};
  settings.require_scopes = {"gateway"};
  auto who = judged(settings, claims, entra_header().without("typ"));
  ASSERT_TRUE(who) << code(who.error().reason);
  EXPECT_EQ(who->client, "0oa1");
  EXPECT_EQ(who->key, "provider//rina@example.com");
  EXPECT_THAT(who->scopes, ElementsAre("openid", "gateway"));
  EXPECT_EQ(who->auth_time, kTestNow - 100);
  EXPECT_EQ(reason_of(judged(settings, claims.with("sub", "\"0oa1\""))), Reason::kAppOnlyRefused);
}

TEST(Providers, OktaIdTokenNamesItsIdentityProviderWithoutBeingAGuest) {
  constexpr std::string_view kIssuer = "https://example.okta.com";
  Members claims = claims_of(kIssuer, "0oa1", "00u1")
                       .with("ver", "1")
                       .with("idp", "\"00o1\"")
                       .with("nonce", "\"n\"")
                       .with("at_hash", "\"h\"")
                       .with("amr", "[\"pwd\"]");
  EXPECT_TRUE(judged(settings_for(kIssuer, "0oa1", TokenKind::kIdToken), claims));
  EXPECT_EQ(reason_of(judged(settings_for(kIssuer, "0oa1"), claims)), Reason::kWrongKind);
}

TEST(Providers, KeycloakAccessTokenAndItsRoles) {
  constexpr std::string_view kIssuer = "https://keycloak.example/realms/staff";
  Members claims = claims_of(kIssuer, "gateway", "f:1:rina")
                       .with("aud", R"(["account","gateway"])")
                       .with("typ", "\"Bearer\"")
                       .with("azp", "\"desktop\"")
                       .with("sid", "\"s-1\"")
                       .with("scope", "\"openid profile\"")
                       .with("preferred_username", "\"rina\"")
                       .with("groups", R"(["/staff"])")
                       .with("realm_access", R"({"roles":["user","offline_access"]})")
                       .with("resource_access",
                             R"({"account":{"roles":["view"]},"gateway":{"roles":["chat"]}})");
  auto settings = settings_for(kIssuer, "gateway");
  settings.require_roles = {"chat", "user"};
  auto who = judged(settings, claims);
  ASSERT_TRUE(who) << code(who.error().reason);
  EXPECT_THAT(who->roles, ElementsAre("user", "offline_access", "chat"));
  EXPECT_EQ(who->session_id, "s-1");
  for (std::string_view other : {"ID", "Refresh", "Offline", "Logout"}) {
    EXPECT_EQ(reason_of(judged(settings, claims.with("typ", in_quotes(other)))), Reason::kWrongKind)
        << other;
  }
  EXPECT_EQ(
      reason_of(judged(settings, claims.with("preferred_username", "\"service-account-robot\""))),
      Reason::kAppOnlyRefused);
}

TEST(Providers, KeycloakIdTokenHasAzpAndIsStillAnIdToken) {
  constexpr std::string_view kIssuer = "https://keycloak.example/realms/staff";
  Members claims = claims_of(kIssuer, "desktop", "f:1:rina")
                       .with("typ", "\"ID\"")
                       .with("azp", "\"desktop\"")
                       .with("sid", "\"s-1\"")
                       .with("at_hash", "\"h\"");
  EXPECT_TRUE(judged(settings_for(kIssuer, "desktop", TokenKind::kIdToken), claims));
}

TEST(Providers, GoogleIdToken) {
  constexpr std::string_view kIssuer = "https://accounts.google.com";
  constexpr std::string_view kClient = "1234.apps.googleusercontent.com";
  Members claims = claims_of(kIssuer, kClient, "110169484474386276334")
                       .with("azp", in_quotes(kClient))
                       .with("at_hash", "\"h\"")
                       .with("hd", "\"example.com\"")
                       .with("email", "\"rina@example.com\"")
                       .with("email_verified", "true");
  auto who = judged(settings_for(kIssuer, kClient, TokenKind::kIdToken), claims);
  ASSERT_TRUE(who) << code(who.error().reason);
  EXPECT_EQ(who->client, kClient);
  EXPECT_EQ(who->key, "provider//110169484474386276334");
}

// Every service account of Google's cloud, anybody's, gets an ID token for any audience it names.
TEST(Providers, GoogleServiceAccountIsNoPersonOfOurs) {
  constexpr std::string_view kIssuer = "https://accounts.google.com";
  constexpr std::string_view kClient = "1234.apps.googleusercontent.com";
  Members claims = claims_of(kIssuer, kClient, "103547991597142817347")
                       .with("azp", "\"103547991597142817347\"")
                       .with("email", "\"robot@project.iam.gserviceaccount.com\"")
                       .with("email_verified", "true");
  auto settings = settings_for(kIssuer, kClient, TokenKind::kIdToken);
  EXPECT_EQ(reason_of(judged(settings, claims)), Reason::kAppOnlyRefused);
  settings.clients = {std::string(kClient)};
  EXPECT_EQ(reason_of(judged(settings, claims)), Reason::kClientRefused);
}

// A token of Cognito's without a resource binding has no aud: it is for nobody in particular.
TEST(Providers, CognitoAccessTokenWithoutAudienceIsRefused) {
  constexpr std::string_view kIssuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a";
  Members claims = claims_of(kIssuer, "c-1", "u-1")
                       .without("aud")
                       .with("token_use", "\"access\"")
                       .with("client_id", "\"c-1\"")
                       .with("scope", "\"gateway/use\"");
  EXPECT_EQ(reason_of(judged(settings_for(kIssuer, "c-1"), claims)), Reason::kAudienceMismatch);
}

TEST(Providers, CognitoTokensAreToldApartByTokenUse) {
  constexpr std::string_view kIssuer = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a";
  Members access = claims_of(kIssuer, "gateway", "u-1")
                       .with("token_use", "\"access\"")
                       .with("client_id", "\"c-1\"")
                       .with("scope", "\"gateway/use\"")
                       .with("cognito:groups", R"(["staff"])")
                       .with("username", "\"rina\"")
                       .with("version", "2");
  auto settings = settings_for(kIssuer, "gateway");
  settings.require_groups = {"staff"};
  auto who = judged(settings, access);
  ASSERT_TRUE(who) << code(who.error().reason);
  EXPECT_THAT(who->groups, ElementsAre("staff"));
  EXPECT_EQ(reason_of(judged(settings, access.with("token_use", "\"id\""))), Reason::kWrongKind);
  EXPECT_EQ(reason_of(judged(settings, access.with("token_use", "\"other\""))), Reason::kWrongKind);

  Members id = claims_of(kIssuer, "c-1", "u-1").with("token_use", "\"id\"");
  EXPECT_TRUE(judged(settings_for(kIssuer, "c-1", TokenKind::kIdToken), id));
  EXPECT_EQ(reason_of(judged(settings_for(kIssuer, "c-1", TokenKind::kIdToken),
                             id.with("token_use", "\"access\""))),
            Reason::kWrongKind);
}

TEST(Providers, Auth0AccessTokenOfAPersonAndOfAMachine) {
  constexpr std::string_view kIssuer = "https://example.eu.auth0.com/";
  Members claims =
      claims_of(kIssuer, "https://gateway", "auth0|1")
          .with("aud", R"(["https://gateway","https://example.eu.auth0.com/userinfo"])")
          .with("azp", "\"c-1\"")
          .with("scope", "\"openid gateway\"");
  EXPECT_TRUE(judged(settings_for(kIssuer, "https://gateway"), claims));
  auto machine = claims.with("sub", "\"c-1@clients\"").with("gty", "\"client-credentials\"");
  EXPECT_EQ(reason_of(judged(settings_for(kIssuer, "https://gateway"), machine)),
            Reason::kAppOnlyRefused);
}

TEST(Providers, NoSubjectCanLookLikeATenantAndAnObject) {
  constexpr std::string_view kIssuer = "https://example.okta.com";
  std::string sub = std::string(kTestTenant) + "/" + std::string(kTestPerson);
  Members claims = claims_of(kIssuer, "a", sub).with("scp", "[\"x\"]");
  auto who = judged(settings_for(kIssuer, "a"), claims);
  ASSERT_TRUE(who);
  EXPECT_EQ(who->key, "provider//" + sub);
  EXPECT_THAT(who->tenant, IsEmpty());
}

TEST(Providers, TwoBlocksOfOneIssuerAreToldApartByTheAudience) {
  auto access = settings_for(kTestIssuer, kTestApi);
  access.name = "access";
  auto id = settings_for(kTestIssuer, kTestClient, TokenKind::kIdToken);
  id.name = "id";
  auto snapshot = snapshot_of({access, id});
  auto judge = [&](const Members& claims) {
    return verify(*snapshot, signed_token(claims), test_time());
  };
  Members id_claims = entra_claims().without("scp").without("azp").without("azpacr").with(
      "aud", in_quotes(kTestClient));
  EXPECT_EQ(judge(entra_claims())->issuer, "access");
  EXPECT_EQ(judge(id_claims)->issuer, "id");
  EXPECT_EQ(reason_of(judge(entra_claims().with("aud", in_quotes(kTestClient)))),
            Reason::kWrongKind);
  EXPECT_EQ(reason_of(judge(id_claims.with("aud", in_quotes(kTestApi)))), Reason::kWrongKind);
  auto both = "[" + in_quotes(kTestApi) + "," + in_quotes(kTestClient) + "]";
  EXPECT_EQ(reason_of(judge(entra_claims().with("aud", both))), Reason::kAudienceMismatch);
}

TEST(Providers, EveryAllowedAlgorithmVerifies) {
  struct Row {
    std::string_view name;
    const TestKey& key;
  };
  const Row rows[] = {{"RS256", TestKey::rsa()},  {"RS384", TestKey::rsa()},
                      {"RS512", TestKey::rsa()},  {"PS256", TestKey::rsa()},
                      {"PS384", TestKey::rsa()},  {"PS512", TestKey::rsa()},
                      {"ES256", TestKey::p256()}, {"ES384", TestKey::p384()},
                      {"ES512", TestKey::p521()}, {"EdDSA", TestKey::ed25519()}};
  for (const Row& row : rows) {
    IssuerSettings settings = entra_settings();
    settings.algorithms = {std::string(row.name)};
    auto snapshot = make_snapshot(1, {IssuerState(settings, test_keys({row.key.jwk("k1")}))});
    auto header = entra_header().with("alg", in_quotes(row.name)).json();
    auto token = row.key.token(header, entra_claims().json(), row.name);
    EXPECT_TRUE(verify(*snapshot, token, test_time())) << row.name;
    token[token.size() - 10] = token[token.size() - 10] == 'A' ? 'B' : 'A';
    EXPECT_EQ(reason_of(verify(*snapshot, token, test_time())), Reason::kBadSignature) << row.name;
  }
}

TEST(Providers, ExplainShowsEveryCheckAndGoesOnAfterAFailure) {
  auto snapshot = snapshot_of({entra_settings()});
  auto token = TestKey::other_rsa().token(
      entra_header().json(), entra_claims().with("acct", "1").with("ver", "\"1.0\"").json(),
      "RS256");
  auto explained = explain(*snapshot, token, test_time(7200));
  std::vector<std::string_view> failed;
  for (const auto& check : explained.checks) {
    EXPECT_NE(check.result, CheckResult::kNotReached) << check.name;
    if (check.result == CheckResult::kFailed) failed.push_back(check.name);
  }
  EXPECT_THAT(failed, ElementsAre("times", "signature", "version", "guest"));
  EXPECT_EQ(explained.verdict.error().reason, Reason::kExpired);
  EXPECT_EQ(explained.issuer, 0u);

  auto garbage = explain(*snapshot, "garbage", test_time());
  EXPECT_EQ(garbage.checks.front().result, CheckResult::kFailed);
  EXPECT_EQ(garbage.checks.back().result, CheckResult::kNotReached);
}

}  // namespace
}  // namespace sallyport::identity
