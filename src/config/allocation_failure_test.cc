// No memory while a configuration is read: the command ends with std::bad_alloc, which main.cc tells,
// and a reload that has none changes nothing. Never half a configuration.
#include <gtest/gtest.h>

#include "base/failing_allocator.h"
#include "base/replaces_new.h"
#include "config/configuration.h"
#include "config/fake_environment.h"

#ifndef SALLYPORT_UNDER_TSAN
namespace sallyport::config {
namespace {

constexpr std::string_view kSmall = R"(listen: {address: "127.0.0.1:8443"}
issuers:
  - {name: contoso, issuer: "http://127.0.0.1:9000", audiences: [gateway-of-contoso], heal_by: iat}
upstreams:
  - {name: claude, provider: anthropic, credential: {api_key: "${env:CLAUDE_KEY}"}}
models:
  - {id: claude-opus-5, deployments: {claude: claude-opus-5}}
)";

TEST(NoMemory, InAConfiguration) {
  FakeEnvironment environment;
  environment.variables["CLAUDE_KEY"] = "claude-canary";
  for (const auto& finding : parse(kSmall, "/etc/sallyport.yaml", environment).findings) {
    ADD_FAILURE() << text(finding);
  }
  EXPECT_GT(fail_each_allocation([&] {
              auto loaded = parse(kSmall, "/etc/sallyport.yaml", environment);
              return loaded.configuration.has_value();
            }),
            0U);
}

}  // namespace
}  // namespace sallyport::config
#endif  // SALLYPORT_UNDER_TSAN
