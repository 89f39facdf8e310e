#include "config/reload.h"

#include <gtest/gtest.h>

#include <set>

#include "config/schema.h"

namespace sallyport::config {
namespace {

Configuration sample() {
  Configuration configuration;
  configuration.path = "/etc/sallyport/sallyport.yaml";
  configuration.listen.host = "127.0.0.1";
  configuration.listen.port = 8443;
  configuration.audit.directory = "/srv/audit";
  configuration.store = "sqlite:/srv/state.db";
  configuration.admin.socket = "/run/admin.sock";
  return configuration;
}

TEST(Reload, TakesOverWhatCanChangeAtRunTime) {
  auto running = sample();
  auto next = sample();
  next.limits.connect = std::chrono::seconds{1};
  next.listen.tls_certificate = "/new.pem";
  next.audit.sync = std::chrono::milliseconds{0};
  next.issuers.emplace_back().name = "new";
  next.sha256 = "other";
  EXPECT_TRUE(refuse_reload(running, next).empty());
}

TEST(Reload, RefusesByNameWhatNeedsARestart) {
  auto running = sample();
  auto next = sample();
  next.listen.port = 9443;
  next.listen.workers = 7;
  next.audit.directory = "/srv/other";
  next.store = "sqlite:/srv/other.db";
  next.admin.socket = "/run/other.sock";
  next.admin.listen = admin::PortSettings{"127.0.0.1", 8444};
  next.metrics.listen = admin::PortSettings{"127.0.0.1", 9100};
  next.places["listen.address"] = {2, 3};
  auto findings = refuse_reload(running, next);
  std::set<std::string> refused;
  for (const auto& finding : findings) refused.insert(finding.key);
  std::set<std::string> fixed;
  for (const Row& row : schema()) {
    if (row.reload.needs_restart()) fixed.insert(std::string(row.path));
  }
  EXPECT_EQ(refused, fixed);
  EXPECT_EQ(text(findings[0]),
            "/etc/sallyport/sallyport.yaml:2:3: error: listen.address: a change from "
            "127.0.0.1:8443 to 127.0.0.1:9443 needs a restart; restart the gateway, or take the "
            "change back");
}

TEST(Reload, RefusesTakingThePortAway) {
  auto running = sample();
  running.admin.listen = admin::PortSettings{"127.0.0.1", 0};
  auto findings = refuse_reload(running, sample());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].message, "a change from 127.0.0.1:0 to no port needs a restart");
}

}  // namespace
}  // namespace sallyport::config
