// Each code of the rule table has at least one configuration that provokes it, and a good
// configuration provokes none. Sections of the facts (desktop-config) are named per row.
#include "profile/rules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "profile/rules/rule_rows.h"

namespace sallyport::profile {
namespace {

// A governed Entra profile without a fault.
json::object good() {
  return parse_json(R"({
    "inferenceProvider": "gateway",
    "inferenceGatewayBaseUrl": "https://claude.contoso.example",
    "inferenceCredentialKind": "interactive",
    "inferenceGatewayOidc": {
      "issuer": "https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0",
      "clientId": "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101",
      "bearerTokenType": "access_token",
      "scopes": "api://b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55/Gateway.Access"
    },
    "disableDeploymentModeChooser": true,
    "disableBypassPermissionsMode": true
  })")
      ->get_object();
}

json::object changed(std::string_view change) {
  json::object values = good();
  const json::object wanted = parse_json(change).value().get_object();
  if (wanted.contains("*")) values.clear();
  for (const auto& member : wanted) {
    values.erase(member.key());
    if (!member.value().is_null()) values[member.key()] = member.value();
  }
  return values;
}

CheckOptions options_of(std::string_view words) {
  CheckOptions options;
  if (words.starts_with("bootstrap")) options.delivery = Delivery::kBootstrap;
  if (words.starts_with("bootstrap=")) options.bootstrap = {std::string(words.substr(10)), false};
  options.platform = parse_platform(words);
  if (words == "local") options.delivery = Delivery::kLocal;
  options.governed = words == "governed";
  options.allow_secrets = words == "secrets";
  if (words.starts_with("v=")) options.oldest_app = parse_version(words.substr(2));
  return options;
}

TEST(Rules, AGovernedEntraProfileHasNoFinding) {
  CheckOptions options;
  options.governed = true;
  for (const Finding& finding : check(good(), options)) {
    ADD_FAILURE() << finding.code << " " << finding.key << ": " << finding.why;
  }
}

TEST(Rules, EachFaultIsNamedWithItsKeyAndSeverity) {
  for (const RuleRow& row : rule_rows()) {
    Findings findings = check(changed(row.change), options_of(row.options));
    auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.code == row.code && finding.key == row.key && finding.severity == row.severity;
    });
    if (found != findings.end()) continue;
    std::string all;
    for (const Finding& finding : findings) {
      all += "\n  " + std::string(finding.code) + " " + finding.key;
    }
    ADD_FAILURE() << row.code << " " << row.key << " for " << row.change
                  << " was not found, but:" << all;
  }
}

TEST(Rules, EveryFindingHasAReasonAndANextStepAndStandsInTheTable) {
  std::set<std::string_view> known;
  for (const RuleInfo& rule : rule_table()) known.insert(rule.code);
  for (const RuleRow& row : rule_rows()) {
    for (const Finding& finding : check(changed(row.change), options_of(row.options))) {
      EXPECT_TRUE(known.contains(finding.code)) << finding.code;
      EXPECT_FALSE(finding.why.empty()) << finding.code;
      EXPECT_FALSE(finding.next_step.empty()) << finding.code;
    }
  }
}

TEST(Rules, EveryRuleOfTheTableIsProvoked) {
  std::set<std::string_view> provoked;
  for (const RuleRow& row : rule_rows()) provoked.insert(row.code);
  for (const RuleInfo& rule : rule_table()) EXPECT_TRUE(provoked.contains(rule.code)) << rule.code;
  EXPECT_TRUE(std::is_sorted(rule_table().begin(), rule_table().end(),
                             [](const RuleInfo& a, const RuleInfo& b) { return a.code < b.code; }));
}

TEST(Rules, TheNearestRightThingIsNamed) {
  auto next_step = [](std::string_view change) {
    return check(changed(change), {}).front().next_step;
  };
  EXPECT_EQ(next_step(R"({"inferenceProvider":"gatway"})"), "did you mean gateway?");
  EXPECT_EQ(next_step(R"({"inferenceGatewayBaseURL":"https://x.example"})"),
            "did you mean inferenceGatewayBaseUrl?");
}

TEST(Rules, OriginPinningEndsWithTheSameOriginOrAnOwnSignIn) {
  CheckOptions options;
  options.delivery = Delivery::kBootstrap;
  auto pinned = [&] {
    Findings findings = check(good(), options);
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& one) { return one.code == "bootstrap.origin"; });
  };
  options.bootstrap = BootstrapServer{"https://config.contoso.example/bootstrap", false};
  EXPECT_TRUE(pinned());
  options.bootstrap->own_sign_in = true;
  EXPECT_FALSE(pinned());
  options.bootstrap = BootstrapServer{"https://CLAUDE.contoso.example:443/user/bootstrap", false};
  EXPECT_FALSE(pinned());
  options.bootstrap = BootstrapServer{"https://claude.contoso.example:8443/bootstrap", false};
  EXPECT_TRUE(pinned());
}

TEST(Rules, APlatformIsJudgedOnlyWhereOneIsNamed) {
  auto values = changed(R"({"inferenceGatewayOidcAuthFlow":"broker","disableAutoUpdates":true})");
  CheckOptions options;
  EXPECT_FALSE(has_errors(check(values, options)));
  options.platform = Platform::kWindows;
  EXPECT_FALSE(has_errors(check(values, options)));
  options.platform = Platform::kLinux;
  EXPECT_TRUE(has_errors(check(values, options)));
}

TEST(Rules, TiersAreReadAsTheAppReadsThem) {
  for (std::string_view tier : {"opus", " Opus ", "OPUS"}) {
    auto values = good();
    values["inferenceModels"] =
        parse_json(fmt::format(R"([{{"name":"claude-x","anthropicFamilyTier":"{}"}}])", tier))
            .value();
    EXPECT_TRUE(check(values, {}).empty()) << tier;
  }
}

TEST(Rules, FindingsNeverShowASecret) {
  auto values = changed(
      R"({"inferenceGatewayApiKey":"sk-canary","inferenceCustomHeaders":"Authorization=sk-canary",
          "otlpHeaders":{"authorization":"sk-canary"},"inferenceGatewayBaseUrl":"https://u:sk-canary@h.example"})");
  for (const Finding& finding : check(values, {})) {
    EXPECT_EQ(finding.why.find("sk-canary"), std::string::npos) << finding.code;
    EXPECT_EQ(finding.next_step.find("sk-canary"), std::string::npos) << finding.code;
  }
}

TEST(Rules, HelpersWithBlanksInFoldersAreNoArguments) {
  for (std::string_view path : {R"("C:\\Program Files\\Contoso\\token helper.exe")",
                                R"("/Library/Application Support/x/sallyport-token")"}) {
    auto values =
        changed(R"({"inferenceCredentialKind":"helper-script","inferenceGatewayOidc":null})");
    values["inferenceCredentialHelper"] = parse_json(path).value();
    EXPECT_FALSE(has_errors(check(values, {}))) << path;
  }
}

TEST(Rules, PlainHttpIsForTheLiteralLoopbackAddressAlone) {
  EXPECT_FALSE(
      has_errors(check(changed(R"({"inferenceGatewayBaseUrl":"http://127.0.0.1:8443"})"), {})));
  EXPECT_TRUE(has_errors(
      check(changed(R"({"inferenceGatewayBaseUrl":"http://127.0.0.1.evil.example"})"), {})));
}

TEST(Rules, AnUnfinishedProfileOfEachProviderIsRefused) {
  for (std::string_view provider : {"gateway", "bedrock", "mantle", "vertex", "foundry"}) {
    json::object values;
    values["inferenceProvider"] = provider;
    EXPECT_TRUE(has_errors(check(values, {}))) << provider;
  }
}

}  // namespace
}  // namespace sallyport::profile
