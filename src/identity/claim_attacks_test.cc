// The attack table's rows about claims and about who may come in (P3 to P18, D1), by their ids.
#include <gtest/gtest.h>

#include "identity/test_judge.h"

namespace sallyport::identity {
namespace {

TEST(ClaimAttacks, P3RefusesExpiriesThatAreNotSensibleNumbers) {
  EXPECT_EQ(judge_claims(entra_claims().without("exp")), Reason::kTimeInvalid);
  EXPECT_EQ(judge_claims(entra_claims().without("iat")), Reason::kTimeInvalid);
  for (std::string_view exp : {"\"1795222800\"", "-1", "0", "1e400", "9223372036854775808", "1e300",
                               "null", "true", "[]", "{}", "253402300800", "-1e400"}) {
    EXPECT_EQ(judge_claims(entra_claims().with("exp", exp)), Reason::kTimeInvalid) << exp;
    EXPECT_EQ(judge_claims(entra_claims().with("nbf", exp)), Reason::kTimeInvalid) << exp;
    EXPECT_EQ(judge_claims(entra_claims().with("iat", exp)), Reason::kTimeInvalid) << exp;
  }
  EXPECT_EQ(judge_claims(entra_claims().with("exp", "253402300799")), Reason::kTooOld);
  EXPECT_EQ(judge_claims(entra_claims().with("exp", std::to_string(kTestNow + 86400 - 60 + 1))),
            Reason::kTooOld);
  EXPECT_EQ(judge_claims(entra_claims().with("exp", std::to_string(kTestNow + 86400 - 60))),
            Reason::kNone);
  EXPECT_EQ(judge_claims(entra_claims().with("exp", "1.795222800e9")), Reason::kNone);
  EXPECT_EQ(judge_claims(entra_claims().with("exp", "1795222800.75")), Reason::kNone);
}

TEST(ClaimAttacks, P4P5JudgesTheTimesToTheSecond) {
  std::string token = signed_token(entra_claims());  // exp = now + 3600, skew 60
  EXPECT_EQ(judge(token, entra_settings(), test_time(3600 + 59)), Reason::kNone);
  EXPECT_EQ(judge(token, entra_settings(), test_time(3600 + 60)), Reason::kExpired);
  EXPECT_EQ(judge(token, entra_settings(), test_time(3600 + 61)), Reason::kExpired);
  IssuerSettings strict = entra_settings();
  strict.skew = std::chrono::seconds(0);
  EXPECT_EQ(judge(token, strict, test_time(3599)), Reason::kNone);
  EXPECT_EQ(judge(token, strict, test_time(3600)), Reason::kExpired);

  auto later = [](std::string_view name, int seconds) {
    return entra_claims().with(name, std::to_string(kTestNow + seconds));
  };
  EXPECT_EQ(judge_claims(later("nbf", 60)), Reason::kNone);
  EXPECT_EQ(judge_claims(later("nbf", 61)), Reason::kNotYetValid);
  EXPECT_EQ(judge_claims(later("iat", 60)), Reason::kNone);
  EXPECT_EQ(judge_claims(later("iat", 61)), Reason::kNotYetValid);
  EXPECT_EQ(judge_claims(entra_claims().without("nbf")), Reason::kNone);
}

TEST(ClaimAttacks, P6ComparesTheAudienceExactly) {
  std::string ours(kTestApi);
  std::string upper = ours;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  for (const std::string& aud : {std::string("other"), ours + "x", ours.substr(1), upper,
                                 ours + "/", "api://" + ours, " " + ours, std::string()}) {
    EXPECT_EQ(judge_claims(entra_claims().with("aud", in_quotes(aud))), Reason::kAudienceMismatch)
        << aud;
  }
  EXPECT_EQ(judge_claims(entra_claims().without("aud")), Reason::kAudienceMismatch);
  EXPECT_EQ(judge_claims(entra_claims().with("aud", "[]")), Reason::kAudienceMismatch);
  EXPECT_EQ(judge_claims(entra_claims().with("aud", "[\"x\",\"y\"]")), Reason::kAudienceMismatch);
  EXPECT_EQ(judge_claims(entra_claims().with("aud", "1")), Reason::kClaimInvalid);
  EXPECT_EQ(judge_claims(entra_claims().with("aud", "[" + in_quotes(ours) + ",1]")),
            Reason::kClaimInvalid);
  EXPECT_EQ(judge_claims(entra_claims().with("aud", "[\"x\"," + in_quotes(ours) + "]")),
            Reason::kNone);
}

TEST(ClaimAttacks, P7ComparesTheIssuerExactlyAndNamesTheUsualSlips) {
  std::string tenant(kTestTenant);
  auto iss = [](std::string_view text) {
    return judge_claims(entra_claims().with("iss", in_quotes(text)));
  };
  EXPECT_EQ(iss("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"),
            Reason::kIssuerUnknown);
  EXPECT_EQ(iss("https://login.microsoftonline.com/{tenantid}/v2.0"), Reason::kIssuerUnknown);
  EXPECT_EQ(iss(""), Reason::kIssuerUnknown);
  EXPECT_EQ(judge_claims(entra_claims().without("iss")), Reason::kIssuerUnknown);
  EXPECT_EQ(iss("https://sts.windows.net/" + tenant + "/"), Reason::kIssuerMismatch);
  EXPECT_EQ(iss("https://login.microsoftonline.com/" + tenant), Reason::kIssuerMismatch);
  EXPECT_EQ(iss(std::string(kTestIssuer) + "/"), Reason::kIssuerMismatch);
  EXPECT_EQ(iss("http" + std::string(kTestIssuer).substr(5)), Reason::kIssuerMismatch);
  EXPECT_EQ(iss("https://login.microsoft0nline.com/" + tenant + "/v2.0"), Reason::kIssuerMismatch);
  EXPECT_EQ(iss("https://LOGIN.microsoftonline.com/" + tenant + "/v2.0"), Reason::kIssuerMismatch);
  EXPECT_EQ(judge_claims(entra_claims().with("iss", "[" + in_quotes(kTestIssuer) + "]")),
            Reason::kClaimInvalid);
}

TEST(ClaimAttacks, P8BindsTheTenantToTheIssuer) {
  EXPECT_EQ(judge_claims(entra_claims().with("tid", in_quotes(kTestApi))), Reason::kTenantMismatch);
  EXPECT_EQ(judge_claims(entra_claims().with("tid", "\"contoso.onmicrosoft.com\"")),
            Reason::kTenantMismatch);
  EXPECT_EQ(judge_claims(entra_claims().with("tid", "7")), Reason::kTenantMismatch);
  EXPECT_EQ(judge_claims(entra_claims().with("tid", "\"\"")), Reason::kTenantMismatch);
  EXPECT_EQ(judge_claims(entra_claims().without("tid")), Reason::kTenantMismatch);
}

TEST(ClaimAttacks, P9BindsTheVersionToTheIssuer) {
  EXPECT_EQ(judge_claims(entra_claims().with("ver", "\"1.0\"")), Reason::kVersionMismatch);
  EXPECT_EQ(judge_claims(entra_claims().with("ver", "2.0")), Reason::kVersionMismatch);
  EXPECT_EQ(judge_claims(entra_claims().without("ver")), Reason::kVersionMismatch);
}

TEST(ClaimAttacks, P10KeepsTheTokenKindsApart) {
  Members id_token =
      entra_claims().without("scp").without("azp").without("azpacr").with("nonce", "\"n\"");
  EXPECT_EQ(judge_claims(id_token), Reason::kWrongKind);
  EXPECT_EQ(judge_claims(id_token.without("nonce")), Reason::kWrongKind);
  for (std::string_view hash : {"at_hash", "c_hash", "s_hash"}) {
    EXPECT_EQ(judge_claims(entra_claims().with(hash, "\"h\"")), Reason::kWrongKind) << hash;
  }
  IssuerSettings id_settings = entra_settings();
  id_settings.token = TokenKind::kIdToken;
  EXPECT_EQ(judge_claims(id_token, id_settings), Reason::kNone);
  EXPECT_EQ(judge_claims(entra_claims(), id_settings), Reason::kWrongKind);
  EXPECT_EQ(judge_claims(id_token.with("scp", "\"x\""), id_settings), Reason::kWrongKind);
  for (std::string_view graph :
       {"00000003-0000-0000-c000-000000000000", "https://graph.microsoft.com",
        "https://management.azure.com", "https://ai.azure.com"}) {
    EXPECT_EQ(judge_claims(entra_claims().with("aud", in_quotes(graph))),
              Reason::kAudienceMismatch);
  }
}

TEST(ClaimAttacks, P12RefusesApplicationsOnThePersonsPath) {
  Members app = entra_claims().without("scp").with("sub", in_quotes(kTestPerson));
  EXPECT_EQ(judge_claims(app.with("idtyp", "\"app\"")), Reason::kAppOnlyRefused);
  EXPECT_EQ(judge_claims(app), Reason::kAppOnlyRefused);
  EXPECT_EQ(judge_claims(app.with("sub", "\"other\"")), Reason::kAppOnlyRefused);
  EXPECT_EQ(judge_claims(entra_claims().with("idtyp", "\"app\"")), Reason::kAppOnlyRefused);
  EXPECT_EQ(judge_claims(entra_claims().with("idtyp", "\"device\"")), Reason::kAppOnlyRefused);
  EXPECT_EQ(judge_claims(entra_claims().with("idtyp", "7")), Reason::kAppOnlyRefused);
  EXPECT_EQ(judge_claims(entra_claims().with("idtyp", "\"user\"")), Reason::kNone);
}

TEST(ClaimAttacks, P12AnAllowedApplicationStillNeedsARoleOrAName) {
  IssuerSettings settings = entra_settings();
  settings.app_only = Gate::kAllow;
  settings.require_scopes = {"Gateway.Access"};
  Members app = entra_claims().without("scp").with("idtyp", "\"app\"");
  EXPECT_EQ(judge_claims(app, settings), Reason::kAppOnlyRefused);
  settings.require_roles = {"Claude.User"};
  EXPECT_EQ(judge_claims(app, settings), Reason::kNone);
  EXPECT_EQ(judge_claims(app.without("roles"), settings), Reason::kRoleMissing);
  settings.require_roles.clear();
  settings.clients = {std::string(kTestClient)};
  EXPECT_EQ(judge_claims(app, settings), Reason::kNone);
}

TEST(ClaimAttacks, P13RefusesOtherClients) {
  IssuerSettings settings = entra_settings();
  settings.clients = {std::string(kTestClient)};
  EXPECT_EQ(judge_claims(entra_claims(), settings), Reason::kNone);
  EXPECT_EQ(judge_claims(entra_claims().with("azp", in_quotes(kTestApi)), settings),
            Reason::kClientRefused);
  EXPECT_EQ(judge_claims(entra_claims().with("appid", in_quotes(kTestApi)), settings),
            Reason::kClientRefused);
  EXPECT_EQ(judge_claims(entra_claims().without("azp"), settings), Reason::kClientRefused);
}

TEST(ClaimAttacks, P14ComparesScopesAsWholeWords) {
  IssuerSettings settings = entra_settings();
  settings.require_scopes = {"Gateway.Access"};
  for (std::string_view scp : {"Gateway.AccessX", "xGateway.Access", "gateway.access", "",
                               "Gateway.Acces s", "Gateway.Access,Other"}) {
    EXPECT_EQ(judge_claims(entra_claims().with("scp", in_quotes(scp)), settings),
              Reason::kScopeMissing)
        << scp;
  }
  EXPECT_EQ(judge_claims(entra_claims().with("scp", "\"A Gateway.Access B\""), settings),
            Reason::kNone);
  settings.require_scopes = {"Gateway.Access", "Second"};
  EXPECT_EQ(judge_claims(entra_claims(), settings), Reason::kScopeMissing);
}

TEST(ClaimAttacks, P15ComparesRolesExactlyAndNotWithGroups) {
  IssuerSettings settings = entra_settings();
  settings.require_roles = {"Claude.User"};
  EXPECT_EQ(judge_claims(entra_claims(), settings), Reason::kNone);
  EXPECT_EQ(judge_claims(entra_claims().without("roles"), settings), Reason::kRoleMissing);
  EXPECT_EQ(judge_claims(entra_claims().with("roles", "[\"claude.user\"]"), settings),
            Reason::kRoleMissing);
  Members in_groups = entra_claims().without("roles").with("groups", "[\"Claude.User\"]");
  EXPECT_EQ(judge_claims(in_groups, settings), Reason::kRoleMissing);
  // At Entra nothing but `roles` is a role.
  Members keycloak = in_groups.with("realm_access", R"({"roles":["Claude.User"]})");
  EXPECT_EQ(judge_claims(keycloak, settings), Reason::kRoleMissing);
  EXPECT_EQ(judge_claims(entra_claims().with("roles", "[1]"), settings), Reason::kClaimInvalid);
}

TEST(ClaimAttacks, P16RefusesGroupsOverageByName) {
  IssuerSettings settings = entra_settings();
  settings.require_groups = {"g-1"};
  EXPECT_EQ(judge_claims(entra_claims().with("groups", "[\"g-1\"]"), settings), Reason::kNone);
  EXPECT_EQ(judge_claims(entra_claims().with("groups", "[\"g-2\"]"), settings),
            Reason::kGroupMissing);
  for (const Members& overage :
       {entra_claims()
            .with("_claim_names", R"({"groups":"src1"})")
            .with("_claim_sources", R"({"src1":{"endpoint":"https://127.0.0.1:1/x"}})"),
        entra_claims().with("hasgroups", "true"), entra_claims().with("hasgroups", "\"true\""),
        entra_claims().with("_claim_names", "\"groups\""), entra_claims().with("hasgroups", "1"),
        entra_claims().with("_claim_sources",
                            R"({"src1":{"endpoint":"https://127.0.0.1:1/x"}})")}) {
    EXPECT_EQ(judge_claims(overage, settings), Reason::kGroupsOverage);
    auto who = verify(*snapshot_of({entra_settings()}), signed_token(overage), test_time());
    ASSERT_TRUE(who);  // nothing asked for a group: in, and marked for the policy
    EXPECT_TRUE(who->groups_overage);
  }
}

TEST(ClaimAttacks, P17RefusesGuestsUnlessAllowed) {
  IssuerSettings open = entra_settings();
  open.guests = Gate::kAllow;
  std::string home = "\"https://sts.windows.net/" + std::string(kTestTenant) + "/\"";
  for (const Members& guest :
       {entra_claims().with("acct", "1"), entra_claims().with("acct", "\"1\""),
        entra_claims().with("idp",
                            "\"https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/\""),
        entra_claims().with("idp", "\"live.com\""), entra_claims().with("idp", "\"mail\"")}) {
    EXPECT_EQ(judge_claims(guest), Reason::kGuestRefused);
    EXPECT_EQ(judge_claims(guest, open), Reason::kNone);
  }
  EXPECT_EQ(judge_claims(entra_claims().with("acct", "0")), Reason::kNone);
  EXPECT_EQ(judge_claims(entra_claims().with("idp", home)), Reason::kNone);
  EXPECT_EQ(judge_claims(entra_claims().with("idp", in_quotes(kTestIssuer))), Reason::kNone);
}

TEST(ClaimAttacks, P18RefusesATokenThatNamesNobody) {
  EXPECT_EQ(judge_claims(entra_claims().without("oid")), Reason::kSubjectMissing);
  EXPECT_EQ(judge_claims(entra_claims().with("oid", "\"rina\"")), Reason::kSubjectMissing);
  EXPECT_EQ(judge_claims(entra_claims().with("oid", "12")), Reason::kSubjectMissing);
  EXPECT_EQ(judge_claims(entra_claims().without("sub")), Reason::kSubjectMissing);
  EXPECT_EQ(judge_claims(entra_claims().with("sub", "\"\"")), Reason::kSubjectMissing);
  EXPECT_EQ(judge_claims(entra_claims().with("sub", "\"a\\nb\"")), Reason::kSubjectMissing);
}

TEST(ClaimAttacks, D1RefusesBoundTokens) {
  EXPECT_EQ(judge_claims(entra_claims().with("cnf", R"({"jkt":"x"})")), Reason::kBound);
  EXPECT_EQ(judge_claims(entra_claims().with("cnf", R"({"x5t#S256":"x"})")), Reason::kBound);
  EXPECT_EQ(judge_claims(entra_claims().with("cnf", "null")), Reason::kBound);
}

}  // namespace
}  // namespace sallyport::identity
