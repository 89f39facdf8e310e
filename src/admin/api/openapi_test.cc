#include "admin/api/openapi.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "admin/api/api.h"
#include "admin/api/indent_json.h"
#include "admin/api/page_text.h"
#include "admin/api/schemas.h"

namespace sallyport::admin {
namespace {

namespace json = boost::json;

ApiResult nothing(const ApiRequest& /*request*/, Backends& /*backends*/) {
  return ApiAnswer();
}
std::string version(const ApiRequest& /*request*/, Backends& /*backends*/) {
  return "1";
}

constexpr Field kPart[] = {
    {"name", FieldType::kText, Need::kRequired, "Its \"name\".", {}, "red|green"},
    {"at", FieldType::kTime, Need::kOptional, "When."},
};
constexpr Field kAnswer[] = {
    {"gates", FieldType::kObjects, Need::kRequired, "All.", kPart},
    {"first", FieldType::kObject, Need::kOptional, "The first.", kPart},
    {"more", FieldType::kObject, Need::kOptional, "Anything."},
};
constexpr Field kOtherPart[] = {{"count", FieldType::kNumber, Need::kOptional, "How many."}};
constexpr Field kOtherAnswer[] = {
    {"gates", FieldType::kObjects, Need::kRequired, "Others of this name.", kOtherPart}};
constexpr Field kBody[] = {
    {"names", FieldType::kTexts, Need::kRequired, "Which."},
    {"hard", FieldType::kBoolean, Need::kOptional, "How."},
};
constexpr Field kQuery[] = {{"limit", FieldType::kNumber, Need::kOptional, "At most."}};

constexpr ApiRoute kTable[] = {
    {"GET",
     "/gates",
     Roles::any_caller(),
     Effect::kReads,
     nothing,
     "All gates.",
     {.query = kQuery, .answer = kAnswer}},
    {"GET",
     "/gates/{id}",
     kEveryRole,
     Effect::kReads,
     nothing,
     "One gate.",
     {.answer = kOtherAnswer}},
    {"POST",
     "/gates/{id}/shut-off",
     {Role::kOperator, Role::kAdministrator},
     Effect::kWrites,
     nothing,
     "Shuts it.",
     {.body = kBody, .answer = kAnswer, .version = version, .answer_status = 202}},
};

json::value document_of(std::span<const ApiRoute> table) {
  return json::parse(openapi_json(table, "1.2.3"));
}

std::string pointer_to(const ApiRoute& route) {
  std::string pointer = "/paths/";
  for (char c : route.pattern) pointer += c == '/' ? std::string("~1") : std::string(1, c);
  pointer += '/';
  for (char c : route.method) pointer += static_cast<char>(std::tolower(c));
  return pointer;
}

std::set<std::string> keys_of(const json::value& object) {
  std::set<std::string> keys;
  for (const auto& member : object.as_object()) keys.insert(std::string(member.key()));
  return keys;
}

// Every `$ref` below a value.
void collect_references(const json::value& value, std::set<std::string>& found) {
  if (value.is_array()) {
    for (const auto& element : value.as_array()) collect_references(element, found);
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.as_object()) {
    if (key == "$ref") found.insert(std::string(member.as_string()));
    collect_references(member, found);
  }
}

TEST(OpenApi, HasEveryRouteOfTheTableWithItsRoles) {
  auto document = document_of(api_routes());
  EXPECT_EQ(document.at("openapi").as_string(), "3.1.0");
  EXPECT_EQ(document.at_pointer("/info/version").as_string(), "1.2.3");
  std::set<std::string> ids;
  for (const auto& route : api_routes()) {
    const auto& operation = document.at_pointer(pointer_to(route));
    EXPECT_TRUE(ids.insert(operation_id(route)).second) << operation_id(route) << " twice";
    EXPECT_EQ(operation.at("operationId").as_string(), operation_id(route));
    std::string roles;
    for (const auto& role : operation.at("x-roles").as_array()) {
      roles += roles.empty() ? "" : ", ";
      roles += std::string_view(role.as_string());
    }
    EXPECT_EQ(roles, route.roles.is_any_caller() ? "" : route.roles.text()) << route.pattern;
  }
}

TEST(OpenApi, EachReferencePointsAtSomething) {
  for (std::span<const ApiRoute> table : {api_routes(), std::span<const ApiRoute>(kTable)}) {
    auto document = document_of(table);
    std::set<std::string> references;
    collect_references(document, references);
    EXPECT_GT(references.size(), 10u);
    for (const auto& reference : references) {
      ASSERT_TRUE(reference.starts_with("#/")) << reference;
      boost::system::error_code error;
      EXPECT_NE(document.find_pointer(reference.substr(1), error), nullptr) << reference;
    }
  }
}

TEST(OpenApi, TheSameTableGivesTheSameBytes) {
  EXPECT_EQ(openapi_json(api_routes(), "1"), openapi_json(api_routes(), "1"));
  EXPECT_EQ(api_markdown(api_routes()), api_markdown(api_routes()));
}

TEST(OpenApi, AListOfFieldsHasOneNameHoweverOftenItStands) {
  auto document = document_of(kTable);
  EXPECT_EQ(keys_of(document.at_pointer("/components/schemas")),
            (std::set<std::string>{"Problem", "GetGatesAnswer", "Gate", "GetGatesIdAnswer",
                                   "GetGatesIdAnswerGate", "PostGatesIdShutOffBody"}));
  EXPECT_EQ(document
                .at_pointer("/paths/~1gates~1{id}~1shut-off/post/responses/202/content/"
                            "application~1json/schema/$ref")
                .as_string(),
            "#/components/schemas/GetGatesAnswer");
}

TEST(OpenApi, ARequestIsClosedAndAnAnswerOpen) {
  auto document = document_of(kTable);
  const auto& schemas = document.at_pointer("/components/schemas");
  EXPECT_FALSE(schemas.at_pointer("/PostGatesIdShutOffBody/additionalProperties").as_bool());
  EXPECT_TRUE(schemas.at_pointer("/GetGatesAnswer/additionalProperties").as_bool());
  EXPECT_TRUE(schemas.at_pointer("/Gate/additionalProperties").as_bool());
}

TEST(OpenApi, AFieldKeepsItsTypeChoicesAndNeed) {
  auto document = document_of(kTable);
  const auto& gate = document.at_pointer("/components/schemas/Gate");
  EXPECT_EQ(json::serialize(gate.at("required")), R"(["name"])");
  EXPECT_EQ(json::serialize(gate.at_pointer("/properties/name")),
            R"({"description":"Its \"name\".","type":"string","enum":["red","green"]})");
  EXPECT_EQ(json::serialize(gate.at_pointer("/properties/at")),
            R"({"description":"When.","type":"string","format":"date-time"})");
  const auto& answer = document.at_pointer("/components/schemas/GetGatesAnswer/properties");
  EXPECT_EQ(json::serialize(answer.at("more")), R"({"description":"Anything.","type":"object"})");
  const auto& names =
      document.at_pointer("/components/schemas/PostGatesIdShutOffBody/properties/names");
  EXPECT_EQ(names.at("maxItems").to_number<std::size_t>(), kMaxListLength);
}

TEST(OpenApi, ARouteHasTheRefusalsThatItCanGive) {
  auto document = document_of(kTable);
  auto refusals = [&](const ApiRoute& route) {
    return keys_of(document.at_pointer(pointer_to(route) + "/responses"));
  };
  EXPECT_EQ(refusals(kTable[0]),
            (std::set<std::string>{"200", "400", "401", "403", "429", "503", "default"}));
  EXPECT_TRUE(refusals(kTable[1]).contains("404"));
  EXPECT_EQ(refusals(kTable[2]),
            (std::set<std::string>{"202", "400", "401", "403", "404", "409", "412", "413", "415",
                                   "422", "429", "503", "default"}));
}

TEST(OpenApi, HeadersStandWhereTheyCount) {
  auto document = document_of(kTable);
  std::set<std::string> of_read;
  std::set<std::string> of_write;
  collect_references(document.at_pointer(pointer_to(kTable[1]) + "/parameters"), of_read);
  collect_references(document.at_pointer(pointer_to(kTable[2]) + "/parameters"), of_write);
  EXPECT_TRUE(of_read.empty());
  EXPECT_EQ(of_write, (std::set<std::string>{"#/components/parameters/IdempotencyKey",
                                             "#/components/parameters/IfMatch"}));
}

TEST(OpenApi, AnExampleBelongsToARoute) {
  for (const auto& route : api_routes()) {
    auto example = api_example(operation_id(route));
    if (!example.empty()) EXPECT_TRUE(json::parse(example).is_object()) << route.pattern;
  }
  EXPECT_EQ(api_example("getNothing"), "");
}

TEST(IndentJson, PutsEachMemberOnALine) {
  EXPECT_EQ(indent_json(R"({"a":[1, {"b":"{,\"}"}],"c":{ },"d":[]})"),
            "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"{,\\\"}\"\n    }\n  ],\n  \"c\": {},\n"
            "  \"d\": []\n}\n");
  EXPECT_EQ(indent_json("7"), "7\n");
}

TEST(ApiPage, HasEveryRouteWithItsRolesAndFields) {
  auto page = api_markdown(kTable);
  EXPECT_NE(page.find("| [`GET /gates`](#get-gates) | any caller | All gates. |"),
            std::string::npos)
      << page;
  EXPECT_NE(page.find("\n### `POST /gates/{id}/shut-off`\n"), std::string::npos);
  EXPECT_NE(page.find("| `names` | list of texts, required | Which. |"), std::string::npos);
  EXPECT_NE(page.find("| `gates` | list of [Gate](#gate), always | All. |"), std::string::npos);
  EXPECT_NE(page.find("\n### Gate\n"), std::string::npos);
  EXPECT_NE(page.find("one of `red`, `green`"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::admin
