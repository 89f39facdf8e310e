#include "profile/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <set>
#include <vector>

#include "base/encoding.h"

namespace sallyport::profile {
namespace {

constexpr std::size_t kDeepest = 32;

// Builds the value and refuses a name that stands twice in one object.
struct Builder {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  json::value_stack stack;
  std::vector<std::set<std::string>> names;
  std::string part;
  std::string twice;

  Builder() { stack.reset(); }
  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    names.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t n, json::error_code&) {
    names.pop_back();
    stack.push_object(n);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t n, json::error_code&) {
    stack.push_array(n);
    return true;
  }
  bool on_key_part(json::string_view text, std::size_t, json::error_code&) {
    part.append(text.data(), text.size());
    stack.push_chars(text);
    return true;
  }
  bool on_key(json::string_view text, std::size_t, json::error_code& error) {
    part.append(text.data(), text.size());
    if (!names.back().insert(part).second) {
      twice = part;
      error = json::error::syntax;
      return false;
    }
    part.clear();
    stack.push_key(text);
    return true;
  }
  bool on_string_part(json::string_view text, std::size_t, json::error_code&) {
    stack.push_chars(text);
    return true;
  }
  bool on_string(json::string_view text, std::size_t, json::error_code&) {
    stack.push_string(text);
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
    stack.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
    stack.push_uint64(value);
    return true;
  }
  bool on_double(double value, json::string_view, json::error_code&) {
    stack.push_double(value);
    return true;
  }
  bool on_bool(bool value, json::error_code&) {
    stack.push_bool(value);
    return true;
  }
  bool on_null(json::error_code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

void append_text(std::string& out, std::string_view text) {
  out.push_back('"');
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

bool is_plain(const json::value& value) {
  return !value.is_object() && !value.is_array();
}

void append_value(std::string& out, const json::value& value, int indent);

void break_line(std::string& out, int indent) {
  if (indent < 0) return;
  out.push_back('\n');
  out.append(static_cast<std::size_t>(indent) * 2, ' ');
}

void append_array(std::string& out, const json::array& array, int indent) {
  bool flat = indent < 0 || std::all_of(array.begin(), array.end(), is_plain);
  int inner = flat ? -1 : indent + 1;
  out.push_back('[');
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i != 0) out += flat && indent >= 0 ? ", " : ",";
    break_line(out, inner);
    append_value(out, array[i], inner);
  }
  if (!array.empty() && !flat) break_line(out, indent);
  out.push_back(']');
}

void append_value(std::string& out, const json::value& value, int indent) {
  switch (value.kind()) {
    case json::kind::object: {
      out.push_back('{');
      int inner = indent < 0 ? -1 : indent + 1;
      bool first = true;
      for (const auto& member : value.get_object()) {
        if (!first) out.push_back(',');
        first = false;
        break_line(out, inner);
        append_text(out, member.key());
        out += indent < 0 ? ":" : ": ";
        append_value(out, member.value(), inner);
      }
      if (!first) break_line(out, indent);
      out.push_back('}');
      break;
    }
    case json::kind::array:
      append_array(out, value.get_array(), indent);
      break;
    case json::kind::string:
      append_text(out, value.get_string());
      break;
    case json::kind::int64:
      out += std::to_string(value.get_int64());
      break;
    case json::kind::uint64:
      out += std::to_string(value.get_uint64());
      break;
    case json::kind::double_: {
      char buffer[40];
      auto end = std::to_chars(buffer, buffer + sizeof buffer, value.get_double()).ptr;
      out.append(buffer, end);
      break;
    }
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      break;
    case json::kind::null:
      out += "null";
      break;
  }
}

// What has to stand at `offset`, by what stands before it.
std::string_view wanted_at(std::string_view text, std::size_t offset) {
  auto before = text.substr(0, offset).find_last_not_of(" \t\r\n");
  if (before == std::string_view::npos) return "a JSON value";
  switch (text[before]) {
    case '{':
      return "a name in double quotes, or }";
    case '[':
      return "a value, or ]";
    case ':':
      return "a value (true, false, null, a number, a text in double quotes, [ or {)";
    case ',':
      return "a value, or a name in double quotes; a last comma has to go";
    case '"':
    case '}':
    case ']':
      return "a comma, a colon after a name, or the closing bracket";
    default:
      return "a comma, or the closing bracket";
  }
}

std::string what_is_wrong(std::string_view text, std::size_t offset, json::error_code error) {
  if (error == json::error::incomplete || offset >= text.size()) return "the JSON ends too early";
  if (error == json::error::too_deep) return "the JSON is nested too deeply";
  if (error != json::error::syntax) return error.message();
  return fmt::format("expected {}, found \"{}\"", wanted_at(text, offset), text.substr(offset, 1));
}

}  // namespace

Place place_of(std::string_view text, std::size_t offset) {
  Place place;
  for (char c : text.substr(0, std::min(offset, text.size()))) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else {
      ++place.column;
    }
  }
  return place;
}

std::string place_text(std::string_view text, std::size_t offset) {
  Place place = place_of(text, offset);
  return fmt::format("line {}, column {}", place.line, place.column);
}

Result<json::value> parse_json(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  json::parse_options options;
  options.max_depth = kDeepest;
  json::basic_parser<Builder> parser(options);
  json::error_code error;
  std::size_t read = 0;
  try {
    read = parser.write_some(false, text.data(), text.size(), error);
  } catch (const std::exception& exception) {
    return fail("json.invalid", fmt::format("the JSON cannot be read: {}", exception.what()));
  }
  if (!error && read < text.size()) {
    auto rest = text.substr(read).find_first_not_of(" \t\r\n");
    if (rest != std::string_view::npos) {
      return fail("json.invalid",
                  fmt::format("{}: there is text after the end of the JSON value",
                              place_text(text, read + rest)),
                  "remove what follows the closing brace");
    }
  }
  const std::string& twice = parser.handler().twice;
  if (!twice.empty()) {
    return fail("json.invalid",
                fmt::format("{}: the name \"{}\" stands twice in one object",
                            place_text(text, read), twice),
                "keep one of the two");
  }
  if (error) {
    return fail("json.invalid",
                fmt::format("{}: {}", place_text(text, read), what_is_wrong(text, read, error)),
                "look there for a missing comma, quote or bracket");
  }
  if (!is_utf8(text)) return fail("json.invalid", "the JSON is not valid UTF-8");
  return parser.handler().stack.release();
}

std::string compact_json(const json::value& value) {
  std::string out;
  append_value(out, value, -1);
  return out;
}

std::string pretty_json(const json::value& value) {
  std::string out;
  append_value(out, value, 0);
  out.push_back('\n');
  return out;
}

}  // namespace sallyport::profile
