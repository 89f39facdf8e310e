// A name leads to one gateway's files, and to nobody else's.
#include "config/instance.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/configuration.h"
#include "config/fake_environment.h"

namespace sallyport::config {
namespace {

constexpr std::string_view kRest = R"(
listen: {address: "127.0.0.1:0"}
issuers: [{name: a, issuer: "https://id.example", audiences: [api], heal_by: auth_time}]
upstreams: [{name: u, provider: anthropic, credential: {api_key: "${env:K}"}}]
models: [{id: claude-x, deployments: {u: claude-x}}]
)";

class Instances : public testing::Test {
 protected:
  void write(const std::string& path, std::string_view yaml) {
    environment.files[path] = {std::string(yaml), 0644};
  }
  [[nodiscard]] Loaded load_at(const std::string& path) {
    environment.variables["K"] = "k";
    return parse(kRest, path, environment);
  }
  FakeEnvironment environment;
};

TEST(InstanceName, CanStandInAPathAsItIs) {
  for (std::string_view name :
       {"default", "a", "7", "contoso-eu", "a--b", "abcdefghijklmnopqrstuvwxyz012345"}) {
    EXPECT_TRUE(is_instance_name(name)) << name;
  }
  for (std::string_view name : {"", "-a", "Contoso", "a.b", "..", "a/b", "a b", "\xc3\xa9", "a_b",
                                "a\n", "abcdefghijklmnopqrstuvwxyz0123456"}) {
    EXPECT_FALSE(is_instance_name(name)) << name;
  }
}

TEST(InstanceName, IsTheStemOfAFileInItsFolder) {
  EXPECT_EQ(instance_of("/etc/sallyport/contoso.yaml"), "contoso");
  EXPECT_EQ(instance_of("/etc/sallyport/../sallyport/contoso.yaml"), "contoso");
  EXPECT_EQ(instance_of("/etc/sallyport/sub/contoso.yaml"), "default");
  EXPECT_EQ(instance_of("/home/ada/contoso.yaml"), "default");
  EXPECT_EQ(instance_of("contoso.yaml"), "default");
  EXPECT_EQ(instance_of("/etc/sallyport/Contoso.yaml"), std::nullopt);
  EXPECT_EQ(instance_of("/etc/sallyport/contoso.yml"), std::nullopt);
}

TEST_F(Instances, HaveTheDefaultsOfTheirNames) {
  const auto loaded = load_at("/etc/sallyport/contoso.yaml");
  ASSERT_TRUE(loaded.configuration);
  const GatewayPlaces places = places_of("contoso");
  EXPECT_EQ(places.configuration, "/etc/sallyport/contoso.yaml");
  EXPECT_EQ(places.profiles, "/var/lib/sallyport/contoso/profiles");
  EXPECT_EQ(loaded.configuration->instance, "contoso");
  EXPECT_EQ(loaded.configuration->admin.socket, "/run/sallyport/contoso/admin.sock");
  EXPECT_EQ(loaded.configuration->admin.socket, places.socket);
  EXPECT_EQ(loaded.configuration->audit.directory, "/var/lib/sallyport/contoso/audit");
  EXPECT_EQ(loaded.configuration->audit.directory, places.audit_directory);
  EXPECT_EQ(loaded.configuration->store_file(), "/var/lib/sallyport/contoso/state.db");
  EXPECT_EQ(loaded.configuration->store_file(), places.store_file);
}

TEST_F(Instances, AFileThatIsNoneHasToSayItsPlaces) {
  auto loaded = load_at("/etc/sallyport/Contoso.yaml");
  ASSERT_FALSE(loaded.configuration);
  ASSERT_EQ(loaded.findings.size(), 3u);
  for (const auto& finding : loaded.findings) EXPECT_EQ(finding.code, "config.instance_name");
  auto whole =
      parse(std::string(kRest) +
                "admin: {socket: /srv/a}\naudit: {directory: /srv/b}\nstore: sqlite:/srv/c\n",
            "/etc/sallyport/Contoso.yaml", environment);
  EXPECT_TRUE(whole.configuration) << text(whole.findings.front());
}

// Started anew with an empty store, the gateway would let in whom somebody has shut out.
TEST_F(Instances, StateFromBeforeThereWereNamesIsNotForgotten) {
  write("/var/lib/sallyport/state.db", "");
  write("/var/lib/sallyport/audit", "");
  for (const char* path :
       {"/etc/sallyport/default.yaml", "/etc/sallyport/sallyport.yaml", "/srv/s.yaml"}) {
    auto loaded = load_at(path);
    ASSERT_FALSE(loaded.configuration) << path;
    ASSERT_EQ(loaded.findings.size(), 2u);
    EXPECT_EQ(loaded.findings[0].code, "config.moved_default");
    EXPECT_NE(
        loaded.findings[1].next_step.find("write `store: sqlite:/var/lib/sallyport/state.db`"),
        std::string::npos)
        << text(loaded.findings[1]);
  }
  EXPECT_TRUE(load_at("/etc/sallyport/contoso.yaml").configuration)
      << "it never had the old default";
  write("/var/lib/sallyport/default/state.db", "");
  write("/var/lib/sallyport/default/audit", "");
  EXPECT_TRUE(load_at("/etc/sallyport/default.yaml").configuration) << "moved";
}

TEST_F(Instances, AreFoundByWhatTheirFileSays) {
  write("/etc/sallyport/contoso.yaml", "admin: {socket: /srv/contoso.sock}\n");
  auto found = find_instance("contoso", environment);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->socket, "/srv/contoso.sock");
  EXPECT_EQ(found->audit_directory, "/var/lib/sallyport/contoso/audit");
  auto unread = find_instance("fabrikam", environment);
  ASSERT_TRUE(unread);
  EXPECT_EQ(unread->socket, "/run/sallyport/fabrikam/admin.sock");
}

TEST_F(Instances, AreFoundWithoutTheRestOfTheFile) {
  // Neither the provider's key nor a certificate has to be readable, and a slip elsewhere is no matter.
  write("/srv/s.yaml", std::string(kRest) +
                           "limitz: {}\naudit: {directory: /srv/audit}\n"
                           "store: sqlite:/srv/state.db\n");
  auto found = find_gateway("/srv/s.yaml", environment);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->audit_directory, "/srv/audit");
  EXPECT_EQ(found->store_file, "/srv/state.db");
  EXPECT_EQ(found->socket, "/run/sallyport/default/admin.sock");
}

TEST_F(Instances, AWrongPlaceIsNotGuessed) {
  struct Case {
    const char* yaml;
    const char* says;
  };
  for (const Case& one :
       {Case{"admin: {sockt: /srv/a}\n", "admin.sockt"},
        Case{"admn: {socket: /srv/a}\n", "did you mean admin"},
        Case{"admin: /srv/a\n", "expected a block"},
        Case{"audit: {directory: ~/audit}\n", "starts with ~"},
        Case{"store: postgres://db\n", "PostgreSQL"},
        Case{"admin: {socket: \"${env:S}\"}\n", "admin.socket"}, Case{"- admin\n", "a list"},
        Case{"admin: {socket: /a}\nadmin: {socket: /b}\n", "admin"},
        Case{"admin: {socket: [\n", "/srv/s.yaml:"}}) {
    write("/srv/s.yaml", one.yaml);
    auto found = find_gateway("/srv/s.yaml", environment);
    ASSERT_FALSE(found) << one.yaml << found->socket;
    const std::string said = found.error().text();
    EXPECT_NE(said.find(one.says), std::string::npos) << said;
  }
  EXPECT_FALSE(find_gateway("/srv/none.yaml", environment));
}

TEST_F(Instances, AreListedWhetherTheyAreConfiguredOrRun) {
  write("/etc/sallyport/default.yaml", kRest);
  write("/etc/sallyport/contoso.yaml", "admin: {socket: /srv/contoso.sock}\n");
  write("/etc/sallyport/broken.yaml", "admin: 7\n");
  write("/etc/sallyport/Fabrikam.yaml", kRest);
  write("/etc/sallyport/foundry-key", "k");
  write("/etc/sallyport/.hidden.yaml", "");
  write("/run/sallyport/default/admin.sock", "");
  write("/run/sallyport/stray/admin.sock", "");
  write("/run/sallyport/empty/other", "");
  write("/run/sallyport/Odd/admin.sock", "");
  const auto found = find_instances(environment);
  std::string listed;
  for (const auto& one : found) {
    listed += fmt::format("{}|{}|{}|{}|{}\n", one.places.instance, one.places.configuration,
                          one.places.socket, one.configured, one.problem ? one.problem->code : "");
  }
  EXPECT_EQ(listed,
            R"(|/etc/sallyport/Fabrikam.yaml|/run/sallyport/Fabrikam/admin.sock|true|instance.name
broken|/etc/sallyport/broken.yaml|/run/sallyport/broken/admin.sock|true|config.wrong_shape
contoso|/etc/sallyport/contoso.yaml|/srv/contoso.sock|true|
default|/etc/sallyport/default.yaml|/run/sallyport/default/admin.sock|true|
stray||/run/sallyport/stray/admin.sock|false|
)");
}

}  // namespace
}  // namespace sallyport::config
