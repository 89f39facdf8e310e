#include "config/effective.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/fake_environment.h"
#include "config/schema.h"

namespace sallyport::config {
namespace {

constexpr std::string_view kFile = R"(listen:
  address: 127.0.0.1:8443
  trusted_proxies: [10.0.0.0/8, "::1"]
issuers:
  - name: contoso
    issuer: https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0
    audiences: [b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]
    clients: [8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101]
    require: {scopes: [Gateway.Access]}
upstreams:
  - name: foundry
    provider: foundry
    resource: contoso
    credential: {api_key: "${file:/etc/sallyport/key}"}
  - name: claude
    provider: anthropic
    credential: {api_key: canary-in-the-file}
models:
  - {id: claude-sonnet-5, deployments: {foundry: sonnet-prod}}
  - {id: claude-opus-5, deployments: {claude: claude-opus-5}}
audit: {directory: /srv/audit}
admin: {socket_roles: {wheel: operator}}
)";

class Effective : public testing::Test {
 protected:
  Configuration load(std::string_view yaml) {
    environment.files["/etc/sallyport/key"] = {"canary-in-a-file\n", 0600};
    auto loaded = parse(yaml, "/etc/sallyport/sallyport.yaml", environment);
    for (const auto& finding : loaded.findings) {
      EXPECT_EQ(finding.severity, Severity::kWarning) << text(finding);
    }
    EXPECT_TRUE(loaded.configuration);
    return loaded.configuration ? std::move(*loaded.configuration) : Configuration();
  }
  static const EffectiveKey* find(const std::vector<EffectiveKey>& keys, std::string_view key) {
    auto found = std::ranges::find(keys, key, &EffectiveKey::key);
    return found == keys.end() ? nullptr : &*found;
  }
  static std::string replaced(std::string_view what, std::string_view with) {
    std::string file(kFile);
    return file.replace(file.find(what), what.size(), with);
  }

  FakeEnvironment environment;
};

TEST_F(Effective, SaysWhatTheFileSaysAndWhere) {
  auto keys = effective_keys(load(kFile));
  const auto* address = find(keys, "listen.address");
  ASSERT_NE(address, nullptr);
  EXPECT_EQ(address->values, std::vector<std::string>{"127.0.0.1:8443"});
  EXPECT_FALSE(address->is_default);
  EXPECT_EQ(address->place, (Place{2, 3}));
  const auto* proxies = find(keys, "listen.trusted_proxies");
  ASSERT_NE(proxies, nullptr);
  EXPECT_TRUE(proxies->is_list);
  EXPECT_EQ(proxies->values, (std::vector<std::string>{"10.0.0.0/8", "::1"}));
  const auto* deployment = find(keys, "models[1].deployments.claude");
  ASSERT_NE(deployment, nullptr);
  EXPECT_EQ(deployment->values, std::vector<std::string>{"claude-opus-5"});
  const auto* role = find(keys, "admin.socket_roles.wheel");
  ASSERT_NE(role, nullptr);
  EXPECT_EQ(role->values, std::vector<std::string>{"operator"});
}

TEST_F(Effective, ASecretIsNamedByItsSource) {
  auto configuration = load(kFile);
  for (const auto& key : effective_keys(configuration)) {
    for (const auto& value : key.values) {
      EXPECT_EQ(value.find("canary"), std::string::npos) << key.key;
    }
  }
  for (const auto& [key, text] : configuration.texts) {
    EXPECT_EQ(text.find("canary"), std::string::npos) << key;
  }
  auto keys = effective_keys(configuration);
  const auto* in_file = find(keys, "upstreams[0].credential.api_key");
  ASSERT_NE(in_file, nullptr);
  EXPECT_TRUE(in_file->is_secret);
  EXPECT_EQ(in_file->values, std::vector<std::string>{"file /etc/sallyport/key"});
  const auto* written = find(keys, "upstreams[1].credential.api_key");
  ASSERT_NE(written, nullptr);
  EXPECT_EQ(written->values, std::vector<std::string>{"the configuration file"});
}

TEST_F(Effective, WhatTheFileDoesNotSayIsADefaultOrANote) {
  auto keys = effective_keys(load(kFile));
  for (const Row& row : schema()) {
    if (row.parent() != "limits" || row.fallback.empty()) continue;
    const auto* key = find(keys, row.path);
    ASSERT_NE(key, nullptr) << row.path;
    EXPECT_TRUE(key->is_default) << row.path;
    EXPECT_EQ(key->values, std::vector<std::string>{std::string(row.fallback)});
    EXPECT_EQ(key->place, Place{});
  }
  const auto* tls = find(keys, "listen.tls");
  ASSERT_NE(tls, nullptr);
  EXPECT_NE(tls->note.find("plain HTTP"), std::string::npos);
  EXPECT_EQ(find(keys, "listen.tls.key"), nullptr) << "nothing is missing where there is no block";
}

TEST_F(Effective, StandsInTheOrderOfTheTable) {
  auto keys = effective_keys(load(kFile));
  auto place = [&](std::string_view key) { return find(keys, key) - keys.data(); };
  EXPECT_LT(place("listen.address"), place("issuers[0].name"));
  EXPECT_LT(place("upstreams[0].credential.api_key"), place("upstreams[1].name"));
  EXPECT_LT(place("upstreams[1].name"), place("models[0].id"));
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(key.key);
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end()) << "no key stands twice";
}

TEST_F(Effective, ADifferenceNamesTheKeysOldAndNew) {
  auto before = load(kFile);
  EXPECT_TRUE(changed_keys(before, load(kFile)).empty());
  auto other = changed_keys(before, load(replaced("sonnet-prod", "sonnet-two")));
  ASSERT_EQ(other.size(), 1u);
  EXPECT_EQ(other[0].key, "models[0].deployments.foundry");
  EXPECT_EQ(other[0].before, "sonnet-prod");
  EXPECT_EQ(other[0].after, "sonnet-two");
  auto gone =
      changed_keys(before, load(replaced("admin: {socket_roles: {wheel: operator}}\n", "")));
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_EQ(gone[0].key, "admin.socket_roles.wheel");
  EXPECT_EQ(gone[0].after, "");
}

TEST_F(Effective, ADefaultWrittenOutIsNoDifference) {
  const Row* row = nullptr;
  for (const Row& one : schema()) {
    if (one.path == "limits.connect") row = &one;
  }
  ASSERT_NE(row, nullptr);
  auto written = std::string(kFile) + "limits: {connect: " + std::string(row->fallback) + "}\n";
  EXPECT_TRUE(changed_keys(load(kFile), load(written)).empty());
}

}  // namespace
}  // namespace sallyport::config
