#include "config/summary.h"

#include <gtest/gtest.h>

#include "config/fake_environment.h"

namespace sallyport::config {
namespace {

constexpr std::string_view kYaml = R"(listen: {address: "127.0.0.1:8443", workers: 2}
issuers:
  - {name: contoso, heal_by: iat, issuer: "https://id.example", audiences: [api], require: {roles: [User]}}
  - {name: guests, heal_by: iat, issuer: "https://id2.example", audiences: [api2], token: id_token}
upstreams:
  - {name: claude, provider: anthropic, credential: {api_key: "${env:KEY}"}}
models:
  - {id: claude-sonnet-5, deployments: {claude: claude-sonnet-5}}
  - {id: opus, deployments: {claude: claude-opus-5}}
metrics: {listen: "127.0.0.1:8444"}
)";

class Summary : public testing::Test {
 protected:
  Loaded load_text(std::string_view yaml) {
    environment.variables["KEY"] = "canary";
    return parse(yaml, "/etc/sallyport.yaml", environment);
  }
  FakeEnvironment environment;
};

TEST_F(Summary, SaysWhatTheGatewayWouldDo) {
  auto loaded = load_text(kYaml);
  auto hash = loaded.configuration->sha256.substr(0, 16);
  EXPECT_EQ(summary_text(loaded), "/etc/sallyport.yaml is right (sha256 " + hash + R"()

listen    127.0.0.1:8443, plain HTTP, 2 workers
issuer    contoso: https://id.example
          access_token for api
          requires roles User
issuer    guests: https://id2.example
          id_token for api2
          lets in everybody with a valid token
upstream  claude (anthropic): https://api.anthropic.com
          key from variable KEY, sent as x-api-key
model     claude-sonnet-5  ->  claude / claude-sonnet-5
model     opus             ->  claude / claude-opus-5
record    /var/lib/sallyport/default/audit, forced to the disk every 100ms
store     /var/lib/sallyport/default/state.db
admin     socket /run/sallyport/default/admin.sock, metrics on 127.0.0.1:8444

There are no policies: the `require` of each issuer is the only gate, and every
listed model is open to everybody who passes it.

/etc/sallyport.yaml:9:6: warning: models[1].id: Claude Desktop and Claude Code list ids with `claude` or `anthropic` in them alone; choose such an id; it need not be the deployment's name
0 errors, 1 warning
)");
}

TEST_F(Summary, OfABrokenFileIsItsFindings) {
  auto loaded = load_text("listen: {adress: \"127.0.0.1:1\"}\n");
  auto page = summary_text(loaded);
  EXPECT_NE(page.find("/etc/sallyport.yaml:1:10: error: listen.adress: this key is not known; did "
                      "you mean address?\n"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("4 errors, 0 warnings\n"), std::string::npos) << page;
  EXPECT_TRUE(summary_json(loaded).starts_with(R"({"ok":false,"findings":[{"severity":"error")"));
}

TEST_F(Summary, HoldsNoSecret) {
  auto loaded = load_text(kYaml);
  EXPECT_EQ(summary_text(loaded).find("canary"), std::string::npos);
  EXPECT_EQ(summary_json(loaded).find("canary"), std::string::npos);
  EXPECT_TRUE(summary_json(loaded).starts_with(R"({"ok":true,"path":"/etc/sallyport.yaml")"));
}

TEST_F(Summary, OneErrorStandsForAllWhereThereIsRoomForOne) {
  auto loaded = load_text("listen: {adress: \"127.0.0.1:1\"}\n");
  auto error = as_error(loaded.findings);
  EXPECT_EQ(error.code, "config.missing_key");
  EXPECT_NE(error.next_step.find("to see 3 more errors"), std::string::npos) << error.next_step;
}

}  // namespace
}  // namespace sallyport::config
