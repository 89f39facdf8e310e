#include "gateway/secret_watch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sallyport::gateway {
namespace {

const std::string kSecret = "sk-key-sk-keZ9-sk";  // begins anew inside itself

std::string pass(SecretWatch& watch, const std::vector<std::string>& chunks) {
  std::string out;
  for (const auto& chunk : chunks) {
    for (auto part : watch.feed(chunk)) out += part;
  }
  if (!watch.found()) out += watch.finish();
  return out;
}

std::vector<std::string> in_pieces(const std::string& text, std::size_t size) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size(); at += size) pieces.push_back(text.substr(at, size));
  return pieces;
}

TEST(SecretWatch, FindsTheSecretWhereverItIsCutAndLetsNoPartOfItBy) {
  const std::string before = "data: {\"text\":\"sk-key-sk-key-sk-";
  const std::string text = before + kSecret + "\"}\n\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    SecretWatch watch(kSecret);
    std::string out = pass(watch, in_pieces(text, size));
    EXPECT_TRUE(watch.found()) << size;
    EXPECT_TRUE(before.starts_with(out)) << size << ": " << out;
  }
  for (std::size_t one = 0; one <= text.size(); ++one) {
    for (std::size_t two = one; two <= text.size(); ++two) {
      SecretWatch watch(kSecret);
      std::string out =
          pass(watch, {text.substr(0, one), text.substr(one, two - one), text.substr(two)});
      EXPECT_TRUE(watch.found()) << one << ' ' << two;
      EXPECT_TRUE(before.starts_with(out)) << one << ' ' << two << ": " << out;
    }
  }
}

TEST(SecretWatch, PassesEverythingElseByteForByte) {
  for (const std::string& text :
       {std::string("sk-key-sk-keZ9-s"), std::string("sk-key-sk-keZ9-s\nk"), std::string("sssss"),
        std::string("sk-key-sk-key-sk-keZ9-s\xff and more\n\nsk-"), std::string("Z9-sk"),
        std::string(), std::string("a\0b", 3)}) {
    for (std::size_t size = 1; size <= text.size(); ++size) {
      SecretWatch watch(kSecret);
      EXPECT_EQ(pass(watch, in_pieces(text, size)), text) << size;
      EXPECT_FALSE(watch.found());
    }
  }
}

TEST(SecretWatch, SaysNothingMoreOnceItWasFound) {
  SecretWatch watch(kSecret);
  EXPECT_EQ(pass(watch, {"a", kSecret, "b"}), "a");
  EXPECT_TRUE(watch.found());
}

TEST(SecretWatch, OfOneCharacterOrNone) {
  SecretWatch one("x");
  EXPECT_EQ(pass(one, {"abc", "axc"}), "abc");
  EXPECT_TRUE(one.found());
  SecretWatch none("");
  EXPECT_EQ(pass(none, {"abc", "", "def"}), "abcdef");
  EXPECT_FALSE(none.found());
}

}  // namespace
}  // namespace sallyport::gateway
