#include "identity/token_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "identity/test_tokens.h"

namespace sallyport::identity {
namespace {

using testing::HasSubstr;
using testing::Not;

const IssuerSettings& gate() {
  static const IssuerSettings settings = [] {
    IssuerSettings out = entra_settings();
    out.clients = {std::string(kTestClient)};
    out.require_scopes = {"Gateway.Access"};
    out.require_roles = {"Claude.User"};
    return out;
  }();
  return settings;
}

TokenReport report_of(const std::string& token, WallTime now = test_time()) {
  auto snapshot = snapshot_of({gate()});
  TokenReport report{.explanation = explain_credential(*snapshot, token, now),
                     .issuer = &gate(),
                     .keys_from = "https://login.example/keys",
                     .keys = snapshot->issuers[0].keys,
                     .keys_problem = std::nullopt,
                     .now = now};
  return report;
}

std::string signature_of(const std::string& token) {
  return token.substr(token.rfind('.') + 1);
}

TEST(TokenReport, SaysWhatEveryCheckThatPassedHasSeen) {
  auto token = signed_token(entra_claims());
  auto page = report_text(report_of(token));
  EXPECT_THAT(page, HasSubstr("passed       credential one JWT"));
  EXPECT_THAT(page, HasSubstr("passed       audience   aud names this gateway, exactly (aud: " +
                              std::string(kTestApi) + ")"));
  EXPECT_THAT(page, HasSubstr("(kid: k1)"));
  EXPECT_THAT(page, HasSubstr("(roles: Claude.User)"));
  EXPECT_THAT(page, HasSubstr("ACCEPTED: the gateway would let this token in"));
  EXPECT_THAT(page, HasSubstr("Rina Okafor"));
  EXPECT_THAT(page, HasSubstr("good until 2026-11-21T01:00:00Z"));
  EXPECT_THAT(page, Not(HasSubstr("FAILED")));
  EXPECT_THAT(page, Not(HasSubstr("not reached")));
  EXPECT_THAT(page, Not(HasSubstr(signature_of(token))));
}

TEST(TokenReport, SaysOfARefusalWhatWasExpectedWhatCameAndWhatToDo) {
  auto token = signed_token(entra_claims().with("roles", "[\"Reader\"]").with("acct", "1"));
  auto page = report_text(report_of(token));
  EXPECT_THAT(page, HasSubstr("FAILED       guest"));
  EXPECT_THAT(page, HasSubstr("FAILED       roles"));
  EXPECT_THAT(page, HasSubstr("expected  Claude.User"));
  EXPECT_THAT(page, HasSubstr("came      Reader"));
  EXPECT_THAT(page, HasSubstr("code      token.role_missing (403)"));
  EXPECT_THAT(page, HasSubstr("Enterprise applications"));  // the portal's own words
  EXPECT_THAT(page, HasSubstr("REFUSED: the gateway would answer 403 (token.guest_refused)."));
}

TEST(TokenReport, SaysWhichChecksWereNotReached) {
  auto page = report_text(report_of("a.b.c"));
  EXPECT_THAT(page, HasSubstr("FAILED       form"));
  EXPECT_THAT(page, HasSubstr("not reached  signature"));
  EXPECT_THAT(page, HasSubstr("answer 401 (token.malformed)"));
  page = report_text(report_of("sk-ant-0123456789"));
  EXPECT_THAT(page, HasSubstr("answer 401 (token.opaque)"));
  EXPECT_THAT(page, Not(HasSubstr("0123456789")));
  page = report_text(report_of("two words"));
  EXPECT_THAT(page, HasSubstr("answer 401 (token.malformed_credential)"));
}

TEST(TokenReport, NeverShowsTheTokenOrItsSignature) {
  auto good = signed_token(entra_claims());
  auto forged = good.substr(0, good.rfind('.') + 1) + to_base64url(std::string(256, 'x'));
  for (const auto& token :
       {good, forged, good + "=", good + ".AAAA.AAAA", good.substr(1), "." + good}) {
    auto report = report_of(token);
    for (const auto& page : {report_text(report), report_json(report)}) {
      for (std::size_t at = 0; at + 40 <= token.size(); at += 20) {
        EXPECT_THAT(page, Not(HasSubstr(token.substr(at, 40))));
      }
    }
  }
}

TEST(TokenReport, WritesTheSameAsJson) {
  auto json = boost::json::parse(report_json(report_of(signed_token(entra_claims())))).as_object();
  EXPECT_TRUE(json.at("accepted").as_bool());
  EXPECT_EQ(json.at("code").as_string(), "token.accepted");
  EXPECT_EQ(json.at("person").at("client").as_string(), std::string(kTestClient));
  EXPECT_EQ(json.at("keys").at("ids").as_array().at(0).as_string(), "k1");

  auto expired = report_json(report_of(signed_token(entra_claims()), test_time(7200)));
  json = boost::json::parse(expired).as_object();
  EXPECT_FALSE(json.at("accepted").as_bool());
  EXPECT_EQ(json.at("code").as_string(), "token.expired");
  EXPECT_FALSE(json.contains("person"));
  int failed = 0;
  for (const auto& check : json.at("checks").as_array()) {
    if (check.at("result").as_string() != "failed") continue;
    ++failed;
    EXPECT_EQ(check.at("name").as_string(), "times");
    EXPECT_EQ(check.at("claim").as_string(), "exp");
    EXPECT_EQ(check.at("got").as_string(), "1795222800");
    EXPECT_FALSE(check.at("next_step").as_string().empty());
  }
  EXPECT_EQ(failed, 1);
}

TEST(TokenReport, SaysWhyThereAreNoKeys) {
  auto snapshot = make_snapshot(1, {IssuerState(gate())});
  TokenReport report{
      .explanation = explain_credential(*snapshot, signed_token(entra_claims()), test_time()),
      .issuer = &gate(),
      .keys_from = "https://login.example/keys",
      .keys = nullptr,
      .keys_problem = Error{"fetch.connect", "cannot reach it", "check the proxy"},
      .now = test_time()};
  auto page = report_text(report);
  EXPECT_THAT(page, HasSubstr("key set      none: cannot reach it"));
  EXPECT_THAT(page, HasSubstr("check the proxy"));
  EXPECT_THAT(page, HasSubstr("answer 503 (keys.unavailable)"));
  EXPECT_THAT(report_json(report), HasSubstr("\"code\":\"fetch.connect\""));
}

}  // namespace
}  // namespace sallyport::identity
