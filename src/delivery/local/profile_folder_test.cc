#include "delivery/local/profile_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "base/files.h"
#include "base/test_folder.h"

namespace sallyport::delivery {
namespace {

namespace fs = std::filesystem;
using profile::Profile;

class ProfileFolderTest : public testing::Test {
 protected:
  static Profile made(std::string name, std::string base = {}) {
    Profile profile;
    profile.name = std::move(name);
    profile.id = new_identity(system_entropy());
    profile.base = std::move(base);
    return profile;
  }

  TestFolder test_folder_;
  fs::path path_ = test_folder_.path();
  ProfileFolder folder() { return ProfileFolder(path_ / "profiles"); }
};

TEST_F(ProfileFolderTest, KeepsProfilesAsPlainFilesForTheirOwnerAlone) {
  auto store = folder();
  EXPECT_TRUE(store.list()->empty());
  ASSERT_TRUE(store.create(made("staff")));
  ASSERT_TRUE(store.create(made("eu")));
  EXPECT_EQ(*store.list(), (std::vector<std::string>{"eu", "staff"}));
  struct stat info{};
  ASSERT_EQ(::stat(store.file_of("staff").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_FALSE(store.create(made("staff")));
}

TEST_F(ProfileFolderTest, RefusesNamesThatLeaveTheFolder) {
  auto store = folder();
  EXPECT_EQ(store.create(made("../evil")).error().code, "profile.name");
  EXPECT_EQ(store.load("a/b").error().code, "profile.name");
  ASSERT_TRUE(store.create(made("staff")));
  EXPECT_EQ(store.rename("staff", "..").error().code, "profile.name");
}

TEST_F(ProfileFolderTest, NamesTheNearestProfile) {
  auto store = folder();
  ASSERT_TRUE(store.create(made("staff")));
  EXPECT_EQ(store.load("stafff").error().next_step, "did you mean staff?");
  EXPECT_EQ(store.remove("stafff").error().next_step, "did you mean staff?");
}

TEST_F(ProfileFolderTest, NamesFileAndPlaceOfBrokenJson) {
  auto store = folder();
  fs::create_directories(store.path());
  ASSERT_TRUE(write_file_atomically(store.file_of("bad"), "{\n  \"values\": {,}\n}"));
  auto read = store.load("bad");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("bad.json"), std::string::npos);
  EXPECT_NE(read.error().message.find("line 2, column 14"), std::string::npos)
      << read.error().message;
}

TEST_F(ProfileFolderTest, AFailedEditLeavesTheFileAsItWas) {
  auto store = folder();
  ASSERT_TRUE(store.create(made("staff")));
  auto before = read_file(store.file_of("staff"), 1 << 20);
  auto edited = store.edit("staff", [](Profile& profile) -> Result<void> {
    profile.values["a"] = 1;
    return fail("test.no", "no");
  });
  EXPECT_FALSE(edited);
  EXPECT_EQ(*read_file(store.file_of("staff"), 1 << 20), *before);
}

TEST_F(ProfileFolderTest, RenamingABaseTakesItsVariantsAlong) {
  auto store = folder();
  ASSERT_TRUE(store.create(made("staff")));
  ASSERT_TRUE(store.create(made("pilot", "staff")));
  EXPECT_EQ(store.remove("staff").error().code, "profile.has_variants");
  ASSERT_TRUE(store.rename("staff", "everybody"));
  EXPECT_EQ(store.load("pilot")->base, "everybody");
  EXPECT_TRUE(store.load_flat("pilot"));
}

TEST_F(ProfileFolderTest, TwoWritersNeverLoseAnEdit) {
  auto store = folder();
  ASSERT_TRUE(store.create(made("staff")));
  auto write = [&](int writer) {
    auto own = folder();
    for (int i = 0; i < 10; ++i) {
      auto done = own.edit("staff", [&](Profile& profile) -> Result<void> {
        profile.values["key" + std::to_string(writer) + "_" + std::to_string(i)] = i;
        return {};
      });
      EXPECT_TRUE(done);
    }
  };
  std::thread one(write, 1), two(write, 2);
  one.join();
  two.join();
  EXPECT_EQ(store.load("staff")->values.size(), 20U);
}

TEST_F(ProfileFolderTest, KeepsAModeThatThePersonChose) {
  auto store = folder();
  ASSERT_TRUE(store.create(made("staff")));
  ::chmod(store.file_of("staff").c_str(), 0640);
  ASSERT_TRUE(store.edit("staff", [](Profile& profile) -> Result<void> {
    profile.values["a"] = 1;
    return {};
  }));
  struct stat info{};
  ::stat(store.file_of("staff").c_str(), &info);
  EXPECT_EQ(info.st_mode & 0777U, 0640U);
}

TEST(NewIdentity, IsAVersion4Uuid) {
  FakeEntropy entropy;
  std::string id = new_identity(entropy);
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(id[14], '4');
}

}  // namespace
}  // namespace sallyport::delivery
