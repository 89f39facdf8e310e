#include "admin/status_page.h"

#include <gtest/gtest.h>

namespace sallyport::admin {
namespace {

TEST(StatusRows, SayOfEachUpstreamWhatItsCredentialsHealthIsByName) {
  upstream::UpstreamSettings foundry;
  foundry.name = "foundry";
  foundry.base_url = "https://contoso.services.ai.azure.com/anthropic";
  foundry.credential_source = "file /etc/sallyport/foundry-key";
  upstream::UpstreamSettings claude;
  claude.name = "claude";
  claude.provider = upstream::Provider::kAnthropic;
  claude.base_url = "http://127.0.0.1:8080";
  claude.credential_source = "variable CLAUDE_KEY";
  upstream::CredentialHealth health;
  health.upstream = "claude";
  health.source = "api_key";
  health.ready = true;
  health.refused = WallTime(std::chrono::seconds(1795219200));
  health.refused_status = 401;
  auto rows = upstream_rows({foundry, claude}, {health});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].name, "foundry");
  EXPECT_EQ(rows[0].provider, "foundry");
  EXPECT_EQ(rows[0].host, "contoso.services.ai.azure.com");
  EXPECT_EQ(rows[0].credential, "file /etc/sallyport/foundry-key");
  EXPECT_FALSE(rows[0].ready) << "nobody knows of a credential";
  EXPECT_EQ(rows[1].provider, "anthropic");
  EXPECT_EQ(rows[1].host, "127.0.0.1:8080");
  EXPECT_EQ(rows[1].source, "api_key");
  EXPECT_TRUE(rows[1].ready);
  EXPECT_EQ(rows[1].refused, health.refused);
  EXPECT_EQ(rows[1].refused_status, 401U);
}

}  // namespace
}  // namespace sallyport::admin
