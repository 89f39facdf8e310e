#include "base/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/test_folder.h"

namespace sallyport {
namespace {

class SecretFiles : public testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  static std::string read(const SecretFile& file) {
    auto secret = read_secret_file(file);
    if (secret) return "ok " + std::string(secret->reveal());
    EXPECT_EQ(secret.error().code, "file.unfit");
    return secret.error().message;
  }
  TestFolder folder_;
};

TEST_F(SecretFiles, AreOneLineOrLines) {
  EXPECT_EQ(read({.name = write("a", "token\r\n\n"), .limit = 16}), "ok token");
  auto one_line = [&](std::string_view content) {
    return read({.name = write("b", content), .limit = 16});
  };
  for (std::string_view content : {"two\nlines", "a b", "\xc3\xa4", "a\x1b", "\n"}) {
    EXPECT_TRUE(one_line(content).ends_with("does not hold one line of text")) << content;
  }
  EXPECT_TRUE(one_line(std::string_view("a\0b", 3)).ends_with("one line of text"));
  EXPECT_TRUE(one_line("").ends_with("it is empty"));
  auto lines = [&](std::string_view content) {
    return read({.name = write("c", content), .limit = 16, .text = SecretText::kLines});
  };
  EXPECT_EQ(lines("-- A --\r\nb\n"), "ok -- A --\r\nb\n");
  for (std::string_view content : {" \n", "\xc3\xa4", "a\x1b"}) {
    EXPECT_TRUE(lines(content).ends_with("does not hold lines of text")) << content;
  }
}

TEST_F(SecretFiles, AreBounded) {
  EXPECT_EQ(read({.name = write("a", "1234"), .limit = 4}), "ok 1234");
  EXPECT_TRUE(read({.name = write("b", "12345"), .limit = 4}).ends_with("larger than 4 bytes"));
}

TEST_F(SecretFiles, AreRegularFiles) {
  auto path = write("real", "secret");
  std::filesystem::create_symlink(path, folder_ / "link");
  EXPECT_TRUE(read({.name = folder_ / "link", .limit = 16}).ends_with("it is a symbolic link"));
  EXPECT_EQ(read({.name = folder_ / "link", .limit = 16, .links = Links::kFollow}), "ok secret");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(read({.name = folder_ / "pipe", .limit = 16}).ends_with("not a regular file"));
  EXPECT_TRUE(read({.name = folder_.path(), .limit = 16}).ends_with("not a regular file"));
  EXPECT_TRUE(read({.name = folder_ / "none", .limit = 16}).ends_with("No such file or directory"));
}

TEST_F(SecretFiles, DoNotLieBehindALinkedFolder) {
  write("real", "secret");
  EXPECT_EQ(read({.folder = folder_.path(), .name = "real", .limit = 16}), "ok secret");
  std::filesystem::create_directory_symlink(folder_.path(), folder_ / "alias");
  EXPECT_NE(read({.folder = folder_ / "alias", .name = "real", .limit = 16}), "ok secret");
}

TEST_F(SecretFiles, StayOutOfTheMessage) {
  for (auto kind : {SecretText::kOneLine, SecretText::kLines}) {
    auto said = read({.name = write("a", "canary\x01"), .limit = 16, .text = kind});
    EXPECT_EQ(said.find("canary"), std::string::npos);
  }
}

}  // namespace
}  // namespace sallyport
