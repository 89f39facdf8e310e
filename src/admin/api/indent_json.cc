#include "admin/api/indent_json.h"

#include <algorithm>

namespace sallyport::admin {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// What begins at `at` and ends with its closing quote.
std::string_view take_text(std::string_view json, std::size_t at) {
  std::size_t end = at + 1;
  while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
  return json.substr(at, std::min(end + 1, json.size()) - at);
}

void new_line(std::string& out, std::size_t depth) {
  out += '\n';
  out.append(2 * depth, ' ');
}

}  // namespace

std::string indent_json(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  for (std::size_t at = 0; at < json.size(); ++at) {
    char c = json[at];
    if (kSpace.find(c) != std::string_view::npos) continue;
    if (c == '"') {
      auto text = take_text(json, at);
      out += text;
      at += text.size() - 1;
      continue;
    }
    bool opens = c == '{' || c == '[';
    bool closes = c == '}' || c == ']';
    if (closes) {
      depth -= depth > 0 ? 1 : 0;
      if (out.ends_with('{') || out.ends_with('[')) {
        out += c;
        continue;
      }
      new_line(out, depth);
    }
    out += c;
    if (c == ':') out += ' ';
    auto next = json.find_first_not_of(kSpace, at + 1);
    bool empty =
        opens && next != std::string_view::npos && (json[next] == '}' || json[next] == ']');
    if (opens) ++depth;
    if (c == ',' || (opens && !empty)) new_line(out, depth);
  }
  out += '\n';
  return out;
}

}  // namespace sallyport::admin
