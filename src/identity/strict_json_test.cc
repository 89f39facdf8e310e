#include "identity/strict_json.h"

#include <gtest/gtest.h>

namespace sallyport::identity {
namespace {

JsonFault fault_of(std::string_view text, const JsonLimits& limits = kTokenJson) {
  auto parsed = StrictJson::parse(text, limits);
  EXPECT_FALSE(parsed.has_value()) << text;
  return parsed ? JsonFault::kSyntax : parsed.error();
}

TEST(StrictJson, ReadsEveryKindOfValue) {
  auto json = StrictJson::parse(
      R"( {"t":"a\u0062\ud83d\ude00\n","n":-12,"f":1.5e2,"b":true,"z":null,"a":[1,[],{}],"o":{"x":"y"}} )",
      kTokenJson);
  ASSERT_TRUE(json);
  JsonView root = json->root();
  EXPECT_EQ(root.member("t")->text(), "ab\xF0\x9F\x98\x80\n");
  EXPECT_EQ(root.member("n")->whole_number(), -12);
  EXPECT_EQ(root.member("f")->whole_number(), 150);
  EXPECT_TRUE(root.member("b")->is_true());
  EXPECT_EQ(root.member("z")->kind(), JsonKind::kNull);
  EXPECT_EQ(root.member("o")->member("x")->text(), "y");
  EXPECT_FALSE(root.member("missing"));
  EXPECT_FALSE(root.member("t")->member("x"));
  std::size_t elements = 0;
  JsonView list = *root.member("a");
  for (JsonView item : list) elements += item.is_array() || item.is_object() ? 10 : 1;
  EXPECT_EQ(elements, 21u);
}

TEST(StrictJson, ViewsSurviveTheMoveOfTheirDocument) {
  auto first = StrictJson::parse(R"({"na\u006de":"val\u0075e"})", kTokenJson);
  ASSERT_TRUE(first);
  StrictJson moved = *std::move(first);
  EXPECT_EQ(moved.root().member("name")->text(), "value");
}

TEST(StrictJson, RefusesDuplicatesHoweverTheyAreSpelled) {
  EXPECT_EQ(fault_of(R"({"a":1,"a":2})"), JsonFault::kDuplicate);
  EXPECT_EQ(fault_of(R"({"a":1,"\u0061":2})"), JsonFault::kDuplicate);
  EXPECT_EQ(fault_of(R"([{"a":{"b":1,"c":[],"b":1}}])"), JsonFault::kDuplicate);
  EXPECT_TRUE(StrictJson::parse(R"({"a":{"a":1},"b":{"a":1}})", kTokenJson));
}

TEST(StrictJson, RefusesWhatIsNoUnicodeText) {
  EXPECT_EQ(fault_of("{\"a\":\"\xc0\x80\"}"), JsonFault::kEncoding);
  EXPECT_EQ(fault_of("{\"a\":\"\xed\xa0\x80\"}"), JsonFault::kEncoding);
  EXPECT_EQ(fault_of(R"({"a":"\ud800"})"), JsonFault::kEncoding);
  EXPECT_EQ(fault_of(R"({"a":"\ud800x"})"), JsonFault::kEncoding);
  EXPECT_EQ(fault_of(R"({"a":"\ud800\n"})"), JsonFault::kEncoding);
  EXPECT_EQ(fault_of(R"({"a":"\ud800\ud800"})"), JsonFault::kEncoding);
  EXPECT_EQ(fault_of(R"({"a":"\udc00"})"), JsonFault::kEncoding);
  EXPECT_EQ(fault_of(R"({"a\u0000":1})"), JsonFault::kEncoding);
  EXPECT_TRUE(StrictJson::parse(R"({"a":"\\u0000"})", kTokenJson));
}

TEST(StrictJson, RefusesWhatTheGrammarDoesNotHave) {
  for (std::string_view text : {"",
                                " ",
                                "{",
                                "}",
                                "[1,]",
                                "{\"a\"}",
                                "{\"a\":1,}",
                                "{a:1}",
                                "tru",
                                "01",
                                "1.",
                                ".5",
                                "+1",
                                "1e",
                                "\"\x01\"",
                                "\"\\x\"",
                                "\"\\u12g4\"",
                                "[1 2]",
                                "{} {}",
                                "[,1]",
                                "nul",
                                "-",
                                "\xef\xbb\xbf{}"}) {
    EXPECT_EQ(fault_of(text), JsonFault::kSyntax) << text;
  }
}

TEST(StrictJson, IsBoundedInEveryDirection) {
  constexpr JsonLimits kSmall{.bytes = 40, .depth = 3, .nodes = 6, .members = 3};
  EXPECT_EQ(fault_of(std::string(41, ' '), kSmall), JsonFault::kTooLarge);
  EXPECT_EQ(fault_of("[[[[]]]]", kSmall), JsonFault::kTooDeep);
  EXPECT_TRUE(StrictJson::parse("[[[1]]]", kSmall));
  EXPECT_EQ(fault_of("[1,2,3,4,5,6]", kSmall), JsonFault::kTooLarge);
  EXPECT_EQ(fault_of(R"({"a":1,"b":1,"c":1,"d":1})", kSmall), JsonFault::kTooLarge);
}

TEST(StrictJson, ReadsWholeNumbersOnlyWhereTheyAreExact) {
  auto number = [](std::string_view text) {
    auto json = StrictJson::parse(text, kTokenJson);
    return json->root().whole_number();
  };
  EXPECT_EQ(number("1795222800"), 1795222800);
  EXPECT_EQ(number("1795222800.999"), 1795222800);
  EXPECT_EQ(number("-0.5"), -1);
  EXPECT_EQ(number("9007199254740992"), 9007199254740992);
  EXPECT_EQ(number("9007199254740993"), std::nullopt);
  EXPECT_EQ(number("1e400"), std::nullopt);
  EXPECT_EQ(number("99999999999999999999"), std::nullopt);
  EXPECT_EQ(number("\"1\""), std::nullopt);
}

}  // namespace
}  // namespace sallyport::identity
