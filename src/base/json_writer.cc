#include "base/json_writer.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/encoding.h"

namespace sallyport {
namespace {

// Length of the valid UTF-8 sequence that starts here, 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (text.size() < length || !is_utf8(text.substr(0, length))) return 0;
  return length;
}

bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

// True if the eight bytes are plain; false may be a false alarm. The high bit of a byte is set in
// the sums where the byte is at least 0x80, is 0x7f, or equals what it was compared with; see "Bit
// Twiddling Hacks", "Determine if a word has a zero byte".
bool are_plain(const char* eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  std::uint64_t word = 0;
  std::memcpy(&word, eight, 8);
  const std::uint64_t quote = word ^ kOnes * '"';
  const std::uint64_t slash = word ^ kOnes * '\\';
  const std::uint64_t found =
      word | (word + kOnes) | (word - kOnes * 0x20) | (quote - kOnes) | (slash - kOnes);
  return (found & kOnes * 0x80) == 0;
}

// How many bytes from the start stand for themselves.
std::size_t plain_prefix(std::string_view text) {
  std::size_t plain = 0;
  while (text.size() - plain >= 8 && are_plain(text.data() + plain)) plain += 8;
  while (plain < text.size() && is_plain(static_cast<unsigned char>(text[plain]))) ++plain;
  return plain;
}

// Writes a text that stands for itself; returns where it ends.
char* put_quoted(char* to, std::string_view text) {
  *to++ = '"';
  to = std::copy(text.begin(), text.end(), to);
  *to++ = '"';
  return to;
}

// Makes room for `size` more bytes at the end and lets `fill` write them.
template <typename Fill>
void extend(std::string& out, std::size_t size, Fill fill) {
  const std::size_t before = out.size();
  out.resize_and_overwrite(before + size, [&](char* data, std::size_t) {
    fill(data + before);
    return before + size;
  });
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  const std::size_t plain = plain_prefix(text);
  if (plain == text.size()) {  // nearly always
    extend(out, text.size() + 2, [&](char* to) { put_quoted(to, text); });
    return;
  }
  out.push_back('"');
  std::size_t start = 0;
  for (std::size_t i = plain; i < text.size();) {
    auto c = static_cast<unsigned char>(text[i]);
    if (is_plain(c)) {
      ++i;
      continue;
    }
    if (c >= 0x80) {
      if (std::size_t length = sequence_length(text.substr(i)); length != 0) {
        i += length;
        continue;
      }
    }
    out.append(text, start, i - start);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (c >= 0x80) {
          out += "\\ufffd";
        } else {
          out += "\\u00";
          out.push_back(kHexDigits[c >> 4]);
          out.push_back(kHexDigits[c & 15]);
        }
    }
    start = ++i;
  }
  out.append(text, start);
  out.push_back('"');
}

bool JsonWriter::follows() const {
  if (out_.empty()) return false;
  const char last = out_.back();
  return last != '{' && last != '[' && last != '\n' && last != ':';
}

void JsonWriter::separate() {
  if (follows()) out_.push_back(',');
}

void JsonWriter::name(std::string_view name) {
  const bool comma = follows();
  extend(out_, name.size() + 3 + comma, [&](char* to) {
    if (comma) *to++ = ',';
    to = put_quoted(to, name);
    *to = ':';
  });
}

JsonWriter& JsonWriter::begin() {
  separate();
  out_.push_back('{');
  return *this;
}

JsonWriter& JsonWriter::object(std::string_view key) {
  name(key);
  out_.push_back('{');
  return *this;
}

JsonWriter& JsonWriter::array(std::string_view key) {
  name(key);
  out_.push_back('[');
  return *this;
}

JsonWriter& JsonWriter::end() {
  out_.push_back('}');
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  out_.push_back(']');
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view key, std::string_view value) {
  if (plain_prefix(value) != value.size()) {
    name(key);
    append_json_text(out_, value);
    return *this;
  }
  const bool comma = follows();  // nearly always: all of the member at once
  extend(out_, key.size() + value.size() + 5 + comma, [&](char* to) {
    if (comma) *to++ = ',';
    to = put_quoted(to, key);
    *to++ = ':';
    put_quoted(to, value);
  });
  return *this;
}

JsonWriter& JsonWriter::number(std::string_view key, std::int64_t value) {
  name(key);
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out_.append(digits, end);
  return *this;
}

JsonWriter& JsonWriter::boolean(std::string_view key, bool value) {
  name(key);
  out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null(std::string_view key) {
  name(key);
  out_ += "null";
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view key, std::string_view value) {
  name(key);
  out_ += value;
  return *this;
}

JsonWriter& JsonWriter::item(std::string_view value) {
  separate();
  append_json_text(out_, value);
  return *this;
}

}  // namespace sallyport
