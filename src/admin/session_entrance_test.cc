#include "admin/session_entrance.h"

#include <gtest/gtest.h>

#include "admin/relying_party.h"
#include "admin/test_sign_in.h"

namespace sallyport::admin {
namespace {

class Entrance : public testing::Test {
 protected:
  Entrance() {
    line = entrance.open(ada(), sign_in_realm(*snapshot, settings));
    auto equals = line.find('=');
    cookie =
        std::string(kSessionCookie) + "=" + line.substr(equals + 1, line.find(';') - equals - 1);
  }
  static identity::PrincipalDraft ada() {
    identity::PrincipalDraft person;
    person.issuer = "contoso";
    person.subject = "ada";
    person.key = "contoso//ada";
    person.name = "Ada Byron";
    person.groups = {"auditors"};
    person.signed_in_at = identity::kTestNow - 5;
    return person;
  }
  std::string code(const std::string& shown) {
    const http::Field fields[] = {{"cookie", shown}};
    auto caller = entrance.identify(fields);
    if (caller) return caller->roles.text();
    EXPECT_EQ(caller.error().status, 401);
    EXPECT_TRUE(caller.error().more_fields.starts_with("www-authenticate: Bearer"));
    return std::string(caller.error().error.code);
  }

  TestBackends house;
  identity::SnapshotPtr snapshot = identity::snapshot_of({test_issuer()});
  Settings settings = test_settings();
  SessionEntrance entrance{
      {.identity = [this] { return snapshot; },
       .settings = [this] { return std::make_shared<const Settings>(settings); },
       .revocations = *house.revocations,
       .clock = house.clock,
       .entropy = system_entropy()}};
  std::string line;    ///< that sets the cookie
  std::string cookie;  ///< as the browser shows it
};

TEST_F(Entrance, KnowsWhoShowsItsCookie) {
  EXPECT_TRUE(line.starts_with("set-cookie: __Host-sallyport="));
  EXPECT_TRUE(line.ends_with("; Max-Age=28800; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"));
  const http::Field fields[] = {{"cookie", cookie}};
  auto caller = entrance.identify(fields);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->way, Way::kSession);
  EXPECT_EQ(caller->who, "contoso//ada");
  EXPECT_EQ(caller->roles, (Roles{Role::kAuditor, Role::kAdministrator}));
  EXPECT_EQ(caller->until, house.clock.wall() + std::chrono::hours(8));
}

TEST_F(Entrance, RefusesWhatItDidNotGive) {
  EXPECT_EQ(code(std::string(kSessionCookie) + "=" + std::string(43, 'a')), "api.no_session");
  EXPECT_EQ(code(std::string(kSessionCookie) + "="), "api.no_session");
  EXPECT_EQ(code(cookie + "x"), "api.no_session");
  EXPECT_EQ(code(cookie + "; " + cookie), "api.two_sessions");
  EXPECT_EQ(code(cookie + "; __Host-sallyport=planted"), "api.two_sessions");
  EXPECT_EQ(code(cookie), "auditor, administrator");
}

TEST_F(Entrance, EndsWithTheSignOut) {
  const http::Field fields[] = {{"cookie", cookie}};
  entrance.end(fields);
  EXPECT_EQ(code(cookie), "api.no_session");
}

TEST_F(Entrance, ARevokedPersonIsOutAtOnceAndStaysOutWhenItIsLifted) {
  take_access_back(*house.revocations, identity::RevocationKind::kUser, "contoso//ada");
  EXPECT_EQ(code(cookie), "api.revoked");
  EXPECT_EQ(code(cookie), "api.no_session") << "the session is gone, not asleep";
}

TEST_F(Entrance, EndedSignInsEndTheSession) {
  take_access_back(*house.revocations, identity::RevocationKind::kSignIns, "contoso//ada");
  EXPECT_EQ(code(cookie), "api.revoked");
}

TEST_F(Entrance, AnotherPersonsRevocationChangesNothing) {
  take_access_back(*house.revocations, identity::RevocationKind::kUser, "contoso//grace");
  EXPECT_EQ(code(cookie), "auditor, administrator");
}

TEST_F(Entrance, ARoleThatIsTakenAwayIsGoneAtOnce) {
  settings.roles.pop_back();
  EXPECT_EQ(code(cookie), "auditor");
  settings.roles.clear();
  EXPECT_EQ(code(cookie), "none");
}

TEST_F(Entrance, AChangeOfIssuerOrClientEndsSessions) {
  settings.sign_in->client = "another";
  EXPECT_EQ(code(cookie), "api.no_session");
  settings.sign_in->client = kTestWebClient;
  EXPECT_EQ(code(cookie), "api.no_session") << "for good";
}

TEST_F(Entrance, AnIssuerOfTheSameNameElsewhereIsAnother) {
  auto moved = test_issuer();
  moved.issuer = "https://elsewhere.example";
  snapshot = identity::snapshot_of({moved});
  EXPECT_EQ(code(cookie), "api.no_session");
}

TEST_F(Entrance, WithoutSignInNobodyIsLetIn) {
  settings.sign_in.reset();
  EXPECT_EQ(code(cookie), "api.no_session");
}

TEST_F(Entrance, EndsAfterAnHourOfSilence) {
  house.clock.advance(std::chrono::minutes(61));
  EXPECT_EQ(code(cookie), "api.no_session");
}

}  // namespace
}  // namespace sallyport::admin
