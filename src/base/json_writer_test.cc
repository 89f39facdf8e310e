#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

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

// What is copied in blocks of several sizes, with a special character in every place of each.
TEST(JsonWriter, WritesTextsOfEveryLength) {
  for (std::size_t size = 0; size < 80; ++size) {
    std::string value;
    for (std::size_t i = 0; i < size; ++i) value.push_back(static_cast<char>('a' + i % 26));
    const std::string key = value.substr(0, size / 2);
    std::string out = "{";
    JsonWriter(out).text(key, value).raw(key, value);
    EXPECT_EQ(out, "{\"" + key + "\":\"" + value + "\",\"" + key + "\":" + value);
    for (std::size_t at = 0; at < size; ++at) {
      for (char special : {'"', '\x1f', '\x7f', '\x80'}) {
        std::string bad = value;
        bad[at] = special;
        std::string expected = "{\"k\":\"" + value.substr(0, at) +
                               (special == '"'      ? "\\\""
                                : special == '\x1f' ? "\\u001f"
                                : special == '\x7f' ? "\\u007f"
                                                    : "\\ufffd") +
                               value.substr(at + 1) + "\"";
        out = "{";
        JsonWriter(out).text("k", bad);
        ASSERT_EQ(out, expected) << size << " " << at;
      }
    }
  }
}

TEST(JsonWriter, WritesTheLongestNumbers) {
  std::string out;
  JsonWriter json(out);
  json.begin().number("a", std::numeric_limits<std::int64_t>::min());
  json.number("b", std::numeric_limits<std::int64_t>::max()).number("c", 0).end();
  EXPECT_EQ(out, R"({"a":-9223372036854775808,"b":9223372036854775807,"c":0})");
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
