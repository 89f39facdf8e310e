// Rules about one value: its type, range, length, pattern and the fields of objects. All of it
// comes from the catalogue's row; no key is named here but where a format is its own.
#include <algorithm>
#include <regex>

#include "base/encoding.h"
#include "base/nearest.h"
#include "profile/profile.h"
#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

bool is_number_type(Type type) {
  return type == Type::kInteger || type == Type::kNumber;
}

bool all_texts(const json::value& value) {
  return value.is_array() && std::all_of(value.get_array().begin(), value.get_array().end(),
                                         [](const json::value& item) { return item.is_string(); });
}

bool fits(Type type, const json::value& value, bool items_may_be_text) {
  switch (type) {
    case Type::kString:
    case Type::kEnum:
      return value.is_string();
    case Type::kBoolean:
      return value.is_bool();
    case Type::kInteger:
      return value.is_int64();
    case Type::kNumber:
      return value.is_number();
    case Type::kStringList:
    case Type::kEnumList:
      return all_texts(value);
    case Type::kObject:
      return value.is_object();
    case Type::kObjectList:
      return value.is_array() && std::all_of(value.get_array().begin(), value.get_array().end(),
                                             [&](const json::value& item) {
                                               return item.is_object() ||
                                                      (items_may_be_text && item.is_string());
                                             });
    case Type::kStringOrList:
      return value.is_string() || all_texts(value);
    case Type::kUnknown:
      return true;
  }
  return true;
}

// Characters as a person counts them: code points.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// Limits that keys and fields of objects share.
struct Limits {
  Type type;
  const std::vector<std::string>& enum_values;
  std::optional<double> min, max;
  std::optional<std::size_t> max_length;
  const std::string& pattern;
};

void check_enum(Check& check, const Limits& limits, const std::string& place,
                std::string_view text) {
  const auto& known = limits.enum_values;
  if (known.empty() || std::find(known.begin(), known.end(), text) != known.end()) return;
  std::vector<std::string_view> words(known.begin(), known.end());
  std::string_view near = nearest_name(text, words);
  check.error(
      "value.enum", place, fmt::format("\"{}\" is none of: {}", text, fmt::join(known, ", ")),
      near.empty() ? std::string("choose one of them") : fmt::format("did you mean {}?", near));
}

bool matches(const std::string& pattern, std::string_view text) {
  constexpr std::size_t kLongest = 512;  // std::regex recurses
  if (text.size() > kLongest) return false;
  return std::regex_match(text.begin(), text.end(), std::regex(pattern, std::regex::ECMAScript));
}

void check_limits(Check& check, const Limits& limits, const std::string& place,
                  const json::value& value) {
  if (limits.type == Type::kEnum && value.is_string()) {
    check_enum(check, limits, place, value.get_string());
  }
  if (limits.type == Type::kEnumList && value.is_array()) {
    for (const json::value& item : value.get_array()) {
      if (item.is_string()) check_enum(check, limits, place, item.get_string());
    }
  }
  if (is_number_type(limits.type) && value.is_number()) {
    double number = value.to_number<double>();
    if ((limits.min && number < *limits.min) || (limits.max && number > *limits.max)) {
      check.error("value.range", place,
                  limits.max ? fmt::format("{} is outside {} to {}", portable_text(value),
                                           limits.min.value_or(0), *limits.max)
                             : fmt::format("{} is below {}", portable_text(value), *limits.min),
                  "choose a number inside the range");
    }
  }
  if (!value.is_string()) return;
  std::string_view text = value.get_string();
  if (limits.max_length && characters(text) > *limits.max_length) {
    check.error(
        "value.length", place,
        fmt::format("{} characters, the app takes {}", characters(text), *limits.max_length),
        "shorten it");
  }
  if (!limits.pattern.empty() && !matches(limits.pattern, text)) {
    check.error("value.pattern", place, fmt::format("it does not have the form {}", limits.pattern),
                "correct it");
  }
}

const ItemField* find_field(const Key& key, std::string_view path) {
  const ItemField* any = nullptr;
  for (const ItemField& field : key.fields) {
    if (field.path == path) return &field;
    if (field.path == "*") any = &field;
  }
  return any;
}

std::vector<std::string_view> fields_below(const Key& key, std::string_view prefix) {
  std::vector<std::string_view> names;
  for (const ItemField& field : key.fields) {
    std::string_view path = field.path;
    if (!path.starts_with(prefix)) continue;
    path.remove_prefix(prefix.size());
    if (path.find('.') == std::string_view::npos) names.push_back(path);
  }
  return names;
}

bool has_fields_below(const Key& key, const std::string& path) {
  return !fields_below(key, path + ".").empty();
}

void check_object(Check& check, const Key& key, const json::object& object,
                  const std::string& prefix, const std::string& place);

void check_field(Check& check, const Key& key, const ItemField& field, const json::value& value,
                 const std::string& path, const std::string& place) {
  if (check.options().oldest_app && !field.since.empty()) {
    auto since = parse_since(field.since);
    if (since && *check.options().oldest_app < *since) {
      check.warning("key.too_new", place,
                    fmt::format("builds before {} do not know it", field.since),
                    "leave it out of the profile for older machines");
    }
  }
  bool flag = field.boolean_or_object && value.is_bool();
  if (value.is_object() && has_fields_below(key, path)) {
    check_object(check, key, value.get_object(), path + ".", place);
    return;
  }
  if (value.is_array() && has_fields_below(key, path)) {
    for (const json::value& item : value.get_array()) {
      if (item.is_object()) check_object(check, key, item.get_object(), path + ".", place);
    }
    return;
  }
  if (!flag && !field.boolean_or_object && !fits(field.type, value, false)) {
    Key like;
    like.type = field.type;
    like.enum_values = field.enum_values;
    check.error("value.field_type", place, fmt::format("it wants {}", wanted_text(like)),
                "correct the value's type");
    return;
  }
  Limits limits{field.type, field.enum_values, field.min,
                field.max,  field.max_length,  field.pattern};
  check_limits(check, limits, place, value);
}

// PATH or PATH=VALUE in the same object, or a key of the profile.
bool has_companion(const Check& check, const Key& key, const json::object& object,
                   std::string_view prefix, std::string_view wanted) {
  std::string_view path = wanted.substr(0, wanted.find('='));
  if (find_field(key, path) == nullptr) return check.has(path);
  if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
  const json::value* value = object.if_contains(path);
  if (value == nullptr || *value == json::value(false)) return false;
  if (value->is_string() && value->get_string().empty()) return false;
  auto equals = wanted.find('=');
  return equals == std::string_view::npos || portable_text(*value) == wanted.substr(equals + 1);
}

void check_field_companions(Check& check, const Key& key, const json::object& object,
                            std::string_view prefix, const std::string& place) {
  for (const ItemField& field : key.fields) {
    std::string_view path = field.path;
    if (field.requires_fields.empty() || !path.starts_with(prefix)) continue;
    path.remove_prefix(prefix.size());
    const json::value* value = object.if_contains(path);
    if (value == nullptr || *value == json::value(false)) continue;
    for (const std::string& wanted : field.requires_fields) {
      if (has_companion(check, key, object, prefix, wanted)) continue;
      check.warning("value.field_requires", fmt::format("{}.{}", place, path),
                    fmt::format("it has no effect without {}", wanted),
                    fmt::format("set {}, or remove this field", wanted));
      break;
    }
  }
}

void check_object(Check& check, const Key& key, const json::object& object,
                  const std::string& prefix, const std::string& place) {
  for (const auto& member : object) {
    std::string path = prefix + std::string(member.key());
    std::string inner = fmt::format("{}.{}", place, std::string_view(member.key()));
    const ItemField* field = find_field(key, path);
    if (field != nullptr) {
      check_field(check, key, *field, member.value(), path, inner);
      continue;
    }
    std::string_view near = nearest_name(member.key(), fields_below(key, prefix));
    check.warning("value.field_unknown", inner, "the app does not know this field",
                  near.empty() ? std::string("remove it") : fmt::format("did you mean {}?", near));
  }
  check_field_companions(check, key, object, prefix, place);
  for (const ItemField& field : key.fields) {
    std::string_view path = field.path;
    if (!field.required || !path.starts_with(prefix)) continue;
    path.remove_prefix(prefix.size());
    if (path.find('.') != std::string_view::npos || path == "*" || object.contains(path)) continue;
    check.error("value.field_missing", place, fmt::format("the field {} is missing", path),
                fmt::format("add {}", path));
  }
}

// Marks that somebody meant to replace: <tenant>, YOUR_..., changeme, a GUID of zeros.
std::string_view placeholder_in(std::string_view text) {
  std::string low = lower_case(text);
  static constexpr std::string_view kMarks[] = {
      "your_",       "your-",
      "yourcompany", "changeme",
      "change-me",   "change_me",
      "replace-me",  "replace_me",
      "replaceme",   "placeholder",
      "{tenant",     "{client",
      "{{",          "tenant_id",
      "client_id",   "tenant-id",
      "client-id",   "<your",
      "todo:",       "xxxxxxxx",
      "insert-here", "00000000-0000-0000-0000-000000000000"};
  for (std::string_view mark : kMarks) {
    if (low.find(mark) != std::string::npos) return mark;
  }
  bool bracketed = text.size() > 2 && text.front() == '<' && text.back() == '>';
  return bracketed ? std::string_view("<...>") : std::string_view();
}

void check_placeholders(Check& check, const std::string& place, const json::value& value) {
  if (value.is_string()) {
    if (auto mark = placeholder_in(value.get_string()); !mark.empty()) {
      check.error("text.placeholder", place,
                  fmt::format("it still holds placeholder text ({})", mark),
                  "put the real value in");
    }
  } else if (value.is_array()) {
    std::size_t index = 0;
    for (const json::value& item : value.get_array()) {
      check_placeholders(check, fmt::format("{}[{}]", place, index++), item);
    }
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      check_placeholders(check, fmt::format("{}.{}", place, std::string_view(member.key())),
                         member.value());
    }
  }
}

bool is_header_map(const Key& key) {
  return key.type == Type::kObject && key.fields.size() == 1 && key.fields.front().path == "*" &&
         key.fields.front().type == Type::kString;
}

void check_value(Check& check, const Key& key, const json::value& value) {
  if (!fits(key.type, value, key.items_may_be_text)) {
    if (is_header_map(key) && (value.is_string() || value.is_array())) {
      check.error("value.legacy_map", key.name,
                  "the text and list forms of maps ended on 2026-10-07 12:00 Pacific",
                  "write a JSON object: {\"Name\": \"value\"}");
      return;
    }
    if (key.name == "orgPluginSettings" && value.is_object()) {
      check.error("value.legacy_record", key.name,
                  "the record form {mcpServers: ...} ended on 2026-10-07 12:00 Pacific",
                  "write a list: [{\"serverName\": \"...\", \"tools\": [...]}]");
      return;
    }
    check.error("value.type", key.name,
                fmt::format("it wants {}{}", wanted_text(key),
                            key.fail_closed ? "; an unreadable value engages the restriction" : ""),
                fmt::format("see `sallyport profile explain {}`", key.name));
    return;
  }
  Limits limits{key.type, key.enum_values, key.min, key.max, key.max_length, key.pattern};
  check_limits(check, limits, key.name, value);
  if (key.fields.empty()) return;
  if (value.is_object()) {
    check_object(check, key, value.get_object(), "", key.name);
  } else if (value.is_array()) {
    std::size_t index = 0;
    for (const json::value& item : value.get_array()) {
      std::string place = fmt::format("{}[{}]", key.name, index++);
      if (item.is_object()) check_object(check, key, item.get_object(), "", place);
    }
  }
}

}  // namespace

void check_values(Check& check) {
  for (const auto& [name, value] : ordered(check.values())) {
    const Key* key = Catalogue::builtin().find(name);
    if (key != nullptr) check_value(check, *key, *value);
    if (key == nullptr || key->name != "organizationInstructions") {
      check_placeholders(check, std::string(name), *value);
    }
  }
}

}  // namespace sallyport::profile
