// What follows from a credential's keys and from the variables that a platform sets.
#include <gtest/gtest.h>

#include "config/configuration.h"
#include "config/fake_environment.h"
#include "config/summary.h"

namespace sallyport::config {
namespace {

using upstream::CredentialKind;
using upstream::CredentialSettings;

class CredentialRules : public testing::Test {
 protected:
  Loaded load(const std::string& credential) {
    return parse(R"(listen: {address: "127.0.0.1:8443"}
issuers:
  - {name: a, issuer: "https://id.example", audiences: [x], require: {scopes: [s]}}
upstreams:
  - {name: foundry, provider: foundry, resource: contoso-ai, credential: )" +
                     credential + R"(}
models:
  - {id: claude-sonnet-5, deployments: {foundry: sonnet-prod}}
)",
                 "/etc/sallyport/sallyport.yaml", environment_);
  }
  CredentialSettings settings(const std::string& credential = "{managed_identity: {}}") {
    auto loaded = load(credential);
    EXPECT_TRUE(loaded.configuration) << summary_text(loaded);
    if (!loaded.configuration) return {};
    source_ = loaded.configuration->upstreams.at(0).credential_source;
    return loaded.configuration->upstreams.at(0).credential;
  }
  std::string refusal(const std::string& credential = "{managed_identity: {}}") {
    auto loaded = load(credential);
    EXPECT_FALSE(loaded.configuration);
    for (const auto& finding : loaded.findings) {
      if (finding.severity == Severity::kError) return std::string(finding.code);
    }
    return {};
  }
  FakeEnvironment environment_;
  std::string source_;
};

TEST_F(CredentialRules, AVirtualMachineAsksItsMetadataService) {
  auto s = settings();
  EXPECT_EQ(s.kind, CredentialKind::kImds);
  EXPECT_EQ(s.endpoint, "http://169.254.169.254/metadata/identity/oauth2/token");
  EXPECT_EQ(s.scope, "https://ai.azure.com/.default");
  EXPECT_EQ(source_, "managed identity (IMDS)");
}

TEST_F(CredentialRules, AppServiceIsKnownByItsVariables) {
  environment_.variables["IDENTITY_ENDPOINT"] = "http://localhost:42356/msi/token/";
  environment_.variables["IDENTITY_HEADER"] = "header-canary";
  auto s = settings();
  EXPECT_EQ(s.kind, CredentialKind::kAppService);
  EXPECT_EQ(s.endpoint, "http://localhost:42356/msi/token");
  ASSERT_NE(s.secret, nullptr);
  EXPECT_EQ(s.secret->reveal(), "header-canary");
  EXPECT_EQ(summary_json(load("{managed_identity: {}}")).find("canary"), std::string::npos);
}

TEST_F(CredentialRules, ArcIsKnownByItsVariablesOrItsAgent) {
  environment_.variables["IDENTITY_ENDPOINT"] = "http://127.0.0.1:40342/metadata/identity/token";
  environment_.variables["IMDS_ENDPOINT"] = "http://127.0.0.1:40342";
  EXPECT_EQ(settings().kind, CredentialKind::kArc);
  EXPECT_EQ(settings().endpoint, "http://127.0.0.1:40342/metadata/identity/token");
  environment_.variables.clear();
  environment_.files["/opt/azcmagent/bin/himds"] = {std::string(4096, 'x'), 0755};
  EXPECT_EQ(settings().kind, CredentialKind::kArc);
  EXPECT_EQ(settings().endpoint, "http://localhost:40342/metadata/identity/oauth2/token");
  EXPECT_EQ(settings("{managed_identity: {source: imds}}").kind, CredentialKind::kImds);
}

TEST_F(CredentialRules, NoPlatformEndpointLeavesTheMachine) {
  for (const char* endpoint :
       {"https://example.com/msi/token", "http://example.com/msi/token", "http://10.0.0.1/token",
        "http://169.254.example.com/token", "http://localhost.example/token", "file:///etc/passwd",
        "http://user@127.0.0.1/token", "http://127.0.0.1/token?resource=x"}) {
    environment_.variables["IDENTITY_ENDPOINT"] = endpoint;
    environment_.variables["IDENTITY_HEADER"] = "h";
    EXPECT_EQ(refusal(), "config.platform_endpoint") << endpoint;
    environment_.variables.clear();
    environment_.variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = endpoint;
    EXPECT_EQ(refusal(), "config.platform_endpoint") << endpoint;
    environment_.variables.clear();
  }
}

TEST_F(CredentialRules, PlatformsThatAreNotInThisVersionAreRefusedByName) {
  environment_.variables["IDENTITY_ENDPOINT"] = "https://localhost:2377/token";
  environment_.variables["IDENTITY_HEADER"] = "h";
  environment_.variables["IDENTITY_SERVER_THUMBPRINT"] = "AB";
  EXPECT_EQ(refusal(), "config.not_in_this_version");
  environment_.variables.clear();
  environment_.variables["MSI_ENDPOINT"] = "http://127.0.0.1/token";
  environment_.variables["MSI_SECRET"] = "h";
  EXPECT_EQ(refusal(), "config.not_in_this_version");
}

TEST_F(CredentialRules, AWorkloadTakesWhatTheClusterSays) {
  environment_.variables["AZURE_CLIENT_ID"] = "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101";
  environment_.variables["AZURE_TENANT_ID"] = "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4";
  environment_.variables["AZURE_FEDERATED_TOKEN_FILE"] = "/var/run/secrets/azure/tokens/t";
  environment_.variables["AZURE_AUTHORITY_HOST"] = "https://login.microsoftonline.us/";
  auto s = settings("{workload_identity: {}}");
  EXPECT_EQ(s.kind, CredentialKind::kWorkloadIdentity);
  EXPECT_EQ(
      s.endpoint,
      "https://login.microsoftonline.us/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/oauth2/v2.0/token");
  EXPECT_EQ(s.token_file, "/var/run/secrets/azure/tokens/t");
  environment_.variables["AZURE_AUTHORITY_HOST"] = "http://login.example";
  EXPECT_EQ(refusal("{workload_identity: {}}"), "config.bad_value");
}

}  // namespace
}  // namespace sallyport::config
