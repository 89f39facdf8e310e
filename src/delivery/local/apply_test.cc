#include "delivery/local/apply.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/test_folder.h"
#include "delivery/local/device_reader.h"

namespace sallyport::delivery {
namespace {

namespace fs = std::filesystem;
namespace json = profile::json;
using profile::Profile;

class ApplyTest : public testing::Test {
 protected:
  void SetUp() override {
    pilot_.name = "pilot";
    pilot_.id = "11111111-2222-4333-8444-555555555555";
    pilot_.values["inferenceProvider"] = "anthropic";
  }
  static unsigned mode(const fs::path& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
  }

  TestFolder test_folder_;
  fs::path data_ = test_folder_ / "Claude-3p";
  Profile pilot_;
  FakeClock clock_;
  profile::Device device_;
};

TEST_F(ApplyTest, WritesWhatTheAppReadsBack) {
  auto applied = apply_profile(pilot_, device_, data_, clock_);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_TRUE(applied->backup.empty());
  EXPECT_EQ(mode(applied->entry), 0600U);
  EXPECT_EQ(mode(data_ / "configLibrary"), 0700U);
  profile::SettingsSource source = read_library(data_, read_file);
  EXPECT_TRUE(source.present);
  EXPECT_TRUE(source.notes.empty());
  EXPECT_EQ(source.values, pilot_.values);
}

TEST_F(ApplyTest, BacksUpAndKeepsOtherEntriesAndModes) {
  ASSERT_TRUE(apply_profile(pilot_, device_, data_, clock_));
  Profile other = pilot_;
  other.name = "restricted";
  other.id = "22222222-2222-4333-8444-555555555555";
  auto first = apply_profile(other, device_, data_, clock_);
  ASSERT_TRUE(first);
  ::chmod(first->entry.c_str(), 0640);
  clock_.advance(std::chrono::seconds(1));
  other.values["chatTabEnabled"] = true;
  auto again = apply_profile(other, device_, data_, clock_);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->entry, first->entry);
  EXPECT_EQ(mode(again->entry), 0640U);
  auto saved = read_file(again->backup / first->entry.filename(), 1 << 16);
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->find("chatTabEnabled"), std::string::npos);
  auto meta = profile::parse_json(*read_file(data_ / "configLibrary" / "_meta.json", 1 << 16));
  EXPECT_EQ(meta->get_object().at("entries").as_array().size(), 2U);
}

// As with sudo in a person's home: a link laid there must not lead root anywhere.
TEST_F(ApplyTest, RefusesAnotherPersonsHome) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to give a folder away";
  fs::path victim = data_.parent_path() / "victim";
  fs::create_directories(victim);
  fs::create_directories(data_);
  fs::create_directory_symlink(victim, data_ / "configLibrary");
  for (const fs::path& path : {data_.parent_path(), data_, data_ / "configLibrary"}) {
    ASSERT_EQ(::lchown(path.c_str(), 1000, 1000), 0);
  }
  auto applied = apply_profile(pilot_, device_, data_, clock_);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, "apply.owner");
  EXPECT_TRUE(fs::is_empty(victim));
}

TEST_F(ApplyTest, RefusesWhenAManagedSourceOwnsTheDevice) {
  profile::SettingsSource managed;
  managed.kind = profile::SourceKind::kLinuxFile;
  managed.place = "/etc/claude-desktop/managed-settings.json";
  managed.present = true;
  managed.values["inferenceProvider"] = "anthropic";
  device_.sources.push_back(managed);
  auto applied = apply_profile(pilot_, device_, data_, clock_);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, "apply.managed");
  EXPECT_NE(applied.error().message.find("/etc/claude-desktop"), std::string::npos);
  EXPECT_FALSE(fs::exists(data_));
}

TEST_F(ApplyTest, NeverOverwritesALibraryThatItCannotRead) {
  fs::create_directories(data_ / "configLibrary");
  ASSERT_TRUE(write_file_atomically(data_ / "configLibrary" / "_meta.json", "{broken"));
  auto applied = apply_profile(pilot_, device_, data_, clock_);
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, "apply.library");
  EXPECT_EQ(*read_file(data_ / "configLibrary" / "_meta.json", 1 << 16), "{broken");
}

TEST_F(ApplyTest, DoesNotFollowAnEntryIdOutOfTheLibrary) {
  fs::create_directories(data_ / "configLibrary");
  ASSERT_TRUE(write_file_atomically(
      data_ / "configLibrary" / "_meta.json",
      R"({"appliedId":null,"entries":[{"id":"../../evil","name":"pilot"}]})"));
  auto applied = apply_profile(pilot_, device_, data_, clock_);
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->entry.parent_path(), data_ / "configLibrary");
}

}  // namespace
}  // namespace sallyport::delivery
