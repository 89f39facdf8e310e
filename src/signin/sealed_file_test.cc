#include "signin/sealed_file.h"

#include <gtest/gtest.h>

#include "base/test_folder.h"
#include "signin/file_vault.h"
#include "signin/kernel_ring.h"

namespace sallyport::signin {
namespace {

const Secret kKey{std::string_view("0123456789abcdef0123456789abcdef")};
const Secret kContent{std::string_view(R"({"refresh_token":"secret"})")};

TEST(SealedFile, OpensWithItsKeyAndShowsNothingWithoutIt) {
  FakeEntropy entropy;
  std::string file = seal(new_header(false, entropy), kKey, "id", kContent, entropy);
  EXPECT_EQ(file.find("secret"), std::string::npos);
  auto content = unseal(file, kKey, "id");
  ASSERT_TRUE(content) << content.error().text();
  EXPECT_EQ(content->reveal(), kContent.reveal());
  auto other = unseal(file, Secret(std::string_view("0123456789abcdef0123456789abcdeF")), "id");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "vault.locked");
}

TEST(SealedFile, AnyByteThatWasChangedIsNoticed) {
  FakeEntropy entropy;
  std::string file = seal(new_header(false, entropy), kKey, "id", kContent, entropy);
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string changed = file;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(unseal(changed, kKey, "id")) << i;
  }
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(unseal(std::string_view(file).substr(0, size), kKey, "id")) << size;
  }
}

TEST(SealedFile, CannotBeTakenForAnotherSignIn) {
  FakeEntropy entropy;
  std::string file = seal(new_header(false, entropy), kKey, "ada", kContent, entropy);
  EXPECT_FALSE(unseal(file, kKey, "bob"));
}

TEST(SealedFile, TwoWritesShareNoNonce) {
  FakeEntropy entropy;
  auto header = new_header(false, entropy);
  std::string first = seal(header, kKey, "id", kContent, entropy);
  std::string second = seal(header, kKey, "id", kContent, entropy);
  EXPECT_NE(first.substr(28, 12), second.substr(28, 12));
}

TEST(SealedFile, AForeignFileCannotAskForAllTheMemory) {
  FakeEntropy entropy;
  auto header = new_header(true, entropy);
  EXPECT_EQ(header.log_n, 17);
  std::string file = seal(header, kKey, "id", kContent, entropy);
  ASSERT_TRUE(read_header(file));
  for (auto [at, value] : {std::pair{9, 30}, {9, 5}, {10, 64}, {11, 9}, {8, 3}, {0, 'X'}}) {
    std::string changed = file;
    changed[static_cast<std::size_t>(at)] = static_cast<char>(value);
    auto refused = read_header(changed);
    ASSERT_FALSE(refused) << at;
    EXPECT_EQ(refused.error().code, "vault.damaged");
  }
}

// ---- the vaults that are such files
// ---------------------------------------------------------------

class FileVaultTest : public testing::Test {
 protected:
  AskPassphrase says(std::string_view passphrase) {
    return [this, passphrase](bool) -> Result<Secret> {
      ++asked_;
      return Secret(passphrase);
    };
  }
  // As after a restart: the kernel has forgotten the key, the file is there.
  void forget(const std::string& id) {
    auto file = folder_ / (id + ".vault");
    std::filesystem::copy_file(file, folder_ / "aside");
    ASSERT_TRUE(make_passphrase_vault(folder_, says(""))->remove(id));
    std::filesystem::rename(folder_ / "aside", file);
  }
  TestFolder test_folder_;
  std::filesystem::path folder_ = test_folder_.path();
  int asked_ = 0;
};

TEST_F(FileVaultTest, AKernelVaultKeepsReplacesAndForgets) {
  if (!kernel_ring::works()) GTEST_SKIP() << "no kernel key ring here";
  auto vault = make_kernel_vault(folder_);
  EXPECT_EQ(vault->load("one").error().code, "vault.missing");
  ASSERT_TRUE(vault->store("one", kContent));
  ASSERT_TRUE(vault->store("one", Secret(std::string_view("second"))));
  EXPECT_EQ(vault->load("one")->reveal(), "second");
  auto mode = std::filesystem::status(folder_ / "one.vault").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  ASSERT_TRUE(vault->remove("one"));
  EXPECT_EQ(vault->load("one").error().code, "vault.missing");
  EXPECT_TRUE(vault->remove("one"));
}

TEST_F(FileVaultTest, APassphraseIsAskedOnceWhereTheKernelKeepsTheKey) {
  auto vault = make_passphrase_vault(folder_, says("correct horse"));
  ASSERT_TRUE(vault->store("one", kContent));
  EXPECT_EQ(vault->load("one")->reveal(), kContent.reveal());
  EXPECT_EQ(asked_, kernel_ring::works() ? 1 : 2);
  ASSERT_TRUE(vault->remove("one"));
}

TEST_F(FileVaultTest, ANewSignInIsSealedWithThePassphraseOfNow) {
  ASSERT_TRUE(make_passphrase_vault(folder_, says("leaked"))
                  ->store("one", Secret(std::string_view("first"))));
  auto fresh = make_passphrase_vault(folder_, says("of now"));
  ASSERT_TRUE(fresh->store("one", Secret(std::string_view("second"))));
  forget("one");
  EXPECT_FALSE(make_passphrase_vault(folder_, says("leaked"))->load("one"));
  forget("one");
  EXPECT_FALSE(make_passphrase_vault(folder_, says("mistyped"))->load("one"));
  // What was mistyped just now is not what the next one is sealed with.
  ASSERT_TRUE(make_passphrase_vault(folder_, says("of now"))
                  ->store("one", Secret(std::string_view("third"))));
  forget("one");
  auto content = make_passphrase_vault(folder_, says("of now"))->load("one");
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(content->reveal(), "third");
}

TEST_F(FileVaultTest, AWrongPassphraseOpensNothingAndLosesNothing) {
  {
    auto vault = make_passphrase_vault(folder_, says("correct horse"));
    ASSERT_TRUE(vault->store("one", kContent));
  }
  forget("one");

  auto wrong = make_passphrase_vault(folder_, says("battery staple"))->load("one");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, "vault.locked");
  auto right = make_passphrase_vault(folder_, says("correct horse"));
  auto content = right->load("one");
  ASSERT_TRUE(content) << content.error().text();
  EXPECT_EQ(content->reveal(), kContent.reveal());
  ASSERT_TRUE(right->remove("one"));
}

}  // namespace
}  // namespace sallyport::signin
