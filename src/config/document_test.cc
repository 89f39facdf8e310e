#include "config/document.h"

#include <gtest/gtest.h>

namespace sallyport::config {
namespace {

std::string only_code(const Document& document) {
  if (document.findings.size() != 1) {
    return "(" + std::to_string(document.findings.size()) + " findings)";
  }
  return std::string(document.findings[0].code);
}

TEST(Document, KeepsValuesAndTheirPlaces) {
  auto document = parse_document("a: 1\nb:\n  - x\n  - {c: \"two\", d: }\n");
  ASSERT_TRUE(document.whole);
  ASSERT_EQ(document.root.members.size(), 2u);
  const auto& a = document.root.members[0];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.place, (Place{1, 1}));
  EXPECT_EQ(a.value.text, "1");
  EXPECT_EQ(a.value.place, (Place{1, 4}));
  EXPECT_FALSE(a.value.quoted);
  const auto& list = document.root.members[1].value;
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[0].place, (Place{3, 5}));
  const auto& inner = list.items[1];
  ASSERT_EQ(inner.members.size(), 2u);
  EXPECT_EQ(inner.members[0].value.text, "two");
  EXPECT_TRUE(inner.members[0].value.quoted);
  EXPECT_EQ(inner.members[1].value.kind, Node::Kind::kNothing);
}

TEST(Document, TakesWindowsLineEndsAndAByteOrderMark) {
  auto document = parse_document(
      "\xef\xbb\xbf"
      "a: 1\r\nb: two\r\n");
  ASSERT_TRUE(document.whole);
  EXPECT_EQ(document.root.members[0].value.text, "1");
  EXPECT_EQ(document.root.members[1].value.text, "two");
  EXPECT_EQ(document.root.members[1].place, (Place{2, 1}));
}

TEST(Document, ReportsEveryDuplicateKeyAndKeepsTheFirst) {
  auto document =
      parse_document("a: 1\nb: {c: 1, c: {d: 2}}\na:\n  - 3\nlist:\n  - {e: 1, e: 2}\n");
  ASSERT_TRUE(document.whole);
  ASSERT_EQ(document.findings.size(), 3u);
  EXPECT_EQ(document.findings[0].code, "config.duplicate_key");
  EXPECT_EQ(document.findings[0].key, "b.c");
  EXPECT_EQ(document.findings[0].place, (Place{2, 11}));
  EXPECT_EQ(document.findings[1].key, "a");
  EXPECT_EQ(document.findings[1].message, "the same key stands in line 1 already");
  EXPECT_EQ(document.findings[2].key, "list[0].e");
  EXPECT_EQ(document.root.members[0].value.text, "1");
}

TEST(Document, ADuplicateThatCouldBeASecretIsNotShown) {
  auto document = parse_document("c: {sk-ant-canary: , sk-ant-canary: }");
  ASSERT_EQ(document.findings.size(), 1u);
  EXPECT_EQ(text(document.findings[0]).find("canary"), std::string::npos);
}

TEST(Document, RefusesWhatAConfigurationDoesNotNeed) {
  struct Case {
    const char* yaml;
    const char* code;
    Place place;
  };
  const Case cases[] = {
      {"", "config.empty", {}},
      {"# nothing\n", "config.empty", {}},
      {"a: &x 1\nb: *x\n", "config.anchor", {1, 4}},
      {"a: *nowhere\n", "config.yaml", {1, 4}},
      {"a: !!str 1\n", "config.tag", {1, 4}},
      {"a: !secret x\n", "config.tag", {1, 4}},
      {"a: !!map {b: 1}\n", "config.tag", {1, 4}},
      {"a: 1\n---\nb: 2\n", "config.several_documents", {2, 1}},
      {"a: 1\n---\n", "config.several_documents", {2, 1}},
      {"? [a, b]\n: 1\n", "config.key_not_text", {1, 3}},
      {"? {a: b}\n: 1\n", "config.key_not_text", {1, 3}},
      {"~: 1\n", "config.key_not_text", {1, 1}},
      {"a:\n\tb: 1\n", "config.tab", {2, 1}},
      {"a:\n  \tb: 1\n", "config.tab", {2, 3}},
      {"a: \x01\n", "config.control_character", {1, 4}},
      {"a: b\rc: d\n", "config.control_character", {1, 5}},
      {"a: 1\nb: \xff\n", "config.not_utf8", {2, 1}},
      {"a: [1, 2\nb: 3\n", "config.yaml", {}},
      {"a: {b: 1\n", "config.yaml", {}},
      {"a: \"open\n", "config.yaml", {}},
      {"a: \"\\q\"\n", "config.yaml", {}},
      {"a: b: c\n", "config.yaml", {1, 5}},
      {"a: 1\n  b: 2\n", "config.yaml", {}},
      {"a: @x\n", "config.yaml", {1, 4}},
      {"a: ]\n", "config.yaml", {}},
      {"%FOO\n", "config.empty", {}},
  };
  for (const auto& c : cases) {
    auto document = parse_document(c.yaml);
    EXPECT_FALSE(document.whole) << c.yaml;
    EXPECT_EQ(only_code(document), c.code) << c.yaml;
    if (c.place.line > 0 && !document.findings.empty()) {
      EXPECT_EQ(document.findings[0].place.line, c.place.line) << c.yaml;
      EXPECT_EQ(document.findings[0].place.column, c.place.column) << c.yaml;
    }
  }
}

TEST(Document, AFileThatWasCutOffInAQuoteIsNotWhole) {
  EXPECT_TRUE(parse_document("a: \"x \\\" y\"\nb: 'it''s'\nc: '\xc3\xbc'\nd: \"'\"\n").whole);
  for (const char* yaml : {"a: \"x", "a: 'x", "a: 'x''", "a: \"x\\\"",
                           "\xef\xbb\xbf"
                           "a: \xc3\xbc\nb: 'x",
                           "a: {b: \"x"}) {
    auto document = parse_document(yaml);
    EXPECT_FALSE(document.whole) << yaml;
    EXPECT_EQ(only_code(document), "config.yaml") << yaml;
  }
}

TEST(Document, RefusesABlankNulByte) {
  using namespace std::string_view_literals;
  EXPECT_EQ(only_code(parse_document("a: b\0c\n"sv)), "config.control_character");
}

TEST(Document, AliasesThatMultiplyAreNotFollowed) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += std::string(i ? ", *" : "*") + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  EXPECT_EQ(only_code(parse_document(bomb)), "config.anchor");
}

TEST(Document, IsBoundedInDepth) {
  auto nested = [](int depth) {
    return "a: " + std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']') + "\n";
  };
  EXPECT_TRUE(parse_document(nested(kMaxDepth - 1)).whole);
  EXPECT_EQ(only_code(parse_document(nested(kMaxDepth))), "config.too_deep");
  EXPECT_FALSE(parse_document(std::string(200'000, '[')).whole);
}

TEST(Document, IsBoundedInSizeAndValues) {
  EXPECT_EQ(only_code(parse_document("a: " + std::string(1 << 20, 'x'))), "config.too_large");
  std::string many = "a: [";
  for (std::size_t i = 0; i < kMaxValues; ++i) many += "1,";
  EXPECT_EQ(only_code(parse_document(many + "]\n")), "config.too_large");
}

TEST(Document, MessagesQuoteNothingOfTheFile) {
  for (const char* yaml :
       {"key: *sk-ant-canary\n", "key: &sk-ant-canary x\n", "key: !sk-ant-canary x\n",
        "key: \"\\canary\"\n", "key: sk: canary\n", "key: [canary\n", "%canary x\n"}) {
    for (const auto& finding : parse_document(yaml).findings) {
      EXPECT_EQ(text(finding).find("canary"), std::string::npos) << yaml;
    }
  }
}

}  // namespace
}  // namespace sallyport::config
