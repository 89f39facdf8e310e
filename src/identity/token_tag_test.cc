#include "identity/token_tag.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace sallyport::identity {
namespace {

// NIST's GCM test case for AES-256 without plaintext and without additional data: what makes the
// tag of the empty text known from outside.
TEST(TokenTag, IsTheTagOfAes256Gcm) {
  TokenTagger tagger(Sha256{});
  EXPECT_EQ(to_hex(tagger("")), "530f8afbc74536b9a963b4f1c4cb738b");
}

TEST(TokenTag, IsTheSameForTheSameTokenWhateverCameBetween) {
  TokenTagger tagger(Sha256{1});
  TokenTagger again(Sha256{1});
  std::string token(1500, 't');
  auto tag = tagger(token);
  for (std::size_t size : {0U, 1U, 15U, 16U, 17U, 1499U, 16384U})
    (void)tagger(std::string(size, 'x'));
  EXPECT_TRUE(same(tagger(token), tag));
  EXPECT_TRUE(same(again(token), tag));
}

TEST(TokenTag, AFlippedBitAnywhereIsAnotherTag) {
  TokenTagger tagger(Sha256{1});
  std::string token;
  for (int i = 0; i < 1429; ++i) token.push_back(static_cast<char>('A' + i % 26));
  auto tag = tagger(token);
  for (std::size_t bit = 0; bit < token.size() * 8; ++bit) {
    token[bit / 8] = static_cast<char>(token[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(same(tagger(token), tag)) << bit;
    token[bit / 8] = static_cast<char>(token[bit / 8] ^ (1 << bit % 8));
  }
  EXPECT_TRUE(same(tagger(token), tag));
}

// The length is part of it: zero bytes at the end are no padding.
TEST(TokenTag, ATokenCutOrContinuedIsAnotherOne) {
  TokenTagger tagger(Sha256{1});
  std::set<TokenTag> tags;
  for (std::size_t size = 0; size < 300; ++size) tags.insert(tagger(std::string(size, '\0')));
  EXPECT_EQ(tags.size(), 300u);
}

TEST(TokenTag, EveryBitOfTheKeyMatters) {
  std::string token(1500, 't');
  std::set<TokenTag> tags;
  for (std::size_t bit = 0; bit < 256; ++bit) {
    Sha256 key{};
    key[bit / 8] = static_cast<std::uint8_t>(1 << bit % 8);
    tags.insert(TokenTagger(key)(token));
  }
  EXPECT_EQ(tags.size(), 256u);
}

TEST(TokenTag, ComparesAllSixteenBytes) {
  TokenTag a{};
  for (std::size_t i = 0; i < a.size(); ++i) {
    TokenTag b{};
    b[i] = 0x80;
    EXPECT_FALSE(same(a, b)) << i;
  }
  EXPECT_TRUE(same(a, TokenTag{}));
}

}  // namespace
}  // namespace sallyport::identity
