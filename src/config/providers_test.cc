// The rules of each provider's row, with Mantle for the ones that rules_test has of Foundry and the
// Claude API.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/configuration.h"
#include "config/fake_environment.h"

namespace sallyport::config {
namespace {

std::string yaml_with(std::string_view upstream, std::string_view deployment) {
  return R"(
listen: {address: "127.0.0.1:8443", public_url: "http://127.0.0.1:8443"}
issuers:
  - name: contoso
    issuer: https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0
    audiences: [b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]
    clients: [8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101]
    require: {scopes: [Gateway.Access]}
    heal_by: auth_time
upstreams:
  - {name: it, )" +
         std::string(upstream) + R"(}
models:
  - {id: claude-sonnet-5, deployments: {it: )" +
         std::string(deployment) + R"(}}
audit: {sync: 100ms}
)";
}

Loaded load_with(std::string_view upstream,
                 std::string_view deployment = "anthropic.claude-sonnet-5") {
  FakeEnvironment environment;
  environment.variables["KEY"] = "k";
  return parse(yaml_with(upstream, deployment), "/etc/sallyport/sallyport.yaml", environment);
}

/// "code key", of each finding.
std::vector<std::string> findings_of(const Loaded& loaded) {
  std::vector<std::string> found;
  found.reserve(loaded.findings.size());
  for (const auto& finding : loaded.findings) {
    found.push_back(std::string(finding.code) + " " + finding.key);
  }
  return found;
}
using Found = std::vector<std::string>;

constexpr std::string_view kKey = R"(, credential: {api_key: "${env:KEY}"})";
std::string mantle(std::string_view rest) {
  return "provider: mantle" + std::string(rest) + std::string(kKey);
}

TEST(Mantle, IsInARegionOrAtAnAddress) {
  auto loaded = load_with(mantle(", region: eu-central-1"));
  ASSERT_EQ(findings_of(loaded), Found{});
  EXPECT_EQ(loaded.configuration->upstreams[0].provider, upstream::Provider::kMantle);
  EXPECT_EQ(loaded.configuration->upstreams[0].base_url,
            "https://bedrock-mantle.eu-central-1.api.aws/anthropic");
  loaded = load_with(mantle(", base_url: \"https://vpce.example/anthropic/\""));
  ASSERT_EQ(findings_of(loaded), Found{});
  EXPECT_EQ(loaded.configuration->upstreams[0].base_url, "https://vpce.example/anthropic");
  loaded = load_with(mantle(""));
  EXPECT_EQ(findings_of(loaded), Found{"config.missing_key upstreams[0]"});
  EXPECT_NE(loaded.findings[0].next_step.find("`region: REGION`"), std::string::npos);
  EXPECT_EQ(
      findings_of(load_with(mantle(", region: eu-central-1, base_url: \"https://x.example\""))),
      Found{"config.keys_exclude upstreams[0].base_url"});
  EXPECT_EQ(findings_of(load_with(mantle(", resource: contoso-ai"))),
            Found{"config.keys_exclude upstreams[0].resource"});
  for (std::string_view region :
       {"eu.example", "EU-central-1", "-a", "a-", "eu", "a/b-c", "a-b:1"}) {
    auto found = findings_of(load_with(mantle(", region: \"" + std::string(region) + '"')));
    EXPECT_EQ(found, Found{"config.bad_value upstreams[0].region"}) << region;
  }
}

TEST(Mantle, IsNotTakenForAnother) {
  std::string at_mantle = ", base_url: \"https://bedrock-mantle.eu-central-1.api.aws/anthropic\"";
  EXPECT_EQ(findings_of(load_with(mantle(at_mantle))), Found{});
  for (std::string_view provider : {"foundry", "anthropic"}) {
    auto loaded = load_with(fmt::format("provider: {}{}{}", provider, at_mantle, kKey));
    ASSERT_EQ(findings_of(loaded), Found{"config.provider_mismatch upstreams[0].base_url"});
    EXPECT_NE(loaded.findings[0].message.find("belongs to Mantle"), std::string::npos);
    loaded = load_with(fmt::format("provider: {}, region: eu-central-1{}", provider, kKey));
    EXPECT_EQ(findings_of(loaded), Found{"config.keys_exclude upstreams[0].region"});
  }
  auto loaded = load_with(mantle(", base_url: \"https://bedrock-mantle.eu-central-1.api.aws\""));
  ASSERT_EQ(findings_of(loaded), Found{"config.mantle_path upstreams[0].base_url"});
  EXPECT_EQ(loaded.findings[0].nearest, "https://bedrock-mantle.eu-central-1.api.aws/anthropic");
  loaded = load_with(mantle(", base_url: \"https://contoso-ai.services.ai.azure.com/anthropic\""));
  EXPECT_EQ(findings_of(loaded), Found{"config.provider_mismatch upstreams[0].base_url"});
}

TEST(Mantle, TakesAKeyInItsOwnHeaderAndNamesItsModels) {
  EXPECT_EQ(findings_of(load_with(
                "provider: mantle, region: eu-central-1, credential: {managed_identity: {}}")),
            Found{"config.credential_unfit upstreams[0].credential.managed_identity"});
  EXPECT_EQ(findings_of(load_with("provider: mantle, region: eu-central-1, credential: {api_key: "
                                  "\"${env:KEY}\", header: api-key}")),
            Found{"config.header_unusual upstreams[0].credential.header"});
  EXPECT_EQ(findings_of(load_with(mantle(", region: eu-central-1"), "claude-sonnet-5")),
            Found{"config.model_form models[0].deployments.it"});
  EXPECT_EQ(findings_of(load_with("provider: anthropic" + std::string(kKey), "claude-sonnet-5")),
            Found{});
}

}  // namespace
}  // namespace sallyport::config
