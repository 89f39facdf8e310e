// Good files become settings; broken ones become findings that a person can act on.
#include "config/configuration.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "config/draft.h"
#include "config/fake_environment.h"
#include "config/test_certificate.h"

namespace sallyport::config {
namespace {

constexpr std::string_view kGood = R"(listen:
  address: 0.0.0.0:8443
  public_url: https://claude.contoso.example/claude/
  tls: {certificate: tls.pem, key: /etc/sallyport/tls.key}
  workers: 3
  trusted_proxies: [10.0.0.0/8, "::1"]
limits: {connect: 2s, silence: 5m, connections: 500, connections_per_source: 50, verified_tokens: 0}
issuers:
  - name: contoso
    issuer: https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0
    audiences: [b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]
    clients: [8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101]
    require: {scopes: [Gateway.Access], roles: [Claude.User], groups: ["claude users"]}
    sign_in:
      client: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101
      scopes: [api://b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55/Gateway.Access, offline_access]
    header: X-Forwarded-Access-Token
    algorithms: [RS256, PS256]
    skew: 30s
    max_token_age: 12h
    guests: allow
    app_only: allow
    heal_by: iat
    ca_file: ca.pem
    proxy: http://proxy.contoso.example:3128/
  - name: keys
    issuer: http://127.0.0.1:9000
    audiences: [desktop]
    token: id_token
    heal_by: auth_time
    jwks_file: keys.json
upstreams:
  - name: foundry
    provider: foundry
    resource: Contoso-AI
    credential: {api_key: "${file:/etc/sallyport/foundry-key}", header: api-key}
  - name: claude
    provider: anthropic
    credential: {api_key: "${env:CLAUDE_KEY}"}
    proxy: http://proxy.contoso.example:3128
  - name: private
    provider: foundry
    base_url: https://ai.internal.contoso.example/anthropic/
    credential: {api_key: "${file:/etc/sallyport/foundry-key}"}
    ca_file: ca.pem
models:
  - {id: claude-sonnet-5, deployments: {foundry: sonnet-prod}}
  - {id: claude-opus-5, display_name: "Claude Opus 5", deployments: {claude: claude-opus-5}}
  - {id: claude-opus-latest, deployments: {private: claude-opus-5}}
audit: {directory: /srv/audit, sync: each}
store: sqlite:state.db
admin: {socket: admin.sock}
metrics: {listen: "[::1]:8444"}
)";

class Loading : public testing::Test {
 protected:
  Loading() {
    static const auto made = make_test_certificate(
        "DNS:claude.contoso.example", std::chrono::sys_days{std::chrono::year{2026} / 11 / 1}, 90);
    static const auto other = make_test_certificate(
        "DNS:other.example", std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}, 90);
    environment.files["/etc/sallyport/tls.pem"] = {made.certificate, 0644};
    environment.files["/etc/sallyport/tls.key"] = {made.key, 0600};
    environment.files["/etc/sallyport/locked.key"] = {made.locked_key, 0600};
    environment.files["/etc/sallyport/other.pem"] = {other.certificate, 0644};
    environment.files["/etc/sallyport/other.key"] = {other.key, 0644};
    environment.files["/etc/sallyport/ca.pem"] = {other.certificate, 0644};
    environment.files["/etc/sallyport/keys.json"] = {R"({"keys": []})", 0644};
    environment.files["/etc/sallyport/foundry-key"] = {"foundry-canary\n", 0600};
    environment.variables["CLAUDE_KEY"] = "claude-canary";
  }

  Loaded load_text(std::string_view yaml) {
    return parse(yaml, "/etc/sallyport/sallyport.yaml", environment);
  }

  FakeEnvironment environment;
};

TEST_F(Loading, AGoodFileFillsEverySetting) {
  auto loaded = load_text(kGood);
  for (const auto& finding : loaded.findings) ADD_FAILURE() << text(finding);
  ASSERT_TRUE(loaded.configuration);
  const auto& c = *loaded.configuration;
  EXPECT_EQ(c.listen.host, "0.0.0.0");
  EXPECT_EQ(c.listen.port, 8443);
  EXPECT_EQ(c.listen.public_url, "https://claude.contoso.example/claude");
  EXPECT_EQ(c.listen.path_prefix, "/claude");
  EXPECT_EQ(c.listen.tls_certificate, "/etc/sallyport/tls.pem");
  EXPECT_EQ(c.listen.tls_key, "/etc/sallyport/tls.key");
  EXPECT_EQ(c.listen.workers, 3u);
  EXPECT_EQ(c.listen.trusted_proxies, (std::vector<std::string>{"10.0.0.0/8", "::1"}));
  EXPECT_EQ(c.limits.connect, std::chrono::seconds{2});
  EXPECT_EQ(c.limits.silence, std::chrono::minutes{5});
  EXPECT_EQ(c.limits.ping, std::chrono::seconds{10});
  EXPECT_EQ(c.limits.connections, 500u);
  EXPECT_EQ(c.limits.verified_tokens, 0u);
  EXPECT_EQ(c.audit.directory, "/srv/audit");
  EXPECT_EQ(c.audit.sync, std::chrono::milliseconds{0});
  EXPECT_EQ(c.store, "sqlite:/etc/sallyport/state.db");
  EXPECT_EQ(c.store_file(), "/etc/sallyport/state.db");
  EXPECT_EQ(c.admin.socket, "/etc/sallyport/admin.sock");
  EXPECT_EQ(c.metrics.listen, (admin::PortSettings{"::1", 8444}));
  EXPECT_EQ(c.path, "/etc/sallyport/sallyport.yaml");
  EXPECT_EQ(c.sha256.size(), 64u);
  EXPECT_EQ(c.places.at("limits.silence"), (Place{7, 23}));
}

TEST_F(Loading, AGoodFileFillsTheIssuers) {
  auto loaded = load_text(kGood);
  ASSERT_TRUE(loaded.configuration);
  identity::IssuerSettings contoso;
  contoso.name = "contoso";
  contoso.issuer = "https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0";
  contoso.audiences = {"b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55"};
  contoso.clients = {"8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101"};
  contoso.require_scopes = {"Gateway.Access"};
  contoso.require_roles = {"Claude.User"};
  contoso.require_groups = {"claude users"};
  contoso.sign_in = {
      "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101",
      {"api://b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55/Gateway.Access", "offline_access"}};
  contoso.header = "x-forwarded-access-token";
  contoso.algorithms = {"RS256", "PS256"};
  contoso.skew = std::chrono::seconds{30};
  contoso.max_token_age = std::chrono::hours{12};
  contoso.guests = identity::Gate::kAllow;
  contoso.app_only = identity::Gate::kAllow;
  contoso.heal_by = identity::HealBy::kIssuedAt;
  contoso.ca_file = "/etc/sallyport/ca.pem";
  contoso.proxy = "http://proxy.contoso.example:3128";
  ASSERT_EQ(loaded.configuration->issuers.size(), 2u);
  EXPECT_EQ(loaded.configuration->issuers[0], contoso);
  const auto& keys = loaded.configuration->issuers[1];
  EXPECT_EQ(keys.token, identity::TokenKind::kIdToken);
  EXPECT_EQ(keys.jwks_file, "/etc/sallyport/keys.json");
  EXPECT_EQ(keys.algorithms, std::vector<std::string>{"RS256"});
  EXPECT_FALSE(keys.sign_in);
}

TEST_F(Loading, AGoodFileFillsUpstreamsAndModels) {
  auto loaded = load_text(kGood);
  ASSERT_TRUE(loaded.configuration);
  const auto& c = *loaded.configuration;
  ASSERT_EQ(c.upstreams.size(), 3u);
  EXPECT_EQ(c.upstreams[0].base_url, "https://contoso-ai.services.ai.azure.com/anthropic");
  EXPECT_EQ(c.upstreams[0].credential.secret->reveal(), "foundry-canary");
  EXPECT_EQ(c.upstreams[0].credential.header, "api-key");
  EXPECT_EQ(c.upstreams[1].provider, upstream::Provider::kAnthropic);
  EXPECT_EQ(c.upstreams[1].base_url, "https://api.anthropic.com");
  EXPECT_EQ(c.upstreams[1].credential.secret->reveal(), "claude-canary");
  EXPECT_EQ(c.upstreams[1].credential.header, "x-api-key");
  EXPECT_EQ(c.upstreams[1].proxy, "http://proxy.contoso.example:3128");
  EXPECT_EQ(c.upstreams[2].base_url, "https://ai.internal.contoso.example/anthropic");
  EXPECT_EQ(c.upstreams[2].ca_file, "/etc/sallyport/ca.pem");
  EXPECT_EQ(c.upstreams[0].credential_source, "file /etc/sallyport/foundry-key");
  EXPECT_EQ(c.upstreams[1].credential_source, "variable CLAUDE_KEY");
  EXPECT_EQ(c.upstreams[2].credential_source, "file /etc/sallyport/foundry-key");
  ASSERT_EQ(c.models.size(), 3u);
  EXPECT_EQ(c.models[0].id, "claude-sonnet-5");
  EXPECT_EQ(c.models[0].display_name, "claude-sonnet-5");
  EXPECT_EQ(c.models[0].upstream, "foundry");
  EXPECT_EQ(c.models[0].deployment, "sonnet-prod");
  EXPECT_EQ(c.models[1].display_name, "Claude Opus 5");
}

TEST_F(Loading, TheExampleIsRight) {
  std::ifstream file(SALLYPORT_TESTDATA "/../../packaging/sallyport.example.yaml");
  std::stringstream yaml;
  yaml << file.rdbuf();
  auto loaded = load_text(yaml.str());
  for (const auto& finding : loaded.findings) ADD_FAILURE() << text(finding);
  EXPECT_TRUE(loaded.configuration);
}

TEST_F(Loading, WorkersAreTheCoresWhereTheKeyIsLeftOut) {
  std::string yaml(kGood);
  yaml.replace(yaml.find("  workers: 3\n"), 13, "");
  environment.core_count = 6;
  auto loaded = load_text(yaml);
  ASSERT_TRUE(loaded.configuration);
  EXPECT_EQ(loaded.configuration->listen.workers, 6u);
}

TEST_F(Loading, TheHashIsThatOfTheBytes) {
  auto one = load_text(kGood);
  auto two = load_text(std::string(kGood) + "# a remark\n");
  ASSERT_TRUE(one.configuration && two.configuration);
  EXPECT_NE(one.configuration->sha256, two.configuration->sha256);
}

TEST_F(Loading, AMissingFileIsOneFindingWithASentence) {
  auto loaded = load("/nowhere/sallyport.yaml", environment);
  EXPECT_FALSE(loaded.configuration);
  ASSERT_EQ(loaded.findings.size(), 1u);
  EXPECT_EQ(text(loaded.findings[0]),
            "/nowhere/sallyport.yaml: error: cannot open /nowhere/sallyport.yaml: No such file or "
            "directory; check the path");
}

TEST_F(Loading, AFindingIsOneLineWithEverythingInIt) {
  std::string yaml(kGood);
  yaml.replace(yaml.find("workers"), 7, "wrokers");
  auto loaded = load_text(yaml);
  ASSERT_EQ(loaded.findings.size(), 1u);
  EXPECT_EQ(text(loaded.findings[0]),
            "/etc/sallyport/sallyport.yaml:5:3: error: listen.wrokers: this key is not known; did "
            "you mean workers?");
  std::string json;
  JsonWriter writer(json);
  append_json(writer, loaded.findings[0]);
  EXPECT_EQ(json,
            R"({"severity":"error","code":"config.unknown_key",)"
            R"("file":"/etc/sallyport/sallyport.yaml","line":5,"column":3,"key":"listen.wrokers",)"
            R"("message":"this key is not known","nearest":"workers"})");
}

TEST_F(Loading, AllFindingsComeAtOnceInTheOrderOfTheFile) {
  auto loaded = load_text(R"(listen: {address: "0.0.0.0", workers: 0, colour: red}
limits: {connect: 5, silence: 9h}
issuers: []
upstreams: nothing
models:
policies: []
)");
  EXPECT_FALSE(loaded.configuration);
  std::vector<std::string> seen;
  seen.reserve(loaded.findings.size());
  for (const auto& finding : loaded.findings) {
    seen.push_back(std::string(finding.code) + " " + finding.key);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{
                      "config.bad_value listen.address", "config.out_of_range listen.workers",
                      "config.unknown_key listen.colour", "config.bad_value limits.connect",
                      "config.out_of_range limits.silence", "config.list_length issuers",
                      "config.wrong_shape upstreams", "config.no_value models",
                      "config.not_in_this_version policies"}));
}

TEST_F(Loading, AThousandFindingsAreCutToAHundred) {
  std::string yaml(kGood);
  for (int i = 0; i < 1000; ++i) yaml += "wrong" + std::to_string(i) + ": 1\n";
  auto loaded = load_text(yaml);
  EXPECT_FALSE(loaded.configuration);
  EXPECT_EQ(loaded.findings.size(), Report::kMaxFindings + 1);
}

TEST_F(Loading, AnErrorIsNotLostBehindWarnings) {
  std::string models = "models:\n";
  for (int i = 0; i < 150; ++i) {
    models += "  - {id: m" + std::to_string(i) + ", deployments: {foundry: x}}\n";
  }
  std::string yaml(kGood);
  yaml.replace(yaml.find("models:\n"), 8, models);
  yaml.replace(yaml.find("[::1]:8444"), 10, "nonsense");  // read before the warnings arise
  yaml.replace(yaml.find("resource: Contoso-AI"), 20, "base_url: https://x.example/v1");  // after
  auto loaded = load_text(yaml);
  EXPECT_FALSE(loaded.configuration);
  std::vector<std::string> errors;
  for (const auto& finding : loaded.findings) {
    if (finding.severity == Severity::kError) errors.push_back(finding.key);
  }
  EXPECT_EQ(errors, (std::vector<std::string>{"upstreams[0].base_url", "metrics.listen"}));
  EXPECT_EQ(loaded.findings.back().code, "config.more");
}

TEST_F(Loading, ASecretInTheWrongPlaceIsNotShown) {
  for (const char* credential :
       {"{sk-ant-canary}", "{sk-ant-canary: x}", "sk-ant-canary", "[sk-ant-canary]",
        "{api_key: [sk-ant-canary]}", "{api_key: sk-ant canary}", "{api_key: {sk-ant-canary: x}}",
        "{api_key: ok, header: sk-ant-canary}", "{api_key: \"${sk-ant-canary}\"}",
        "{api_key: *sk-ant-canary}", "{api_key: sk, sk-ant-canary: x, sk-ant-canary: y}"}) {
    std::string yaml(kGood);
    auto at = yaml.find("{api_key: \"${env:CLAUDE_KEY}\"}");
    yaml.replace(at, 30, credential);
    auto loaded = load_text(yaml);
    EXPECT_FALSE(loaded.configuration) << credential;
    for (const auto& finding : loaded.findings) {
      EXPECT_EQ(text(finding).find("canary"), std::string::npos) << text(finding);
    }
  }
}

TEST_F(Loading, ALiteralSecretIsTakenWithAWarning) {
  std::string yaml(kGood);
  yaml.replace(yaml.find("\"${env:CLAUDE_KEY}\""), 19, "sk-ant-canary");
  auto loaded = load_text(yaml);
  ASSERT_TRUE(loaded.configuration);
  EXPECT_EQ(loaded.configuration->upstreams[1].credential.secret->reveal(), "sk-ant-canary");
  ASSERT_EQ(loaded.findings.size(), 1u);
  EXPECT_EQ(loaded.findings[0].code, "config.secret_in_file");
  EXPECT_EQ(loaded.findings[0].severity, Severity::kWarning);
  EXPECT_EQ(text(loaded.findings[0]).find("canary"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::config
