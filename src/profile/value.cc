#include "profile/value.h"

#include <fmt/format.h>

#include <charconv>

#include "base/encoding.h"
#include "base/terminal_text.h"

namespace sallyport::profile {
namespace {

constexpr std::string_view kHidden = "(set, not shown)";

std::optional<bool> boolean_of(std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return std::nullopt;
}

std::optional<json::value> number_of(std::string_view text, bool whole) {
  std::int64_t integer = 0;
  const char* end = text.data() + text.size();
  if (auto [at, error] = std::from_chars(text.data(), end, integer);
      error == std::errc() && at == end && !text.empty()) {
    return json::value(integer);
  }
  if (whole) return std::nullopt;
  double number = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, number);
      error == std::errc() && at == end && !text.empty()) {
    return json::value(number);
  }
  return std::nullopt;
}

// A text that holds a JSON object or list; older record forms have the other shape than the type,
// and are kept as structure, too.
std::optional<json::value> container_of(std::string_view text) {
  auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || (text[first] != '[' && text[first] != '{')) {
    return std::nullopt;
  }
  auto value = parse_json(text);
  if (!value) return std::nullopt;
  return std::move(*value);
}

bool wants_number(Type type) {
  return type == Type::kInteger || type == Type::kNumber;
}

json::value from_number(const Key& key, const json::value& raw) {
  if (key.type == Type::kBoolean && raw.is_int64() &&
      (raw.get_int64() == 0 || raw.get_int64() == 1)) {
    return raw.get_int64() == 1;
  }
  return raw;
}

json::array split_list(std::string_view text) {
  json::array list;
  while (true) {
    auto comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) list.emplace_back(item);
    if (comma == std::string_view::npos) return list;
    text.remove_prefix(comma + 1);
  }
}

const ItemField* field_at(const Key& key, std::string_view path) {
  const ItemField* any = nullptr;
  for (const ItemField& field : key.fields) {
    if (field.path == path) return &field;
    if (field.path == "*") any = &field;
  }
  return any;
}

// Members that nobody documented and whose name says credential: clientSecret, password, apiToken.
bool sounds_secret(std::string_view name) {
  std::string low;
  for (char c : name) low.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  for (std::string_view word : {"secret", "token", "password", "apikey", "api_key", "authorization",
                                "credential", "x-api-key"}) {
    if (low.find(word) != std::string::npos) return true;
  }
  return false;
}

// https://user:pass@host/ -> https://(hidden)@host/
void hide_user_info(json::value& value) {
  if (value.is_array()) {
    for (json::value& item : value.get_array()) hide_user_info(item);
  } else if (value.is_object()) {
    for (auto& member : value.get_object()) hide_user_info(member.value());
  } else if (value.is_string()) {
    std::string_view text = value.get_string();
    auto scheme = text.find("://");
    if (scheme == std::string_view::npos) return;
    auto start = scheme + 3;
    auto end = std::min(text.find_first_of("/?#", start), text.size());
    auto at = text.substr(start, end - start).rfind('@');
    if (at == std::string_view::npos) return;
    value = fmt::format("{}(hidden){}", text.substr(0, start), text.substr(start + at));
  }
}

void hide_value(json::value& value) {
  if (value.is_object()) {
    for (auto& hidden : value.get_object()) hidden.value() = kHidden;
  } else if (value.is_string() || value.is_array()) {
    value = kHidden;
  }
}

// Hides secret fields, every entry of a secret key's map, and undocumented members of a secret key.
void hide_members(const Key& key, json::value& value, const std::string& path) {
  if (value.is_array()) {
    for (json::value& item : value.get_array()) hide_members(key, item, path);
    return;
  }
  if (!value.is_object()) return;
  for (auto& member : value.get_object()) {
    std::string name(member.key());
    std::string inner = path.empty() ? name : fmt::format("{}.{}", path, name);
    const ItemField* field = field_at(key, inner);
    bool undocumented = field == nullptr || field->path == "*";
    if (undocumented ? key.secret || sounds_secret(name) : field->secret) {
      hide_value(member.value());
    } else {
      hide_members(key, member.value(), inner);
    }
  }
}

}  // namespace

std::string portable_text(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  return compact_json(value);
}

json::value typed_value(const Key* key, const json::value& raw) {
  if (key == nullptr) return raw;
  if (raw.is_number()) return from_number(*key, raw);
  if (!raw.is_string()) return raw;
  std::string_view text = raw.get_string();
  if (key->type == Type::kBoolean) {
    if (auto flag = boolean_of(text)) return *flag;
  } else if (wants_number(key->type)) {
    if (auto number = number_of(text, key->type == Type::kInteger)) return *number;
  } else if (key->is_json()) {
    if (auto value = container_of(text)) return *value;
  }
  return raw;
}

Result<json::value> parse_entered(const Key* key, std::string_view text) {
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
    return fail("value.invalid", "the value is not clean UTF-8 text",
                "NUL and broken characters cannot be carried by any format");
  }
  if (key == nullptr) return json::value(text);
  auto wrong = [&](std::string_view detail = {}) {
    std::string message = fmt::format("{} wants {}", key->name, wanted_text(*key));
    if (!detail.empty()) message += fmt::format("; {}", detail);
    return fail("value.invalid", std::move(message),
                fmt::format("see `sallyport profile explain {}`", key->name));
  };
  switch (key->type) {
    case Type::kBoolean:
      if (auto flag = boolean_of(text)) return json::value(*flag);
      return wrong();
    case Type::kInteger:
    case Type::kNumber:
      if (auto number = number_of(text, key->type == Type::kInteger)) return *number;
      return wrong();
    case Type::kString:
    case Type::kEnum:
      return json::value(text);
    case Type::kStringList:
    case Type::kEnumList:
    case Type::kStringOrList:
    case Type::kObject:
    case Type::kObjectList:
    case Type::kUnknown:
      break;
  }
  auto first = text.find_first_not_of(" \t\r\n");
  bool json_text = first != std::string_view::npos && (text[first] == '[' || text[first] == '{');
  if (json_text) {
    auto value = parse_json(text);
    if (!value) return wrong(value.error().message);
    bool list = key->type == Type::kStringList || key->type == Type::kEnumList ||
                key->type == Type::kObjectList;
    if (list && value->is_object()) {
      if (key->type != Type::kObjectList) return wrong("this is an object");
      return json::value(json::array{std::move(*value)});
    }
    if (key->type == Type::kObject && !value->is_object()) return wrong("this is a list");
    return value;
  }
  if (key->type == Type::kUnknown || key->type == Type::kStringOrList) return json::value(text);
  if (key->type == Type::kObject) return wrong("write it as JSON, or name a file with @FILE");
  if (key->type == Type::kObjectList && !key->items_may_be_text) {
    return wrong("write it as JSON, or name a file with @FILE");
  }
  return json::value(split_list(text));
}

bool same_value(const Key* key, const json::value& a, const json::value& b) {
  json::value left = typed_value(key, a);
  json::value right = typed_value(key, b);
  std::string left_text = portable_text(left), right_text = portable_text(right);
  if (left == right || left_text == right_text) return true;
  if (key != nullptr) return false;
  // of an unknown key nobody knows the type: JSON text and JSON are the same
  auto left_json = parse_json(left_text), right_json = parse_json(right_text);
  return left_json && right_json && *left_json == *right_json;
}

json::value redacted(std::string_view name, const json::value& value) {
  const Key* key = Catalogue::builtin().find(name);
  if (key == nullptr) {
    const Key* meant = Catalogue::builtin().find(Catalogue::builtin().nearest(name));
    if (sounds_secret(name) || (meant != nullptr && meant->secret)) return json::value(kHidden);
  }
  json::value copy = value;
  bool structured =
      value.is_array() || (value.is_object() && (key == nullptr || key->type == Type::kObject));
  if (key != nullptr && key->secret && !structured) return json::value(kHidden);
  static const Key kNone;
  hide_members(key == nullptr ? kNone : *key, copy, "");
  hide_user_info(copy);
  return copy;
}

std::string display_text(std::string_view name, const json::value& value) {
  return for_terminal(portable_text(redacted(name, value)));
}

std::string wanted_text(const Key& key) {
  auto values = [&] { return fmt::format("{}", fmt::join(key.enum_values, ", ")); };
  switch (key.type) {
    case Type::kBoolean:
      return "true or false";
    case Type::kInteger:
    case Type::kNumber: {
      std::string text = key.type == Type::kInteger ? "a whole number" : "a number";
      if (key.min && key.max) return fmt::format("{} from {} to {}", text, *key.min, *key.max);
      if (key.min) return fmt::format("{} of at least {}", text, *key.min);
      return text;
    }
    case Type::kString:
      return key.max_length ? fmt::format("a text of at most {} characters", *key.max_length)
                            : "a text";
    case Type::kEnum:
      return key.enum_values.empty() ? "a word" : fmt::format("one of {}", values());
    case Type::kEnumList:
      return fmt::format("a list of: {}", values());
    case Type::kStringList:
      return "a list of texts";
    case Type::kObject:
      return "a JSON object";
    case Type::kObjectList:
      return key.items_may_be_text ? "a list of objects or texts" : "a list of JSON objects";
    case Type::kStringOrList:
      return "a text or a list of texts";
    case Type::kUnknown:
      return "a value whose type is not documented";
  }
  return "a value";
}

}  // namespace sallyport::profile
