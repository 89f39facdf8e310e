#include "admin/api/input.h"

#include <gtest/gtest.h>

namespace sallyport::admin {
namespace {

constexpr Field kFields[] = {
    {"kind", FieldType::kText, Need::kRequired, "What.", {}, "user|token"},
    {"targets", FieldType::kTexts, Need::kOptional, "Whom."},
    {"until", FieldType::kTime, Need::kOptional, "When."},
    {"limit", FieldType::kNumber, Need::kOptional, "How many."},
    {"dry_run", FieldType::kBoolean, Need::kOptional, "Whether."},
};
constexpr Field kQuery[] = {
    {"kind", FieldType::kText, Need::kOptional, "What.", {}, "user|token"},
    {"until", FieldType::kTime, Need::kOptional, "When."},
    {"limit", FieldType::kNumber, Need::kOptional, "How many."},
    {"dry_run", FieldType::kBoolean, Need::kOptional, "Whether."},
};

TEST(Body, IsReadByItsFields) {
  auto body = read_body(kFields, R"({"kind":"user","targets":["a","\u00e9"],"limit":7,)"
                                 R"("until":"2026-11-22T08:00:00Z","dry_run":true})");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->text("kind"), "user");
  EXPECT_EQ(body->texts("targets"), (std::vector<std::string>{"a", "\u00e9"}));
  EXPECT_EQ(body->number("limit"), 7);
  EXPECT_EQ(format_time(*body->time("until")), "2026-11-22T08:00:00.000000Z");
  EXPECT_TRUE(body->flag("dry_run"));
}

TEST(Body, WhatIsLeftOutIsEmpty) {
  auto body = read_body(kFields, R"({"kind":"user"})");
  ASSERT_TRUE(body);
  EXPECT_TRUE(body->texts("targets").empty());
  EXPECT_FALSE(body->time("until"));
  EXPECT_FALSE(body->number("limit"));
  EXPECT_FALSE(body->flag("dry_run"));
}

struct Wrong {
  std::string json;
  std::string pointer;
  std::string in_next_step;
};

TEST(Body, NamesThePlaceAndTheRightThing) {
  const Wrong cases[] = {
      {R"({"kind":"user","target":["a"]})", "/target", "targets"},
      {R"({"kind":"users"})", "/kind", "user, token"},
      {R"({"kind":7})", "/kind", "a text"},
      {R"({"kind":"user","targets":"a"})", "/targets", "a list of texts"},
      {R"({"kind":"user","targets":["a",7]})", "/targets/1", "a list of texts"},
      {R"({"kind":"user","until":"tomorrow"})", "/until", "2026-11-22T08:00:00Z"},
      {R"({"kind":"user","limit":-1})", "/limit", "a whole number"},
      {R"({"kind":"user","dry_run":"yes"})", "/dry_run", "true or false"},
      {R"({"targets":["a"]})", "/kind", "What."},
      {R"({"kind":"user","kind":"token"})", "", "one JSON object"},
      {R"(["kind"])", "", "one JSON object"},
      {"", "", "one JSON object"},
      {R"({"kind":"user","targets":["a\u0007"]})", "/targets/0", "without them"},
  };
  for (const auto& wrong : cases) {
    auto body = read_body(kFields, wrong.json);
    ASSERT_FALSE(body) << wrong.json;
    EXPECT_EQ(body.error().status, 400);
    EXPECT_EQ(body.error().error.code, "api.body");
    EXPECT_EQ(body.error().pointer, wrong.pointer) << wrong.json;
    EXPECT_NE(body.error().error.next_step.find(wrong.in_next_step), std::string::npos)
        << body.error().error.next_step;
  }
}

TEST(Body, HasBounds) {
  EXPECT_FALSE(read_body(
      kFields, R"({"kind":"user","targets":[")" + std::string(kMaxText + 1, 'a') + "\"]}"));
  std::string many = R"({"kind":"user","targets":[)";
  for (std::size_t i = 0; i <= kMaxListLength; ++i) many += i == 0 ? "\"a\"" : ",\"a\"";
  auto body = read_body(kFields, many + "]}");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().pointer, "/targets/1000");
}

TEST(Query, IsReadByItsFields) {
  auto query = read_query(kQuery, "kind=token&limit=3&dry_run=true&until=2026-11-22T08%3A00%3A00Z");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->text("kind"), "token");
  EXPECT_EQ(query->number("limit"), 3);
  EXPECT_TRUE(query->flag("dry_run"));
  EXPECT_TRUE(query->time("until"));
  EXPECT_TRUE(read_query(kQuery, ""));
}

TEST(Query, NamesThePlaceAndTheRightThing) {
  const Wrong cases[] = {
      {"kinds=user", "?kinds", "kind"},
      {"kind=all", "?kind", "user, token"},
      {"limit=x", "?limit", "digits"},
      {"dry_run=1", "?dry_run", "true or false"},
      {"kind=user&kind=user", "?kind", "once"},
      {"kind=%ff", "?kind", "UTF-8"},
      {"kind=%4", "?kind", "UTF-8"},
  };
  for (const auto& wrong : cases) {
    auto query = read_query(kQuery, wrong.json);
    ASSERT_FALSE(query) << wrong.json;
    EXPECT_EQ(query.error().error.code, "api.query");
    EXPECT_EQ(query.error().pointer, wrong.pointer) << wrong.json;
    EXPECT_NE(query.error().error.next_step.find(wrong.in_next_step), std::string::npos)
        << query.error().error.next_step;
  }
}

TEST(Time, HasAFractionOrNone) {
  EXPECT_TRUE(read_time("2026-11-22T08:00:00Z"));
  EXPECT_TRUE(read_time("2026-11-22T08:00:00.5Z"));
  EXPECT_TRUE(read_time("2026-11-22T08:00:00.123456Z"));
  for (std::string_view wrong : {"2026-11-22T08:00:00", "2026-11-22", "2026-11-22T08:00:00.Z",
                                 "2026-11-22T08:00:00.1234567Z", "2026-13-22T08:00:00Z", ""}) {
    EXPECT_FALSE(read_time(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace sallyport::admin
