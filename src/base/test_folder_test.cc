#include "base/test_folder.h"

#include <gtest/gtest.h>

#include <fstream>

namespace sallyport {
namespace {

namespace fs = std::filesystem;

TEST(TestFolder, IsGoneWithAllThatIsInItAtTheEnd) {
  fs::path path, other;
  {
    TestFolder folder, second;
    path = folder.path();
    other = second.path();
    EXPECT_NE(path, other);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    fs::create_directory(folder / "inner");
    std::ofstream(folder / "inner/file") << "x";
    EXPECT_TRUE(fs::exists(path / "inner" / "file"));
  }
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(other));
}

}  // namespace
}  // namespace sallyport
