#include "profile/egress.h"

#include <gtest/gtest.h>

#include <set>

namespace sallyport::profile {
namespace {

constexpr std::string_view kQuiet =
    R"("disableEssentialTelemetry":true,"disableNonessentialTelemetry":true,"disableNonessentialServices":true,
       "disableAutoUpdates":true,"skipWebFetchPreflight":true)";

std::set<std::string> hosts(const std::string& members, bool quiet = true) {
  std::string text = "{" + members + (quiet ? "," + std::string(kQuiet) : std::string()) + "}";
  EgressOptions offline{quiet};
  std::set<std::string> found;
  for (const EgressHost& host : egress(parse_json(text).value().get_object(), offline).perimeter) {
    found.insert(host.host);
  }
  return found;
}

using Set = std::set<std::string>;

TEST(Egress, WithAllSwitchesOffOnlyTheProviderRemains) {
  EXPECT_EQ(
      hosts(
          R"("inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://g.example:8443/x")"),
      Set{"g.example:8443"});
}

TEST(Egress, GatewaySignInOpensTheIssuer) {
  EXPECT_EQ(hosts(R"("inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://g.example",
                     "inferenceGatewayOidc":{"issuer":"https://login.microsoftonline.com/t/v2.0","tokenUrl":"https://x.example"})"),
            (Set{"g.example", "login.microsoftonline.com"}));
  EXPECT_EQ(
      hosts(
          R"("inferenceGatewayOidc":{"authorizationUrl":"https://a.example/a","tokenUrl":"https://t.example"})"),
      (Set{"a.example", "t.example"}));
}

TEST(Egress, ProvidersOpenTheirEndpoints) {
  EXPECT_EQ(hosts(R"("inferenceProvider":"foundry","inferenceFoundryResource":"Contoso-AI")"),
            Set{"contoso-ai.services.ai.azure.com"});
  EXPECT_EQ(
      hosts(R"("inferenceProvider":"bedrock","inferenceBedrockRegion":"eu-central-1")"),
      (Set{"bedrock-runtime.eu-central-1.amazonaws.com", "bedrock.eu-central-1.amazonaws.com"}));
  EXPECT_EQ(hosts(R"("inferenceProvider":"bedrock","inferenceBedrockRegion":"us-gov-west-1")"),
            (Set{"bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
                 "bedrock-fips.us-gov-west-1.amazonaws.com"}));
  EXPECT_EQ(hosts(R"("inferenceProvider":"mantle","inferenceBedrockRegion":"us-east-1")"),
            Set{"bedrock-mantle.us-east-1.api.aws"});
  EXPECT_EQ(hosts(R"("inferenceProvider":"anthropic")"),
            (Set{"api.anthropic.com", "platform.claude.com"}));
  for (auto [region, host] :
       {std::pair("global", "aiplatform.googleapis.com"),
        std::pair("eu", "aiplatform.eu.rep.googleapis.com"),
        std::pair("europe-west4", "europe-west4-aiplatform.googleapis.com")}) {
    EXPECT_TRUE(hosts(std::string(R"("inferenceProvider":"vertex","inferenceVertexRegion":")") +
                      region + "\"")
                    .contains(host));
  }
}

TEST(Egress, KeysOfOtherProvidersOpenNothing) {
  EXPECT_EQ(hosts(R"("inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://g.example",
                     "inferenceFoundryResource":"r","inferenceBedrockRegion":"us-east-1")"),
            Set{"g.example"});
}

TEST(Egress, EachSwitchLeftOnOpensItsHosts) {
  Set all = hosts(R"("inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://g.example")",
                  false);
  for (std::string_view host : {"downloads.claude.ai", "sentry.io", "a-api.anthropic.com",
                                "cdn.jsdelivr.net", "claude.ai", "api.anthropic.com"}) {
    EXPECT_TRUE(all.contains(std::string(host))) << host;
  }
  EXPECT_FALSE(all.contains("releases.claude.com"));
}

TEST(Egress, ConnectorsOpenTheirServersAndSignIn) {
  EXPECT_EQ(hosts(R"("managedMcpServers":[
      {"name":"a","transport":"http","url":"https://m.example","oauth":{"authorizationServer":["https://id.example"]}},
      {"name":"b","server":"microsoft365"},
      {"name":"c","transport":"stdio","command":"/x"}])"),
            (Set{"m.example", "id.example", "login.microsoftonline.com", "graph.microsoft.com"}));
}

TEST(Egress, ReasonsNameTheKeyAndWhetherItIsConfirmed) {
  auto list = egress(parse_json(R"({"inferenceGatewayOidc":{"issuer":"https://id.example"}})")
                         .value()
                         .get_object(),
                     {});
  for (const EgressHost& host : list.perimeter) {
    if (host.host != "id.example") continue;
    ASSERT_EQ(host.reasons.size(), 1U);
    EXPECT_EQ(host.reasons[0].key, "inferenceGatewayOidc");
    EXPECT_FALSE(host.reasons[0].confirmed);
    return;
  }
  FAIL() << "id.example is missing";
}

TEST(Egress, TheSandboxIsKeptApart) {
  auto list =
      egress(parse_json(R"({"coworkEgressAllowedHosts":["pypi.org"]})").value().get_object(), {});
  EXPECT_EQ(list.sandbox, std::vector<std::string>{"pypi.org"});
  auto none = egress({}, {});
  EXPECT_TRUE(none.sandbox.empty());
  EXPECT_NE(none.sandbox_notes.at(0).find("inference endpoint alone"), std::string::npos);
}

TEST(Egress, CsvQuotesWhatASpreadsheetWouldRun) {
  EgressList list;
  list.perimeter.push_back({"=cmd|x", false, {{"rule", "key", "purpose", true}}});
  list.perimeter.push_back({"a\"b", false, {{"rule", "key", "purpose", true}}});
  std::string csv = egress_csv(list);
  EXPECT_NE(csv.find("\"'=cmd|x\""), std::string::npos) << csv;
  EXPECT_NE(csv.find("\"a\"\"b\""), std::string::npos) << csv;
}

// An entry that is no host adds no line to a firewall's list, in no form of it.
TEST(Egress, WhatIsNoHostNeverReachesTheList) {
  auto values = parse_json(R"({"inferenceProvider":"bedrock",
      "inferenceBedrockRegion":"eu\nevil.example\n",
      "coworkEgressAllowedHosts":["=cmd|x","a\nb.example","c,d","e\u001b[31m","ok.example"]})");
  auto list = egress(values->get_object(), {});
  std::string all = egress_hosts(list) + egress_text(list) + egress_csv(list);
  for (std::string_view bad : {"=cmd", "b.example", "c,d", "\x1b", "evil"}) {
    EXPECT_EQ(all.find(bad), std::string::npos) << bad;
  }
  EXPECT_NE(all.find("ok.example"), std::string::npos);
  EXPECT_EQ(list.sandbox, std::vector<std::string>{"ok.example"});
}

TEST(Egress, AChangeNamesWhatOpensAndWhatCloses) {
  auto before = parse_json(
      R"({"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://a.example"})");
  auto after = parse_json(
      R"({"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://b.example"})");
  auto change = egress_change(egress(before->get_object(), {}), egress(after->get_object(), {}));
  EXPECT_EQ(egress_hosts(change), "+ b.example\n- a.example\n");
  EXPECT_NE(egress_csv(change).find("opened,\"b.example\",443"), std::string::npos);
  EXPECT_EQ(egress_json(change).at("closed").as_array().size(), 1U);
}

// A condition that the catalogue lists and egress.cc does not know stops the program at the first
// use; the reverse is checked here.
TEST(Egress, EveryRuleOfTheCatalogueCanFire) {
  std::set<std::string> fired;
  for (
      std::string_view text : {
          R"({"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://g.example","inferenceGatewayOidc":{"issuer":"https://i.example"},
               "bootstrapUrl":"https://b.example","otlpEndpoint":"https://o.example","isDesktopExtensionEnabled":true,
               "managedMcpServers":[{"url":"https://m.example"}],"coworkEgressAllowedHosts":["a"],"builtinBrowserEnabled":true,
               "allowedPluginMarketplaces":[{"source":"github"}],"userContentRendererUrl":"https://u.example"})",
          R"({"inferenceProvider":"anthropic","updateViaUpdatesHost":true})",
          R"({"inferenceProvider":"bedrock","inferenceBedrockRegion":"eu-west-1","inferenceBedrockProfile":"p",
               "inferenceBedrockSsoRegion":"eu-west-1","inferenceBedrockSsoStartUrl":"https://x.awsapps.com/start"})",
          R"({"inferenceProvider":"bedrock","inferenceBedrockRegion":"us-gov-east-1"})",
          R"({"inferenceProvider":"mantle","inferenceBedrockRegion":"eu-west-1"})",
          R"({"inferenceProvider":"vertex","inferenceVertexRegion":"eu"})",
          R"({"inferenceProvider":"foundry","inferenceFoundryResource":"r","inferenceFoundryTenantId":"t","inferenceFoundryClientId":"c"})"}) {
    for (const EgressHost& host : egress(parse_json(text).value().get_object(), {}).perimeter) {
      for (const EgressReason& reason : host.reasons) {
        fired.insert(reason.rule);
        EXPECT_FALSE(reason.purpose.empty()) << reason.rule;
      }
    }
  }
  for (const EgressRule& rule : Catalogue::builtin().egress_rules())
    EXPECT_TRUE(fired.contains(rule.id)) << rule.id;
}

}  // namespace
}  // namespace sallyport::profile
