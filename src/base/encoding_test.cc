#include "base/encoding.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Base64Url, GivesEveryLengthBack) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    const std::string text = to_base64url(bytes);
    EXPECT_EQ(from_base64url(text), bytes) << text;
    bytes.push_back(static_cast<char>(i * 37 + 200));
  }
}

TEST(Base64Url, RefusesAForeignCharacterInEveryPlace) {
  for (std::size_t size : {2U, 3U, 4U, 6U, 7U, 8U, 40U, 43U}) {
    const std::string good(size, 'A');
    ASSERT_TRUE(from_base64url(good));
    for (std::size_t at = 0; at < size; ++at) {
      for (char foreign : {'+', '/', '=', ' ', '\n', '\0', '\x80', '\xff'}) {
        std::string bad = good;
        bad[at] = foreign;
        EXPECT_FALSE(from_base64url(bad)) << size << " " << at << " " << int{foreign};
      }
    }
  }
}

TEST(Base64Url, RefusesBitsThatNobodyReads) {
  EXPECT_TRUE(from_base64url("QUJDRA"));
  EXPECT_FALSE(from_base64url("QUJDRB"));
  EXPECT_TRUE(from_base64url("QUJDREU"));
  EXPECT_FALSE(from_base64url("QUJDREV"));
  EXPECT_FALSE(from_base64url("QUJDR"));
}

TEST(Utf8, SeesAWrongByteInEveryPlaceOfALongText) {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'a');
    text[at] = '\x80';
    EXPECT_FALSE(is_utf8(text)) << at;
    text.replace(at, 1, "\xe2\x82\xac");
    EXPECT_TRUE(is_utf8(text)) << at;
    text.resize(at + 2);  // cut inside the character
    EXPECT_FALSE(is_utf8(text)) << at;
  }
}

}  // namespace
}  // namespace sallyport
