#include "signin/secret_channel.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace sallyport::signin {
namespace {

// Two ends agree on one key, whichever began; libsecret and gnome-keyring as the other end are
// tests/conformance/token_vault.
TEST(SecretChannel, BothEndsDecryptTheSame) {
  FakeEntropy entropy;
  SecretChannel one(entropy), two(entropy);
  ASSERT_EQ(one.public_key().size(), 128U);
  ASSERT_NE(one.public_key(), two.public_key());
  ASSERT_TRUE(one.agree(two.public_key()));
  ASSERT_TRUE(two.agree(one.public_key()));
  // Some block that happens to have good padding: found by one, opened by the other.
  std::string vector(16, 'v'), block(16, 'b');
  for (unsigned n = 0; n < 65536; ++n) {
    block[0] = static_cast<char>(n);
    block[1] = static_cast<char>(n >> 8);
    auto found = one.decrypt(vector, block);
    auto other = two.decrypt(vector, block);
    ASSERT_EQ(found.has_value(), other.has_value());
    if (!found) continue;
    EXPECT_EQ(found->reveal(), other->reveal());
    return;
  }
  FAIL() << "no padding in 65,536 blocks";
}

TEST(SecretChannel, AgreesOnNoKeyThatEverybodyKnows) {
  FakeEntropy entropy;
  SecretChannel channel(entropy);
  std::string zeros(127, '\0');
  EXPECT_FALSE(channel.agree(""));
  EXPECT_FALSE(channel.agree(zeros));
  EXPECT_FALSE(channel.agree(zeros + '\1'));
  EXPECT_FALSE(channel.agree(std::string(128, '\xff'))) << "greater than the prime";
  EXPECT_FALSE(channel.agree(std::string(129, '\1')));
  EXPECT_FALSE(channel.decrypt(std::string(16, 'v'), std::string(16, 'b'))) << "no key yet";
}

TEST(SecretChannel, DecryptsWholeBlocksAlone) {
  FakeEntropy entropy;
  SecretChannel one(entropy), two(entropy);
  ASSERT_TRUE(one.agree(two.public_key()));
  EXPECT_FALSE(one.decrypt(std::string(15, 'v'), std::string(16, 'b')));
  EXPECT_FALSE(one.decrypt(std::string(16, 'v'), std::string(17, 'b')));
  EXPECT_FALSE(one.decrypt(std::string(16, 'v'), ""));
}

}  // namespace
}  // namespace sallyport::signin
