#include "base/json_writer.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

std::string written(std::string_view text) {
  std::string out = "x";
  append_json_text(out, text);
  return out.substr(1);
}

TEST(JsonText, EscapesASpecialCharacterInEveryPlace) {
  struct Case {
    std::string_view raw, escaped;
  };
  for (const Case& one :
       {Case{"\"", "\\\""}, Case{"\\", "\\\\"}, Case{"\n", "\\n"}, Case{"\x1f", "\\u001f"},
        Case{std::string_view("\0", 1), "\\u0000"}, Case{"\x7f", "\\u007f"},
        Case{"\x80", "\\ufffd"}, Case{"\xe2\x82\xac", "\xe2\x82\xac"},
        Case{"\xe2\x82", "\\ufffd\\ufffd"}}) {
    for (std::size_t before = 0; before < 20; ++before) {
      const std::string front(before, ' ');
      const std::string back(20 - before, '~');
      EXPECT_EQ(written(front + std::string(one.raw) + back),
                '"' + front + std::string(one.escaped) + back + '"');
    }
  }
}

TEST(JsonText, KeepsEveryPlainCharacter) {
  std::string plain;
  for (char c = ' '; c < '\x7f'; ++c) {
    if (c != '"' && c != '\\') plain.push_back(c);
  }
  EXPECT_EQ(written(plain), '"' + plain + '"');
  EXPECT_EQ(written(""), "\"\"");
}

TEST(JsonWriter, SeparatesMembersAndElements) {
  std::string out;
  JsonWriter json(out);
  json.begin().text("a", "b").number("n", -7).array("l").item("x").item("y").end_array();
  json.object("o").boolean("t", true).null("z").end().end();
  EXPECT_EQ(out, R"({"a":"b","n":-7,"l":["x","y"],"o":{"t":true,"z":null}})");
}

}  // namespace
}  // namespace sallyport
