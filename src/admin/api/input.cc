#include "admin/api/input.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "base/nearest.h"
#include "identity/strict_json.h"

namespace sallyport::admin {
namespace {

using identity::JsonView;
using identity::StrictJson;

constexpr identity::JsonLimits kLimits{.bytes = 1 << 20, .depth = 4, .nodes = 4096, .members = 64};
constexpr std::string_view kQueryCode = "api.query";
constexpr std::string_view kBodyCode = "api.body";

const Field* field_of(FieldList fields, std::string_view name) {
  auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

// What was meant by a name that the route does not have.
std::string known_names(FieldList fields, std::string_view wrong) {
  std::vector<std::string_view> names;
  for (const auto& field : fields) names.push_back(field.name);
  if (names.empty()) return "leave it out";
  auto nearest = nearest_name(wrong, names);
  if (!nearest.empty()) return fmt::format("write {}", nearest);
  return fmt::format("there are: {}", fmt::join(names, ", "));
}

// For a sentence: printable and short.
std::string shown(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 64)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return out;
}

bool good_text(std::string_view text) {
  return text.size() <= kMaxText && is_utf8(text) &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool is_choice(const Field& field, std::string_view text) {
  auto rest = field.choices;
  while (!rest.empty()) {
    auto end = std::min(rest.find('|'), rest.size());
    if (rest.substr(0, end) == text) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return field.choices.empty();
}

std::string choices_of(const Field& field) {
  std::string all(field.choices);
  std::string spaced;
  for (char c : all) spaced += c == '|' ? std::string(", ") : std::string(1, c);
  return spaced;
}

/// Where a value stands, for the problem.
struct Place {
  std::string_view code;
  std::string pointer;
};

std::unexpected<Problem> wrong(const Place& place, std::string message, std::string next_step) {
  return refuse(400, {place.code, std::move(message), std::move(next_step)}, place.pointer);
}

std::expected<std::string, Problem> check_text(const Field& field, const Place& place,
                                               std::string text) {
  if (!good_text(text)) {
    return wrong(place,
                 fmt::format("{} is longer than {} bytes, has control characters or is not UTF-8",
                             field.name, kMaxText),
                 "shorten it, or write it without them");
  }
  if (!is_choice(field, text)) {
    return wrong(place, fmt::format("\"{}\" is no {}", shown(text), field.name),
                 fmt::format("write one of: {}", choices_of(field)));
  }
  return text;
}

std::expected<Input::Value, Problem> time_value(const Field& field, const Place& place,
                                                std::string_view text) {
  auto time = read_time(text);
  if (time) return *time;
  return wrong(place, fmt::format("{} is no time", field.name),
               "write it in UTC: 2026-11-22T08:00:00Z");
}

std::expected<Input::Value, Problem> query_value(const Field& field, const Place& place,
                                                 std::string text) {
  switch (field.type) {
    case FieldType::kText:
      return check_text(field, place, std::move(text));
    case FieldType::kTime:
      return time_value(field, place, text);
    case FieldType::kNumber:
      if (auto number = whole_number(text)) return *number;
      return wrong(place, fmt::format("{} is no whole number", field.name), "write digits alone");
    case FieldType::kBoolean:
      if (text == "true" || text == "false") return text == "true";
      return wrong(place, fmt::format("{} is neither true nor false", field.name),
                   "write true or false");
    case FieldType::kTexts:
    case FieldType::kObject:
    case FieldType::kObjects:
      break;
  }
  check_failed("a query has plain values", __FILE__, __LINE__);
}

std::expected<Input::Value, Problem> list_value(const Field& field, const Place& place,
                                                JsonView value) {
  Input::Texts texts;
  for (JsonView element : value) {
    Place at{place.code, fmt::format("{}/{}", place.pointer, texts.size())};
    if (texts.size() == kMaxListLength) {
      return wrong(at, fmt::format("{} has more than {} entries", field.name, kMaxListLength),
                   "ask in several steps");
    }
    if (!element.is_text())
      return wrong(at, fmt::format("an entry of {} is no text", field.name),
                   "write a list of texts");
    auto text = check_text(field, at, std::string(element.text()));
    if (!text) return std::unexpected(std::move(text.error()));
    texts.push_back(std::move(*text));
  }
  return texts;
}

std::string_view word_of(FieldType type) {
  switch (type) {
    case FieldType::kText:
      return "a text";
    case FieldType::kTexts:
      return "a list of texts";
    case FieldType::kTime:
      return "a time such as \"2026-11-22T08:00:00Z\"";
    case FieldType::kNumber:
      return "a whole number";
    case FieldType::kBoolean:
      return "true or false";
    case FieldType::kObject:
      return "an object";
    case FieldType::kObjects:
      return "a list of objects";
  }
  check_failed("a type of field has a word", __FILE__, __LINE__);
}

std::expected<Input::Value, Problem> body_value(const Field& field, const Place& place,
                                                JsonView value) {
  auto other = [&] {
    return wrong(place, fmt::format("{} is of another type", field.name),
                 fmt::format("write {}", word_of(field.type)));
  };
  switch (field.type) {
    case FieldType::kText:
      if (!value.is_text()) return other();
      return check_text(field, place, std::string(value.text()));
    case FieldType::kTexts:
      if (!value.is_array()) return other();
      return list_value(field, place, value);
    case FieldType::kTime:
      if (!value.is_text()) return other();
      return time_value(field, place, value.text());
    case FieldType::kNumber:
      if (value.kind() == JsonKind::kNumber) {
        if (auto number = whole_number(value.text())) return *number;
      }
      return other();
    case FieldType::kBoolean:
      if (value.kind() != JsonKind::kTrue && value.kind() != JsonKind::kFalse) return other();
      return value.is_true();
    case FieldType::kObject:
    case FieldType::kObjects:
      break;
  }
  check_failed("a body has values that input.h reads", __FILE__, __LINE__);
}

std::optional<Problem> missing(FieldList fields, const Input& input, std::string_view code,
                               std::string_view before) {
  for (const auto& field : fields) {
    if (field.need == Need::kOptional || input.has(field.name)) continue;
    return Problem{400,
                   {code, fmt::format("{} is missing", field.name), std::string(field.summary)},
                   fmt::format("{}{}", before, field.name)};
  }
  return std::nullopt;
}

}  // namespace

bool Input::has(std::string_view name) const {
  return values_.contains(name);
}

const Input::Value* Input::find(std::string_view name, FieldType type) const {
  const auto* field = field_of(fields_, name);
  SALLYPORT_CHECK(field != nullptr && field->type == type);
  auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

const std::string& Input::text(std::string_view name) const {
  static const std::string none;
  const auto* value = find(name, FieldType::kText);
  return value == nullptr ? none : std::get<std::string>(*value);
}

const Input::Texts& Input::texts(std::string_view name) const {
  static const Texts none;
  const auto* value = find(name, FieldType::kTexts);
  return value == nullptr ? none : std::get<Texts>(*value);
}

std::optional<std::uint64_t> Input::number(std::string_view name) const {
  const auto* value = find(name, FieldType::kNumber);
  if (value == nullptr) return std::nullopt;
  return std::get<std::uint64_t>(*value);
}

bool Input::flag(std::string_view name) const {
  const auto* value = find(name, FieldType::kBoolean);
  return value != nullptr && std::get<bool>(*value);
}

std::optional<WallTime> Input::time(std::string_view name) const {
  const auto* value = find(name, FieldType::kTime);
  if (value == nullptr) return std::nullopt;
  return std::get<WallTime>(*value);
}

std::expected<Input, Problem> read_query(FieldList fields, std::string_view text) {
  Input input(fields);
  while (!text.empty()) {
    auto end = std::min(text.find('&'), text.size());
    auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    auto equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals));
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
    Place place{kQueryCode, fmt::format("?{}", shown(pair.substr(0, equals)))};
    if (!name || !value)
      return wrong(place, "the query is not valid", "encode it as UTF-8 (RFC 3986)");
    const auto* field = field_of(fields, *name);
    if (field == nullptr) {
      return wrong(place, fmt::format("there is no filter {}", shown(*name)),
                   known_names(fields, *name));
    }
    if (input.has(*name))
      return wrong(place, fmt::format("{} stands twice", *name), "write it once");
    auto read = query_value(*field, place, std::move(*value));
    if (!read) return std::unexpected(std::move(read.error()));
    input.set(*name, std::move(*read));
  }
  if (auto problem = missing(fields, input, kQueryCode, "?")) return std::unexpected(*problem);
  return input;
}

std::expected<Input, Problem> read_body(FieldList fields, std::string_view json) {
  Input input(fields);
  auto document = StrictJson::parse(json, kLimits);
  if (!document || !document->root().is_object()) {
    auto why = document ? "is no object" : identity::describe(document.error());
    return wrong({kBodyCode, ""}, fmt::format("the body cannot be read: {}", why),
                 "send one JSON object (RFC 8259) as application/json");
  }
  for (JsonView member : document->root()) {
    Place place{kBodyCode, fmt::format("/{}", shown(member.name()))};
    const auto* field = field_of(fields, member.name());
    if (field == nullptr) {
      return wrong(place, fmt::format("there is no member {}", shown(member.name())),
                   known_names(fields, member.name()));
    }
    auto value = body_value(*field, place, member);
    if (!value) return std::unexpected(std::move(value.error()));
    input.set(field->name, std::move(*value));
  }
  if (auto problem = missing(fields, input, kBodyCode, "/")) return std::unexpected(*problem);
  return input;
}

std::optional<WallTime> read_time(std::string_view text) {
  // YYYY-MM-DDTHH:MM:SS, then a fraction of up to six digits, then Z.
  constexpr std::size_t kWhole = 19;
  if (text.size() <= kWhole || !text.ends_with('Z')) return std::nullopt;
  auto fraction = text.substr(kWhole, text.size() - kWhole - 1);
  if (!fraction.empty() && (fraction.size() < 2 || fraction.size() > 7 || fraction[0] != '.')) {
    return std::nullopt;
  }
  std::string digits(fraction.empty() ? fraction : fraction.substr(1));
  digits.resize(6, '0');
  return parse_time(fmt::format("{}.{}Z", text.substr(0, kWhole), digits));
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += *byte;
    i += 2;
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

}  // namespace sallyport::admin
