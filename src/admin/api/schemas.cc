#include "admin/api/schemas.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"

namespace sallyport::admin {
namespace {

constexpr std::string_view kReference = "#/components/schemas/";
constexpr std::string_view kProblemName = "Problem";  // written by hand in openapi.cc

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// `sign-ins`, `next_cursor` and `/revocations/{id}` as `SignIns`, `NextCursor`, `RevocationsId`.
std::string camel(std::string_view text) {
  std::string out;
  bool starts = true;
  for (char c : text) {
    if (!is_letter(c)) {
      starts = true;
      continue;
    }
    bool small = c >= 'a' && c <= 'z';
    out += starts && small ? static_cast<char>(c - 'a' + 'A') : c;
    starts = false;
  }
  return out;
}

// One of `revocations`, `identities`, `people`: good enough for names.
std::string singular(std::string_view text) {
  if (text == "people") return "person";
  if (text.ends_with("ies")) return fmt::format("{}y", text.substr(0, text.size() - 3));
  bool plural = text.ends_with('s') && !text.ends_with("ss") && !text.ends_with("us");
  return std::string(text.substr(0, text.size() - (plural ? 1 : 0)));
}

void put_choices(JsonWriter& json, std::string_view choices) {
  if (choices.empty()) return;
  json.array("enum");
  while (!choices.empty()) {
    auto end = std::min(choices.find('|'), choices.size());
    json.item(choices.substr(0, end));
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  json.end_array();
}

void put_text(JsonWriter& json, Side side) {
  json.text("type", "string");
  if (side == Side::kRequest) json.number("maxLength", kMaxText);
}

}  // namespace

std::string operation_id(const ApiRoute& route) {
  std::string id;
  for (char c : route.method) id += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return id + camel(route.pattern);
}

// The parts first: what is a part of one answer and the whole of another is named by the field.
ApiSchemas::ApiSchemas(std::span<const ApiRoute> routes) {
  for (bool whole : {false, true}) {
    for (const auto& route : routes) {
      const auto name = camel(operation_id(route));
      const auto body = fmt::format("{}Body", name);
      const auto answer = fmt::format("{}Answer", name);
      if (whole) {
        add(route.shape.body, Side::kRequest, body, true);
        add(route.shape.answer, Side::kAnswer, answer, true);
      } else {
        add_parts(route.shape.body, Side::kRequest, body);
        add_parts(route.shape.answer, Side::kAnswer, answer);
      }
    }
  }
}

const ApiSchemas::Named* ApiSchemas::find(FieldList fields, Side side) const {
  auto found = std::ranges::find_if(all_, [&](const Named& one) {
    return one.fields.data() == fields.data() && one.fields.size() == fields.size() &&
           one.side == side;
  });
  return found == all_.end() ? nullptr : &*found;
}

std::string ApiSchemas::free_name(std::string wanted, const std::string& owner) const {
  auto taken = [this](const std::string& name) {
    return name == kProblemName || std::ranges::find(all_, name, &Named::name) != all_.end();
  };
  if (!taken(wanted)) return wanted;
  const auto longer = owner + wanted;
  auto name = longer;
  for (int i = 2; taken(name); ++i) name = fmt::format("{}{}", longer, i);
  return name;
}

void ApiSchemas::add(FieldList fields, Side side, std::string name, bool whole) {
  if (fields.empty() || find(fields, side) != nullptr) return;
  all_.push_back({fields, side, name, whole});
  add_parts(fields, side, name);
}

void ApiSchemas::add_parts(FieldList fields, Side side, const std::string& owner) {
  for (const auto& field : fields) {
    if (field.of.empty() || find(field.of, side) != nullptr) continue;
    bool list = field.type == FieldType::kObjects;
    add(field.of, side, free_name(camel(list ? singular(field.name) : field.name), owner), false);
  }
}

const std::string& ApiSchemas::name_of(FieldList fields, Side side) const {
  const auto* found = find(fields, side);
  SALLYPORT_CHECK(found != nullptr);
  return found->name;
}

void ApiSchemas::put_reference(JsonWriter& json, FieldList fields, Side side) const {
  if (fields.empty()) {
    json.text("type", "object");
    return;
  }
  json.text("$ref", fmt::format("{}{}", kReference, name_of(fields, side)));
}

void ApiSchemas::put_value(JsonWriter& json, const Field& field, Side side) const {
  switch (field.type) {
    case FieldType::kText:
      put_text(json, side);
      put_choices(json, field.choices);
      return;
    case FieldType::kTexts:
      json.text("type", "array");
      if (side == Side::kRequest) json.number("maxItems", kMaxListLength);
      json.object("items");
      put_text(json, side);
      put_choices(json, field.choices);
      json.end();
      return;
    case FieldType::kTime:
      json.text("type", "string").text("format", "date-time");
      return;
    case FieldType::kNumber:
      json.text("type", "integer").number("minimum", 0);
      return;
    case FieldType::kBoolean:
      json.text("type", "boolean");
      return;
    case FieldType::kObject:
      put_reference(json, field.of, side);
      return;
    case FieldType::kObjects:
      json.text("type", "array").object("items");
      put_reference(json, field.of, side);
      json.end();
      return;
  }
  check_failed("a field has a type", __FILE__, __LINE__);
}

void ApiSchemas::put_all(JsonWriter& json) const {
  for (const auto& [fields, side, name, whole] : all_) {
    json.object(name).text("type", "object").object("properties");
    for (const auto& field : fields) {
      json.object(field.name).text("description", field.summary);
      put_value(json, field, side);
      json.end();
    }
    json.end();
    bool needs = std::ranges::any_of(
        fields, [](const Field& field) { return field.need == Need::kRequired; });
    if (needs) {
      json.array("required");
      for (const auto& field : fields) {
        if (field.need == Need::kRequired) json.item(field.name);
      }
      json.end_array();
    }
    json.boolean("additionalProperties", side == Side::kAnswer).end();
  }
}

}  // namespace sallyport::admin
