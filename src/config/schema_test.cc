#include "config/schema.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "config/fake_environment.h"
#include "config/instance.h"
#include "config/reference.h"

namespace sallyport::config {
namespace {

const Row* find(std::string_view path) {
  for (const Row& row : schema()) {
    if (row.path == path) return &row;
  }
  return nullptr;
}

TEST(Schema, EveryRowStandsOnceAndBelowItsBlock) {
  std::set<std::string_view> seen;
  for (const Row& row : schema()) {
    EXPECT_TRUE(seen.insert(row.path).second) << row.path;
    auto parent = row.parent();
    if (parent.empty()) continue;
    bool item = parent.ends_with("[]");
    const Row* block = find(item ? parent.substr(0, parent.size() - 2) : parent);
    ASSERT_NE(block, nullptr) << row.path;
    EXPECT_EQ(block->shape, item ? Shape::kBlocks : Shape::kBlock) << row.path;
    EXPECT_TRUE(seen.contains(block->path)) << row.path << " stands before its block";
  }
}

TEST(Schema, EveryRowSaysWhatItIsAndGoesSomewhere) {
  for (const Row& row : schema()) {
    EXPECT_FALSE(row.summary.empty()) << row.path;
    EXPECT_TRUE(row.summary.ends_with('.')) << row.path;
    EXPECT_LE(row.min, row.max) << row.path;
    EXPECT_EQ(row.type == Type::kChoice, !row.choices.empty()) << row.path;
    bool stores = row.shape != Shape::kBlock && row.presence != Presence::kLater;
    EXPECT_TRUE(!stores || row.store != nullptr) << row.path;
    bool both = row.presence == Presence::kRequired && !row.fallback.empty();
    EXPECT_FALSE(both) << row.path << " is required and has a default";
    bool bounded = row.shape == Shape::kOne || row.shape == Shape::kBlock ||
                   row.presence == Presence::kLater || row.max <= 1000;
    EXPECT_TRUE(bounded) << row.path << " is a list without a bound";
  }
}

TEST(Schema, EveryTypeIsUsedAndEveryDefaultIsAValueOfItsType) {
  std::set<Type> used;
  for (const Row& row : schema()) {
    used.insert(row.type);
    if (row.fallback.empty()) continue;
    const auto& type = type_row(row.type);
    ASSERT_NE(type.parse, nullptr) << row.path;
    EXPECT_TRUE(type.parse(row.fallback, row)) << row.path;
  }
  for (const auto& type : value_types()) {
    EXPECT_TRUE(used.contains(type.type)) << type.name;
  }
}

// The folders have defaults of their own in their settings; a reader of either must be right.
TEST(Schema, DefaultsAreThoseOfTheSettings) {
  auto loaded = parse(R"(
listen: {address: "127.0.0.1:0"}
issuers: [{name: a, issuer: "https://id.example", audiences: [api]}]
upstreams: [{name: u, provider: anthropic, credential: {api_key: "${env:K}"}}]
models: [{id: claude-x, deployments: {u: claude-x}}]
)",
                      "/etc/sallyport.yaml", [] {
                        static FakeEnvironment environment;
                        environment.variables["K"] = "k";
                        return std::cref(static_cast<const Environment&>(environment));
                      }());
  ASSERT_TRUE(loaded.configuration);
  const gateway::Limits limits;
  const auto& read = loaded.configuration->limits;
  EXPECT_EQ(read.connect, limits.connect);
  EXPECT_EQ(read.first_byte_stream, limits.first_byte_stream);
  EXPECT_EQ(read.first_byte, limits.first_byte);
  EXPECT_EQ(read.silence, limits.silence);
  EXPECT_EQ(read.ping, limits.ping);
  EXPECT_EQ(read.head, limits.head);
  EXPECT_EQ(read.body, limits.body);
  EXPECT_EQ(read.keep_alive, limits.keep_alive);
  EXPECT_EQ(read.connections, limits.connections);
  EXPECT_EQ(read.connections_per_source, limits.connections_per_source);
  EXPECT_EQ(read.verified_tokens, limits.verified_tokens);
  identity::IssuerSettings issuer;
  issuer.name = "a";
  issuer.issuer = "https://id.example";
  issuer.audiences = {"api"};
  EXPECT_EQ(loaded.configuration->issuers.at(0), issuer);
  EXPECT_EQ(loaded.configuration->upstreams.at(0).credential.header,
            upstream::UpstreamSettings{}.credential.header);
  EXPECT_EQ(loaded.configuration->audit.sync, audit::Settings{}.sync);
  EXPECT_EQ(loaded.configuration->audit.segment_bytes, audit::Settings{}.segment_bytes);
  EXPECT_EQ(loaded.configuration->audit.directory, "/var/lib/sallyport/default/audit");
  EXPECT_EQ(loaded.configuration->store, "sqlite:/var/lib/sallyport/default/state.db");
  EXPECT_EQ(loaded.configuration->admin.socket, "/run/sallyport/default/admin.sock");
  EXPECT_FALSE(loaded.configuration->admin.listen);
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Reference, TheCommittedPageIsFresh) {
  bool fresh = content(SALLYPORT_TESTDATA "/../../docs/configuration.md") == reference_markdown();
  EXPECT_TRUE(fresh) << "run: sallyport config reference > docs/configuration.md";
}

TEST(Reference, NamesEveryKey) {
  auto page = reference_markdown();
  for (const Row& row : schema()) {
    EXPECT_NE(page.find("`" + std::string(row.path) + "`"), std::string::npos) << row.path;
  }
}

TEST(Example, IsRightAndMentionsEveryKey) {
  auto yaml = content(SALLYPORT_TESTDATA "/../../packaging/sallyport.example.yaml");
  for (const Row& row : schema()) {
    if (row.presence == Presence::kLater) continue;
    EXPECT_NE(yaml.find(std::string(row.name()) + ":"), std::string::npos) << row.path;
    if (!row.fallback.empty() && row.shape == Shape::kOne) {
      auto line = std::string(row.name()) + ": " + with_instance(row.fallback, kDefaultInstance);
      EXPECT_NE(yaml.find(line), std::string::npos) << line;
    }
  }
}

}  // namespace
}  // namespace sallyport::config
