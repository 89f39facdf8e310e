// Each folder below tests/golden/devices is one device; expected.json names the finding that its
// fault is to be known by, and the mode in which the app would start.
#include "delivery/local/device_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "base/test_folder.h"

namespace sallyport::delivery {
namespace {

namespace fs = std::filesystem;
namespace json = profile::json;

const fs::path kDevices = fs::path(SALLYPORT_TESTDATA) / ".." / "golden" / "devices";

TEST(DeviceReader, FindsTheFaultOfEachBrokenDevice) {
  int broken = 0;
  for (const auto& entry : fs::directory_iterator(kDevices)) {
    std::string name = entry.path().filename().string();
    auto text = read_file(entry.path() / "expected.json", 1 << 16);
    ASSERT_TRUE(text) << name;
    json::object expected = profile::parse_json(*text)->get_object();
    auto device = read_device({entry.path(), "", {}});
    ASSERT_TRUE(device) << name << ": " << device.error().message;
    profile::Resolution resolution = profile::resolve(*device);
    profile::Findings findings = profile::device_findings(*device, resolution);
    std::string wanted(expected.at("finding").as_string());
    std::string all;
    for (const auto& finding : findings)
      all += "\n  " + std::string(finding.code) + " " + finding.key;
    EXPECT_EQ(resolution.mode == profile::Mode::kThirdParty ? "3p" : "1p",
              std::string(expected.at("mode").as_string()))
        << name << ": " << resolution.why_mode << all;
    if (wanted.empty()) {
      EXPECT_FALSE(has_errors(findings)) << name << all;
      continue;
    }
    ++broken;
    bool found = std::any_of(findings.begin(), findings.end(),
                             [&](const auto& finding) { return finding.code == wanted; });
    EXPECT_TRUE(found) << name << " wants " << wanted << ", but has:" << all;
  }
  EXPECT_GE(broken, 10);
}

class Collection : public testing::Test {
 protected:
  void put(const fs::path& name, std::string_view content) {
    fs::create_directories((root_ / name).parent_path());
    ASSERT_TRUE(write_file_atomically(root_ / name, content, 0644));
  }
  TestFolder test_folder_;
  fs::path root_ = test_folder_.path();
};

TEST_F(Collection, NamesItsFilesAlikeWithAndWithoutASlashBehindItsFolder) {
  put("device.json", R"({"platform":"linux"})");
  put("etc/claude-desktop/managed-settings.json", "{}");
  for (const fs::path& root : {root_, root_ / ""}) {
    auto device = read_device({root, "", {}});
    ASSERT_TRUE(device) << device.error().message;
    EXPECT_EQ(device->sources.front().place, "etc/claude-desktop/managed-settings.json");
  }
}

TEST_F(Collection, APlatformThatThereIsNotIsAnError) {
  put("device.json", R"({"platform":"windos"})");
  auto device = read_device({root_, "", {}});
  ASSERT_FALSE(device);
  EXPECT_EQ(device.error().code, "device.platform");
  EXPECT_EQ(device.error().next_step, "did you mean windows?");
}

// A collection may come from somebody else; a link in it must not show this machine's files.
TEST_F(Collection, ALinkThatLeadsOutIsNotFollowed) {
  put("device.json", R"({"platform":"linux"})");
  fs::create_symlink("/etc/hostname", root_ / "managed-settings.json");
  auto device = read_device({root_, "", {}});
  ASSERT_TRUE(device) << device.error().message;
  const profile::SettingsSource& managed = device->sources.front();
  EXPECT_TRUE(managed.unreadable);
  EXPECT_NE(managed.why.find("leads out of the collection"), std::string::npos) << managed.why;
  put("inside.json", R"({"chatTabEnabled":true})");
  fs::remove(root_ / "managed-settings.json");
  fs::create_symlink("inside.json", root_ / "managed-settings.json");
  device = read_device({root_, "", {}});
  ASSERT_TRUE(device);
  EXPECT_EQ(device->sources.front().values.size(), 1U);
}

TEST_F(Collection, AMachineProfileIsNotAlsoAPersons) {
  put("Library/Managed Preferences/com.anthropic.claudefordesktop.plist",
      "<plist><dict><key>chatTabEnabled</key><true/></dict></plist>");
  auto device = read_device({root_, "", {}});
  ASSERT_TRUE(device);
  profile::Resolution resolution = profile::resolve(*device);
  ASSERT_TRUE(resolution.owner);
  EXPECT_EQ(device->sources[*resolution.owner].kind, profile::SourceKind::kMacMachine);
  EXPECT_TRUE(resolution.ignored.empty());
}

TEST_F(Collection, PlacesAreShownWithoutTheCollectionsOwnFolder) {
  put("device.json", R"({"platform":"linux","user":"ada"})");
  put("home/ada/.config/Claude-3p/configLibrary/_meta.json", R"({"appliedId":"UPPER"})");
  auto device = read_device({root_, "", {}});
  ASSERT_TRUE(device);
  std::string report = profile::report_text(*device, profile::resolve(*device));
  EXPECT_EQ(report.find(root_.string()), std::string::npos) << report;
  EXPECT_NE(report.find("home/ada/.config"), std::string::npos);
}

TEST(DeviceReader, RefusesAFolderThatIsNotThere) {
  EXPECT_FALSE(read_device({"/nonexistent/collection", "", {}}));
}

TEST(DeviceReader, TrustsALinuxFileOfRootThatNobodyElseWrites) {
  FileFacts good, folder{true, false, 0, 0755};
  EXPECT_EQ(unsafe_because(good, folder), "");
  EXPECT_NE(unsafe_because({true, true, 0, 0644}, folder), "");
  EXPECT_NE(unsafe_because({true, false, 1000, 0644}, folder), "");
  EXPECT_NE(unsafe_because({true, false, 0, 0664}, folder), "");
  EXPECT_NE(unsafe_because({true, false, 0, 0646}, folder), "");
  EXPECT_NE(unsafe_because({true, false, 0, 0600}, folder), "");
  EXPECT_NE(unsafe_because({false, false, 0, 0644}, folder), "");
  EXPECT_NE(unsafe_because(good, {true, true, 0, 0755}), "");
  EXPECT_NE(unsafe_because(good, {true, false, 1000, 0755}), "");
  EXPECT_NE(unsafe_because(good, {true, false, 0, 0775}), "");
}

}  // namespace
}  // namespace sallyport::delivery
