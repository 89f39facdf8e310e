#include "base/json_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sallyport {
namespace {

bool valid(std::string_view text) {
  JsonReader json(text);
  return json.skip() && json.finish();
}

TEST(JsonReader, AcceptsEveryKindOfValue) {
  for (const std::string_view text :
       {"null", " true ", "false", "0", "-0", "12", "-3.25", "1e9", "1E-9", "2.5e+10", "\"\"", "[]",
        "{}", "[ ]", "{ }", "[1,[2,{\"a\":[]}],\"x\"]", "{\"a\":{\"b\":{}},\"c\":[{}]}",
        "\t\n\r {\"a\" : 1 , \"b\" : [ 1 , 2 ] }\n",
        "\"\\u0000\\ud800\\\"\\\\\\/\\b\\f\\n\\r\\t\""}) {
    EXPECT_TRUE(valid(text)) << text;
  }
}

TEST(JsonReader, RefusesWhatRfc8259DoesNotKnow) {
  for (const std::string_view text : {"",
                                      " ",
                                      "nul",
                                      "True",
                                      "nullx",
                                      "01",
                                      "-",
                                      "+1",
                                      ".5",
                                      "1.",
                                      "1e",
                                      "1e+",
                                      "0x10",
                                      "NaN",
                                      "Infinity",
                                      "'a'",
                                      "\"",
                                      "\"\\",
                                      "\"\\x41\"",
                                      "\"\\u12\"",
                                      "\"\\u12g4\"",
                                      "\"a\tb\"",
                                      "\"a\nb\"",
                                      "[",
                                      "]",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "{",
                                      "}",
                                      "{\"a\"",
                                      "{\"a\":",
                                      "{\"a\":1",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{a:1}",
                                      "{1:1}",
                                      "{\"a\" 1}",
                                      "{\"a\":1 \"b\":2}",
                                      "{\"a\"::1}",
                                      "[1}",
                                      "{\"a\":1]",
                                      "1 2",
                                      "{}{}",
                                      "/**/1",
                                      "[1]//",
                                      "\xef\xbb\xbf{}",
                                      "\v1",
                                      "{\"a\":}",
                                      "[\"a\":1]"}) {
    EXPECT_FALSE(valid(text)) << text;
  }
  EXPECT_FALSE(valid(std::string_view("1\0", 2)));
  EXPECT_FALSE(valid(std::string_view("\"a\0b\"", 5)));
}

TEST(JsonReader, FindsTheEndOfATextWhereverTheSpecialByteStands) {
  for (std::size_t size = 0; size < 400; ++size) {
    const std::string plain(size, 'x');
    EXPECT_TRUE(valid("\"" + plain + "\"")) << size;
    EXPECT_TRUE(valid("\"" + plain + "\\n" + plain + "\"")) << size;
    EXPECT_TRUE(valid("\"" + plain + "\\\"" + plain + "\"")) << size;
    EXPECT_TRUE(valid("\"" + plain + "\xff\x80\x7f" + plain + "\"")) << size;
    EXPECT_FALSE(valid("\"" + plain + "\x1f" + plain + "\"")) << size;
    EXPECT_FALSE(valid("\"" + plain + "\\q" + plain + "\"")) << size;
    EXPECT_FALSE(valid("\"" + plain)) << size;
    EXPECT_FALSE(valid("\"" + plain + "\\\"")) << size;
    EXPECT_FALSE(valid("\"" + plain + "\\u00")) << size;
  }
}

// A reader that overlooked one would let a body pass unchecked.
TEST(JsonReader, NotesAByteBeyondAsciiWhereverItStands) {
  for (std::size_t size = 1; size < 400; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'x');
      if (size % 3 == 0 && at > 1) text.replace(at / 2, 2, "\\n");
      JsonReader plain(text.insert(0, "\"") += "\"");
      ASSERT_TRUE(plain.skip() && plain.finish() && !plain.beyond_ascii());
      text[at + 1] = '\x80';
      if (text[at] == '\\') continue;  // that would be a wrong escape
      JsonReader json(text);
      ASSERT_TRUE(json.skip() && json.finish()) << text;
      ASSERT_TRUE(json.beyond_ascii()) << size << " " << at;
    }
  }
  JsonReader key("{\"\xc3\xa4\":1}");
  EXPECT_TRUE(key.skip() && key.finish() && key.beyond_ascii());
}

TEST(JsonReader, RefusesTheLevelAfterTheLast) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  EXPECT_TRUE(valid(nested(JsonReader::kMaxDepth)));
  const std::string deep = nested(JsonReader::kMaxDepth + 1);
  JsonReader json(deep);
  EXPECT_FALSE(json.skip());
  EXPECT_TRUE(json.too_deep());
}

TEST(JsonReader, ReadsMembersWithTheirOffsets) {
  const std::string_view text =
      R"( {"a": 1, "model" : "x\"y", "list":[true, {"q":0}, "z"], "n":null} )";
  JsonReader json(text);
  JsonText key;
  JsonText value;
  std::string_view number;
  std::vector<std::string> seen;
  ASSERT_TRUE(json.begin_object());
  while (json.next_member(key)) {
    seen.push_back(key.decode());
    if (key.is("a")) {
      EXPECT_EQ(json.peek(), JsonKind::kNumber);
      EXPECT_TRUE(json.number(number));
    } else if (key.is("model")) {
      ASSERT_TRUE(json.text(value));
    } else if (key.is("list")) {
      ASSERT_TRUE(json.begin_array());
      int elements = 0;
      for (; json.next_element(); ++elements) EXPECT_TRUE(json.skip());
      EXPECT_EQ(elements, 3);
    } else {
      EXPECT_TRUE(json.skip());
    }
  }
  EXPECT_TRUE(json.finish());
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "model", "list", "n"}));
  EXPECT_EQ(number, "1");
  EXPECT_EQ(value.decode(), "x\"y");
  EXPECT_EQ(text.substr(value.offset, value.raw.size() + 2), R"("x\"y")");
}

TEST(JsonReader, StaysFailedAfterTheFirstFault) {
  JsonReader json(R"({"a":tru, "b":1})");
  JsonText key;
  ASSERT_TRUE(json.begin_object());
  ASSERT_TRUE(json.next_member(key));
  EXPECT_FALSE(json.skip());
  EXPECT_TRUE(json.failed());
  EXPECT_FALSE(json.next_member(key));
  EXPECT_FALSE(json.skip());
  EXPECT_FALSE(json.begin_array());
  EXPECT_EQ(json.peek(), JsonKind::kNone);
  EXPECT_FALSE(json.finish());
}

JsonText text_in(std::string_view document) {
  JsonReader json(document);
  JsonText text;
  EXPECT_TRUE(json.text(text)) << document;
  return text;
}

TEST(JsonText, ComparesAndDecodesWhatTheEscapesMean) {
  EXPECT_TRUE(text_in(R"("model")").is("model"));
  EXPECT_TRUE(text_in(R"("mod\u0065l")").is("model"));
  EXPECT_TRUE(text_in(R"("\u006D\u006f\u0064\u0065\u006C")").is("model"));
  EXPECT_FALSE(text_in(R"("mod\u0065")").is("model"));
  EXPECT_FALSE(text_in(R"("mod\u0065l\u0000")").is("model"));
  EXPECT_FALSE(text_in(R"("\ud800")").is("model"));
  EXPECT_EQ(text_in(R"("a\b\f\n\r\t\/\\\"z")").decode(), "a\b\f\n\r\t/\\\"z");
  EXPECT_EQ(text_in(R"("\u00e4\u20AC\ud83d\uDE00")").decode(),
            "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(text_in(R"("\ud83dx\ude00\ud83d\n")").decode(),
            "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\n");
}

TEST(JsonText, CountsCodePointsOfTheDecodedText) {
  EXPECT_EQ(text_in(R"("")").characters(), 0U);
  EXPECT_EQ(text_in(R"("abc")").characters(), 3U);
  EXPECT_EQ(text_in("\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"").characters(), 3U);
  EXPECT_EQ(text_in(R"("\u00e4\u20AC\ud83d\uDE00")").characters(), 3U);
  EXPECT_EQ(text_in(R"("{\"a\": \"b\\n\"}")").characters(), 12U);
  EXPECT_EQ(text_in(R"("\ud83d\ud83d\ude00")").characters(), 2U);
}

TEST(JsonReader, KnowsWholeNumbers) {
  EXPECT_EQ(whole_number("0"), 0U);
  EXPECT_EQ(whole_number("9223372036854775807"), 9223372036854775807U);
  EXPECT_FALSE(whole_number("9223372036854775808"));
  EXPECT_FALSE(whole_number("-1"));
  EXPECT_FALSE(whole_number("-0"));
  EXPECT_FALSE(whole_number("1.0"));
  EXPECT_FALSE(whole_number("1e3"));
  EXPECT_FALSE(whole_number(""));
}

// Texts are looked at 16, 64 and 128 bytes at a time: what decides, its neighbours and what shares
// half of its bits, in every place of texts around these sizes.
TEST(JsonReader, KnowsWhatATextMayHoldWhereverItStands) {
  const std::string behind(40, ' ');
  for (std::size_t size : {1U, 15U, 16U, 17U, 81U, 210U}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte : {0x00, 0x01, 0x0a, 0x10, 0x12, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x2c,
                       0x32, 0x5b, 0x5c, 0x5d, 0x6c, 0x7f, 0x80, 0xa2, 0xdc, 0xff}) {
        std::string text(size, 't');
        text[at] = static_cast<char>(byte);
        const std::string whole = '"' + text + '"' + behind;
        JsonReader json(whole);
        JsonText read;
        const bool good = json.text(read);
        const bool escape = byte == '\\';  // of `t`, or of the quote behind it
        const bool ends = escape && at + 1 == size;
        ASSERT_EQ(good, byte >= 0x20 && !ends) << size << " " << at << " " << byte;
        if (!good) continue;
        EXPECT_EQ(read.raw, byte == '"' ? text.substr(0, at) : text);
        EXPECT_EQ(read.escaped, escape);
        EXPECT_EQ(json.beyond_ascii(), byte >= 0x80);
      }
    }
  }
}

TEST(JsonReader, ReadsWholeNumbersUpToTheLargest) {
  EXPECT_EQ(whole_number("0"), 0U);
  EXPECT_EQ(whole_number("123456789012345678"), 123456789012345678U);
  EXPECT_EQ(whole_number("1234567890123456789"), 1234567890123456789U);
  EXPECT_EQ(whole_number("9223372036854775807"), 9223372036854775807U);
  for (const std::string_view none :
       {"", "-1", "-0", "1.5", "1e3", "1.0", "9223372036854775808", "99999999999999999999", "x"}) {
    EXPECT_EQ(whole_number(none), std::nullopt) << none;
  }
}

}  // namespace
}  // namespace sallyport
