#include <gtest/gtest.h>

#include "admin/api/test_ask.h"

namespace sallyport::admin {
namespace {

TEST(ConfigurationRoutes, ShowEachKeyWithItsPlace) {
  TestBackends house;
  house.configuration = {"/etc/sallyport.yaml", "abc", {}};
  auto& keys = house.configuration.keys;
  keys.push_back({.key = "listen.address", .values = {"127.0.0.1:1"}, .line = 2, .column = 3});
  keys.push_back({.key = "listen.trusted_proxies",
                  .values = {},
                  .is_list = true,
                  .is_default = true,
                  .note = "none"});
  keys.push_back({.key = "upstreams[0].credential.api_key",
                  .values = {"file /etc/key"},
                  .is_secret = true,
                  .line = 9,
                  .column = 1});
  auto shown = ask(house, "GET", "/configuration");
  EXPECT_EQ(shown.etag, "abc");
  EXPECT_EQ(shown.body,
            "{\"file\":\"/etc/sallyport.yaml\",\"sha256\":\"abc\",\"keys\":["
            "{\"key\":\"listen.address\",\"value\":\"127.0.0.1:1\",\"default\":false,\"line\":2,"
            "\"column\":3},"
            "{\"key\":\"listen.trusted_proxies\",\"values\":[],\"default\":true,\"note\":\"none\"},"
            "{\"key\":\"upstreams[0].credential.api_key\",\"value\":\"file /etc/key\","
            "\"default\":false,\"secret\":true,\"line\":9,\"column\":1}]}\n");
}

TEST(ConfigurationRoutes, AReloadSaysWhatChanged) {
  TestBackends house;
  house.reload_answer = ConfigurationReload{"old", "new", {{"limits.connect", "2s", "3s"}}, "[]"};
  auto dry = ask(house, "POST", "/configuration/reload?dry_run=true");
  EXPECT_EQ(dry.body,
            "{\"dry_run\":true,\"sha256_before\":\"old\",\"sha256\":\"new\",\"changed\":["
            "{\"key\":\"limits.connect\",\"old\":\"2s\",\"new\":\"3s\"}],\"findings\":[]}\n");
  EXPECT_EQ(dry.etag, "old");
  auto done = ask(house, "POST", "/configuration/reload");
  EXPECT_EQ(done.etag, "new");
  ASSERT_EQ(house.reloads.size(), 2u);
  EXPECT_EQ(house.reloads[0], (std::pair<std::string, bool>("contoso/t/admin", true)));
  EXPECT_FALSE(house.reloads[1].second);
}

TEST(ConfigurationRoutes, ARefusalHasTheFindings) {
  TestBackends house;
  Problem problem{409, {"config.unknown_key", "sallyport.yaml:3:1: this key is not known", ""}};
  problem.more = R"("findings":[{"line":3}])";
  house.reload_answer = std::unexpected(problem);
  auto refused = ask(house, "POST", "/configuration/reload");
  EXPECT_EQ(refused.status, 409);
  EXPECT_TRUE(
      refused.body.ends_with(",\"code\":\"config.unknown_key\",\"findings\":[{\"line\":3}]}\n"))
      << refused.body;
}

TEST(StatusRoutes, IssuersAndUpstreamsAreRowsOfTheStatus) {
  TestBackends house;
  house.backends->status = [] {
    Status status;
    status.issuers.emplace_back().name = "contoso";
    auto& upstream = status.upstreams.emplace_back();
    upstream.name = "foundry";
    upstream.credential = "file /etc/key";
    return status;
  };
  auto issuers = ask(house, "GET", "/issuers");
  EXPECT_EQ(issuers.text("name"), "contoso");
  EXPECT_TRUE(issuers.says("\"ready\":false"));
  auto upstreams = ask(house, "GET", "/upstreams");
  EXPECT_EQ(upstreams.text("name"), "foundry");
  EXPECT_EQ(upstreams.text("credential"), "file /etc/key");
}

}  // namespace
}  // namespace sallyport::admin
