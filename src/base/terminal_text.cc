#include "base/terminal_text.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace sallyport {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t size = 1;
};

// `text` is UTF-8.
Character first_of(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto tail = [&](std::size_t i) { return static_cast<char32_t>(byte(i) & 0x3fU); };
  if (byte(0) < 0x80) return {byte(0), 1};
  if (byte(0) < 0xe0) return {(static_cast<char32_t>(byte(0) & 0x1fU) << 6) | tail(1), 2};
  if (byte(0) < 0xf0) {
    return {(static_cast<char32_t>(byte(0) & 0x0fU) << 12) | (tail(1) << 6) | tail(2), 3};
  }
  return {
      (static_cast<char32_t>(byte(0) & 0x07U) << 18) | (tail(1) << 12) | (tail(2) << 6) | tail(3),
      4};
}

bool steers(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad ||
         (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2060 && code <= 0x2069) || code == 0xfeff ||
         (code >= 0xe0000 && code <= 0xe007f);
}

}  // namespace

std::string for_terminal(std::string_view text) {
  if (!is_utf8(text)) return "?";
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    Character character = first_of(text);
    if (character.code == '\n') {
      out += "\\n";
    } else if (character.code == '\t') {
      out += "\\t";
    } else if (steers(character.code)) {
      out += fmt::format("\\u{{{:x}}}", static_cast<unsigned>(character.code));
    } else {
      out += text.substr(0, character.size);
    }
    text.remove_prefix(character.size);
  }
  return out;
}

}  // namespace sallyport
