// Applications' own tokens as each provider writes them, in every shape that its settings allow,
// and beside them a person's from the same provider, which must pass.
#include <gtest/gtest.h>

#include "identity/test_tokens.h"

namespace sallyport::identity {
namespace {

constexpr std::string_view kRobot = "9a8b7c6d-1111-4222-8333-ddddeeeeffff";

/// A provider with the claims that both of its kinds of tokens have.
struct Provider {
  std::string_view name;
  std::string_view issuer;
  TokenKind kind;
  Members common;
};

Members times() {
  return {{"iat", std::to_string(kTestNow - 1)}, {"exp", std::to_string(kTestNow + 300)}};
}

Provider entra() {
  return {
      "entra", kTestIssuer, TokenKind::kAccessToken,
      entra_claims().without("scp").without("name").without("preferred_username").without("sid")};
}

Provider auth0() {
  return {"auth0", "https://example.eu.auth0.com/", TokenKind::kAccessToken,
          times().with("azp", "\"c-1\"").with("scope", "\"gateway\"")};
}

// With the profile of RFC 9068 chosen for the API.
Provider auth0_rfc9068() {
  return {"auth0, RFC 9068", "https://example.eu.auth0.com/", TokenKind::kAccessToken,
          times()
              .with("client_id", "\"c-1\"")
              .with("jti", "\"73WakrfVbNJBaAmhQtEeDv\"")
              .with("scope", "\"gateway\"")};
}

Provider okta() {
  return {"okta", "https://example.okta.com/oauth2/default", TokenKind::kAccessToken,
          times()
              .with("ver", "1")
              .with("jti", "\"AT.1\"")
              .with("cid", "\"0oa1\"")
              .with("scp", R"(["gateway"])")};
}

Provider uaa() {
  return {"uaa", "https://uaa.example/oauth/token", TokenKind::kAccessToken,
          times()
              .with("azp", "\"portal\"")
              .with("cid", "\"portal\"")
              .with("client_id", "\"portal\"")
              .with("scope", R"(["gateway.use"])")};
}

Provider cognito() {
  return {"cognito", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a",
          TokenKind::kAccessToken,
          times()
              .with("token_use", "\"access\"")
              .with("client_id", "\"c-1\"")
              .with("scope", "\"gateway/use\"")
              .with("version", "2")};
}

Provider google() {
  return {"google", "https://accounts.google.com", TokenKind::kIdToken, times()};
}

Provider keycloak() {
  return {"keycloak", "https://keycloak.example/realms/staff", TokenKind::kAccessToken,
          times()
              .with("typ", "\"Bearer\"")
              .with("azp", "\"desktop\"")
              .with("acr", "\"1\"")
              .with("scope", "\"gateway\"")};
}

Provider keycloak_id_token() {
  return {"keycloak, ID token", "https://keycloak.example/realms/staff", TokenKind::kIdToken,
          times().with("typ", "\"ID\"").with("azp", "\"desktop\"").with("at_hash", "\"h\"")};
}

/// One that is in no table of ours, with RFC 9068's claims.
Provider standard() {
  return {"RFC 9068", "https://idp.example", TokenKind::kAccessToken,
          times().with("client_id", "\"c-1\"").with("jti", "\"1\"").with("scope", "\"gateway\"")};
}

struct Row {
  std::string_view what;
  Provider provider;
  Members own;            ///< what this token has besides, or instead
  std::string_view sign;  ///< the claim that a refusal must name; empty: a person's, which passes
};

Members merged(const Members& common, const Members& own) {
  Members out = common;
  for (const auto& [name, value] : own.all()) out = out.with(name, value);
  return out;
}

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {"a person", entra(), {{"scp", "\"Gateway.Access\""}}, ""},
      {"a person, said to be one",
       entra(),
       {{"scp", "\"Gateway.Access\""}, {"idtyp", "\"user\""}},
       ""},
      {"a person whose account a service uses",
       entra(),
       {{"scp", "\"Gateway.Access\""}, {"preferred_username", "\"service-account-1@example.com\""}},
       ""},
      {"an application, said to be one",
       entra(),
       {{"idtyp", "\"app\""}, {"oid", in_quotes(kRobot)}, {"sub", in_quotes(kRobot)}},
       "idtyp"},
      {"an application",
       entra(),
       {{"oid", in_quotes(kRobot)}, {"sub", in_quotes(kRobot)}, {"azpacr", "\"2\""}},
       "scp"},

      {"a person", auth0(), {{"sub", "\"auth0|1\""}}, ""},
      {"a person by password", auth0(), {{"sub", "\"auth0|1\""}, {"gty", "\"password\""}}, ""},
      {"an application",
       auth0(),
       {{"sub", "\"c-1@clients\""}, {"gty", "\"client-credentials\""}},
       "gty"},
      {"an application, several grants",
       auth0(),
       {{"sub", "\"x\""}, {"gty", R"(["refresh-token","client-credentials"])"}},
       "gty"},
      {"a person", auth0_rfc9068(), {{"sub", "\"auth0|1\""}}, ""},
      {"an application", auth0_rfc9068(), {{"sub", "\"c-1@clients\""}}, "sub"},

      {"a person", okta(), {{"sub", "\"rina@example.com\""}, {"uid", "\"00u1\""}}, ""},
      {"an application", okta(), {{"sub", "\"0oa1\""}}, "sub"},
      {"an application whose subject was mapped", okta(), {{"sub", "\"robot\""}}, "uid"},

      {"a person",
       uaa(),
       {{"sub", "\"u-1\""}, {"user_id", "\"u-1\""}, {"grant_type", "\"authorization_code\""}},
       ""},
      {"an application",
       uaa(),
       {{"sub", "\"portal\""}, {"grant_type", "\"client_credentials\""}},
       "sub"},
      {"an application with a user beside it",
       uaa(),
       {{"sub", "\"x\""}, {"user_id", "\"x\""}, {"grant_type", "\"client_credentials\""}},
       "grant_type"},

      {"a person", cognito(), {{"sub", "\"u-1\""}, {"username", "\"rina\""}}, ""},
      {"an application", cognito(), {{"sub", "\"c-1\""}}, "sub"},
      {"an application whose subject was changed", cognito(), {{"sub", "\"x\""}}, "username"},

      {"a person",
       google(),
       {{"sub", "\"110169484474386276334\""},
        {"azp", "\"1.apps.googleusercontent.com\""},
        {"email", "\"rina@example.com\""}},
       ""},
      {"a service account",
       google(),
       {{"sub", "\"103547991597142817347\""}, {"azp", "\"103547991597142817347\""}},
       "sub"},
      {"a service account, another presenter",
       google(),
       {{"sub", "\"103547991597142817347\""},
        {"azp", "\"1.apps.googleusercontent.com\""},
        {"email", "\"7-compute@developer.gserviceaccount.com\""}},
       "email"},

      {"a person", keycloak(), {{"sub", "\"f:1:rina\""}, {"sid", "\"s-1\""}}, ""},
      {"a person by code, 26.2 and later",
       keycloak(),
       {{"sub", "\"f:1:rina\""},
        {"sid", "\"s-1\""},
        {"jti", "\"onrtac:713a03f4-55fb-4198-e8ea-a1be37d5f52f\""}},
       ""},
      {"a person, before 12",
       keycloak(),
       {{"sub", "\"f:1:rina\""}, {"session_state", "\"s-1\""}},
       ""},
      {"a service account, all scopes",
       keycloak(),
       {{"sub", in_quotes(kRobot)},
        {"client_id", "\"desktop\""},
        {"clientHost", "\"10.0.0.7\""},
        {"clientAddress", "\"10.0.0.7\""},
        {"preferred_username", "\"service-account-desktop\""}},
       "preferred_username"},
      {"a service account without the scope profile",
       keycloak(),
       {{"sub", in_quotes(kRobot)},
        {"sid", "\"s-1\""},
        {"clientHost", "\"10.0.0.7\""},
        {"clientAddress", "\"10.0.0.7\""}},
       "clientHost"},
      {"a service account with its address alone",
       keycloak(),
       {{"sub", in_quotes(kRobot)}, {"sid", "\"s-1\""}, {"clientAddress", "\"10.0.0.7\""}},
       "clientAddress"},
      {"a service account without either scope", keycloak(), {{"sub", in_quotes(kRobot)}}, "sid"},
      {"a service account with refresh tokens, 26.2 and later",
       keycloak(),
       {{"sub", in_quotes(kRobot)},
        {"sid", "\"s-1\""},
        {"jti", "\"onrtcc:713a03f4-55fb-4198-e8ea-a1be37d5f52f\""}},
       "jti"},
      {"a service account with light tokens",
       keycloak(),
       {{"sub", in_quotes(kRobot)},
        {"sid", "\"s-1\""},
        {"jti", "\"trltcc:713a03f4-55fb-4198-e8ea-a1be37d5f52f\""}},
       "jti"},
      {"a person", keycloak_id_token(), {{"sub", "\"f:1:rina\""}, {"sid", "\"s-1\""}}, ""},
      {"a service account", keycloak_id_token(), {{"sub", in_quotes(kRobot)}}, "sid"},

      {"a person", standard(), {{"sub", "\"rina\""}}, ""},
      {"a person whose token has an id with a colon",
       standard(),
       {{"sub", "\"rina\""}, {"jti", "\"accccc:1\""}},
       ""},
      {"an application", standard(), {{"sub", "\"c-1\""}}, "sub"},
      {"an application whose client stands in a second claim",
       standard(),
       {{"sub", "\"c-1\""}, {"azp", "\"front\""}},
       "sub"},
      {"an application, in Entra's word",
       standard(),
       {{"sub", "\"x\""}, {"idtyp", "\"app\""}},
       "idtyp"},
      {"an application that claims to be a user",
       standard(),
       {{"sub", "\"c-1\""}, {"idtyp", "\"user\""}},
       "sub"},
  };
  return all;
}

std::expected<PrincipalDraft, TokenRefusal> judged(const Row& row, Gate app_only) {
  IssuerSettings settings;
  settings.name = "provider";
  settings.issuer = row.provider.issuer;
  settings.audiences = {std::string(kTestApi)};
  settings.token = row.provider.kind;
  settings.app_only = app_only;
  if (app_only == Gate::kAllow) {
    settings.clients = {"desktop",
                        "c-1",
                        "0oa1",
                        "portal",
                        "front",
                        std::string(kTestApi),
                        std::string(kTestClient),
                        "103547991597142817347",
                        "1.apps.googleusercontent.com"};
  }
  Members claims = merged(row.provider.common, row.own)
                       .with("iss", in_quotes(row.provider.issuer))
                       .with("aud", in_quotes(kTestApi));
  return verify(*snapshot_of({settings}), signed_token(claims), test_time());
}

TEST(AppOnly, EveryProvidersApplicationsAreToldFromItsPersons) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(std::string(row.provider.name) + ": " + std::string(row.what));
    auto verdict = judged(row, Gate::kRefuse);
    if (row.sign.empty()) {
      ASSERT_TRUE(verdict) << code(verdict.error().reason) << " " << verdict.error().claim;
      EXPECT_FALSE(verdict->app_only);
      continue;
    }
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().reason, Reason::kAppOnlyRefused) << verdict.error().claim;
    EXPECT_EQ(verdict.error().claim, row.sign);
  }
}

TEST(AppOnly, AnApplicationThatIsAllowedAndNamedPassesAndIsKnownAsOne) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(std::string(row.provider.name) + ": " + std::string(row.what));
    auto verdict = judged(row, Gate::kAllow);
    ASSERT_TRUE(verdict) << code(verdict.error().reason) << " " << verdict.error().claim;
    EXPECT_EQ(verdict->app_only, !row.sign.empty());
  }
}

}  // namespace
}  // namespace sallyport::identity
