#include "delivery/local/plugin_folder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "base/test_folder.h"

namespace sallyport::delivery {
namespace {

namespace fs = std::filesystem;

class PluginTest : public testing::Test {
 protected:
  void SetUp() override {
    put("reviewer/.claude-plugin/plugin.json",
        R"({"name":"reviewer","version":"2026.09.1","description":"House rules","installationPreference":"auto_install"})");
    put("reviewer/version.json", R"({"version":"2026.09.1"})");
    put("reviewer/skills/review/SKILL.md", "# Review");
  }
  void put(const std::string& name, std::string_view text) {
    fs::create_directories((root_ / name).parent_path());
    ASSERT_TRUE(write_file_atomically(root_ / name, text));
  }
  // The codes of all findings, in order.
  std::vector<std::string> codes() {
    std::vector<std::string> list;
    auto plugins = read_plugins(root_);
    EXPECT_TRUE(plugins);
    for (const auto& plugin : *plugins) {
      for (const auto& finding : profile::check_plugin(plugin)) list.emplace_back(finding.code);
    }
    return list;
  }
  bool has(std::string_view code) {
    auto list = codes();
    return std::find(list.begin(), list.end(), code) != list.end();
  }

  TestFolder test_folder_;
  fs::path root_ = test_folder_.path();
};

TEST_F(PluginTest, AGoodBundleHasNoFinding) {
  EXPECT_TRUE(codes().empty());
}

TEST_F(PluginTest, NamesEachFault) {
  put("reviewer/.claude-plugin/plugin.json",
      R"({"name":"other","version":"1","installationPreference":"auto"})");
  EXPECT_TRUE(has("plugin.field_missing"));
  EXPECT_TRUE(has("plugin.name_differs"));
  EXPECT_TRUE(has("plugin.preference"));
  EXPECT_TRUE(has("plugin.version_differs"));
  put("reviewer/.claude-plugin/plugin.json", "{");
  EXPECT_TRUE(has("plugin.json_invalid"));
  fs::remove_all(root_ / "reviewer/.claude-plugin");
  EXPECT_TRUE(has("plugin.no_manifest"));
  put("reviewer/skills/empty/readme.md", "x");
  EXPECT_TRUE(has("plugin.skill_missing"));
  put("reviewer/.mcp.json",
      R"({"mcpServers":{"a":{"type":"stdio","command":"x","toolPolicy":{}}}})");
  EXPECT_TRUE(has("plugin.mcp_type"));
  EXPECT_TRUE(has("plugin.mcp_url"));
  EXPECT_TRUE(has("plugin.mcp_ignored"));
}

TEST_F(PluginTest, LinksMayNotLeaveThePlugin) {
  fs::create_symlink("/etc/passwd", root_ / "reviewer/skills/review/link");
  EXPECT_TRUE(has("plugin.link_leaves"));
  fs::remove(root_ / "reviewer/skills/review/link");
  fs::create_symlink("SKILL.md", root_ / "reviewer/skills/review/link");
  EXPECT_FALSE(has("plugin.link_leaves"));
}

TEST_F(PluginTest, PacksTheSameBytesEachTime) {
  auto plugins = read_plugins(root_ / "reviewer");
  ASSERT_TRUE(plugins);
  EXPECT_EQ(plugins->front().folder, "reviewer");
  std::string first = profile::pack_plugins(*plugins);
  EXPECT_EQ(first, profile::pack_plugins(*read_plugins(root_)));
  EXPECT_NE(first.find("reviewer/.claude-plugin/plugin.json"), std::string::npos);
}

TEST_F(PluginTest, SaysWhenThereIsNoPlugin) {
  fs::create_directories(root_ / "none");
  EXPECT_EQ(read_plugins(root_ / "none").error().code, "plugin.none");
}

}  // namespace
}  // namespace sallyport::delivery
