#include "http/field.h"

#include <gtest/gtest.h>

#include "http/name_list.h"

namespace sallyport::http {
namespace {

char lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// Names of every length, since words of eight and of four letters and single ones are compared.
TEST(Field, ComparesEveryCharacterOfANameWithoutRegardToCase) {
  const std::string alphabet = "x-the_quick1brown2fox~jumps.over!the0lazy9dog";
  for (std::size_t size = 1; size <= alphabet.size(); ++size) {
    const std::string lower = alphabet.substr(0, size);
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string name = lower;
        name[at] = static_cast<char>(byte);
        ASSERT_EQ(name_is(name, lower), lowered(name[at]) == lower[at]) << name << " " << lower;
      }
    }
    EXPECT_FALSE(name_is(lower.substr(1), lower));
    EXPECT_FALSE(name_is(lower + "x", lower));
  }
  EXPECT_TRUE(name_is("", ""));
  EXPECT_TRUE(name_is("\xe4\xff", "\xe4\xff"));
  EXPECT_FALSE(name_is("\xc4\xff", "\xe4\xff"));
  static_assert(name_is("Content-Length", "content-length") && !name_is("a", "b"));
}

TEST(Field, FindsANameInAListByItsLengthFirst) {
  constexpr NameList kList({"te", "via", "host", "a-name-of-thirty-one-characters", "dnt"});
  for (std::string_view name :
       {"te", "TE", "via", "Host", "DNT", "A-Name-Of-Thirty-One-Characters"}) {
    EXPECT_TRUE(kList.contains(name)) << name;
  }
  for (std::string_view name :
       {"", "t", "tee", "vib", "hos", "hosts", "xost", "dns", "a-name-of-thirty-one-characterz",
        "a-name-of-thirty-two-characters!", "X"}) {
    EXPECT_FALSE(kList.contains(name)) << name;
  }
}

TEST(Field, IsWrittenWithItsLineEnd) {
  std::string out = "a: b\r\n";
  append_field(out, "name", "value");
  append_field(out, "empty", {});
  EXPECT_EQ(out, "a: b\r\nname: value\r\nempty: \r\n");
}

}  // namespace
}  // namespace sallyport::http
