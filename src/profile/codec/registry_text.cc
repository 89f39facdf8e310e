#include "profile/codec/registry_text.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/encoding.h"
#include "profile/json_text.h"

namespace sallyport::profile {
namespace {

constexpr std::size_t kLargest = 16U << 20;
constexpr std::string_view kHead = "Windows Registry Editor Version 5.00";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

void append_utf8(std::string& out, std::uint32_t point) {
  auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | (point >> 6));
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | (point >> 12));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | (point >> 18));
    put(0x80 | ((point >> 12) & 0x3f));
    put(0x80 | ((point >> 6) & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<std::vector<RegistryKey>> read() {
    if (take_line() != kHead) {
      return fail("reg.invalid", fmt::format("line 1, column 1: expected \"{}\"", kHead),
                  "export the key with regedit, or with `reg export`");
    }
    while (at_ < text_.size()) {
      if (!read_line()) {
        return fail("reg.invalid", fmt::format("line {}, column {}: {}", line_, column_, why_),
                    "lines are [KEY], \"name\"=\"value\" with \\\\ and \\\" inside, or ; comments");
      }
    }
    return std::move(keys_);
  }

 private:
  bool no(std::string why, std::size_t offset) {
    why_ = std::move(why);
    column_ = offset + 1;
    return false;
  }

  // One physical line without its end.
  std::string_view take_line() {
    ++line_;
    auto end = text_.find('\n', at_);
    std::string_view line = text_.substr(at_, end == std::string_view::npos ? end : end - at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  bool read_line() {
    std::string_view line = take_line();
    auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos || line[first] == ';') return true;
    if (line[first] == '[') return read_key(line, first);
    if (line[first] == '"' || line[first] == '@') return read_value(line, first);
    return no("this is neither a key, nor a value, nor a comment", first);
  }

  bool read_key(std::string_view line, std::size_t first) {
    auto end = line.rfind(']');
    if (end == std::string_view::npos || end < first)
      return no("the key has no closing ]", line.size());
    RegistryKey key;
    std::string_view path = line.substr(first + 1, end - first - 1);
    key.removed = path.starts_with('-');
    if (key.removed) path.remove_prefix(1);
    if (!path.starts_with("HKEY_")) return no("a key starts with HKEY_...", first + 1);
    key.path = path;
    key.line = line_;
    keys_.push_back(std::move(key));
    return true;
  }

  // "..." with \\ and \"; `offset` is behind the closing quote afterwards. regedit writes a line
  // feed inside a string as it is: such strings go on over the next lines.
  bool read_quoted(std::string_view& line, std::size_t& offset, std::string& out) {
    ++offset;
    while (true) {
      if (offset >= line.size()) {
        if (at_ >= text_.size()) return no("the text has no closing quote", line.size());
        out.push_back('\n');
        line = take_line();
        offset = 0;
        continue;
      }
      char c = line[offset++];
      if (c == '"') return true;
      if (c == '\\') {
        // Windows writes \\ and \" alone; Wine also \n and \r
        char escaped = offset < line.size() ? line[offset++] : '\0';
        c = escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped;
        bool known = c != escaped || c == '\\' || c == '"';
        if (!known) return no("a single backslash; write \\\\", offset - 1);
      }
      out.push_back(c);
    }
  }

  bool read_value(std::string_view line, std::size_t offset) {
    if (keys_.empty()) return no("a value before the first key", offset);
    RegistryValue value;
    value.line = line_;
    if (line[offset] == '@') {
      ++offset;
    } else if (!read_quoted(line, offset, value.name)) {
      return false;
    }
    offset = line.find_first_not_of(" \t", offset);
    if (offset == std::string_view::npos || line[offset] != '=') {
      return no("expected = after the name", std::min(offset, line.size()));
    }
    offset = line.find_first_not_of(" \t", offset + 1);
    if (offset == std::string_view::npos) return no("expected a value after =", line.size());
    if (!read_data(line, offset, value)) return false;
    if (value.text.find('\0') != std::string::npos) return no("the text holds a NUL", offset);
    keys_.back().values.push_back(std::move(value));
    return true;
  }

  bool read_data(std::string_view line, std::size_t offset, RegistryValue& value) {
    std::string_view data = line.substr(offset);
    if (data.starts_with('"')) {
      value.kind = RegistryValue::Kind::kText;
      if (!read_quoted(line, offset, value.text)) return false;
      auto rest = line.find_first_not_of(" \t", offset);
      if (rest != std::string_view::npos && line[rest] != ';') {
        return no("there is text after the closing quote", rest);
      }
      return true;
    }
    if (data == "-") {
      value.kind = RegistryValue::Kind::kRemoved;
      return true;
    }
    if (data.starts_with("dword:")) {
      value.kind = RegistryValue::Kind::kDword;
      std::string_view digits = data.substr(6, 8);
      const char* end = digits.data() + digits.size();
      auto [at, error] = std::from_chars(digits.data(), end, value.number, 16);
      if (error != std::errc() || at != end || digits.size() != 8) {
        return no("dword: wants eight hexadecimal digits", offset);
      }
      return true;
    }
    if (data.starts_with("hex")) return read_hex(line, offset, value);
    return no("expected \"text\", dword:, hex: or -", offset);
  }

  bool read_hex(std::string_view line, std::size_t offset, RegistryValue& value) {
    auto colon = line.find(':', offset);
    if (colon == std::string_view::npos) return no("hex without a colon", offset);
    std::string_view kind = line.substr(offset, colon - offset);
    std::string bytes;
    std::size_t at = colon + 1;
    while (true) {
      at = line.find_first_not_of(" \t", at);
      if (at == std::string_view::npos) break;
      if (line[at] == '\\') {
        if (at_ >= text_.size()) return no("the value ends in a continuation", at);
        line = take_line();
        at = 0;
        continue;
      }
      auto pair = from_hex(line.substr(at, 2));
      if (!pair || pair->size() != 1) return no("expected two hexadecimal digits", at);
      bytes += *pair;
      at = line.find_first_not_of(" \t", at + 2);
      if (at == std::string_view::npos) break;
      if (line[at] != ',') return no("expected a comma", at);
      ++at;
    }
    return convert_hex(kind, bytes, offset, value);
  }

  bool convert_hex(std::string_view kind, std::string& bytes, std::size_t offset,
                   RegistryValue& value) {
    using Kind = RegistryValue::Kind;
    if (kind == "hex(1)" || kind == "hex(2)" || kind == "hex(7)") {
      value.kind = kind == "hex(1)"   ? Kind::kText
                   : kind == "hex(2)" ? Kind::kExpandText
                                      : Kind::kMultiText;
      auto text = from_utf16le(bytes);
      if (!text) return no("the bytes are no UTF-16 text", offset);
      while (text->ends_with('\0')) text->pop_back();
      if (value.kind == Kind::kMultiText) std::replace(text->begin(), text->end(), '\0', '\n');
      value.text = std::move(*text);
      return true;
    }
    if (kind == "hex(b)" || kind == "hex(4)") {
      std::size_t wanted = kind == "hex(b)" ? 8 : 4;
      if (bytes.size() != wanted) return no(fmt::format("{} wants {} bytes", kind, wanted), offset);
      value.kind = kind == "hex(b)" ? Kind::kQword : Kind::kDword;
      for (std::size_t i = wanted; i-- > 0;) {
        value.number = (value.number << 8) | static_cast<unsigned char>(bytes[i]);
      }
      return true;
    }
    value.kind = Kind::kBinary;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0, line_ = 0, column_ = 1;
  std::string why_;
  std::vector<RegistryKey> keys_;
};

void append_hex_lines(std::string& out, std::string_view bytes) {
  std::size_t on_line = 20;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto byte = static_cast<unsigned char>(bytes[i]);
    out.push_back(kHexDigits[byte >> 4]);
    out.push_back(kHexDigits[byte & 15]);
    if (i + 1 == bytes.size()) break;
    out.push_back(',');
    if (++on_line >= 25) {
      out += "\\\r\n  ";
      on_line = 0;
    }
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '\\' || c == '"') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

bool fits_quoted(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) return false;
  }
  return true;
}

void append_value(std::string& out, const RegistryValue& value) {
  out += value.name.empty() ? std::string("@") : quoted(value.name);
  out.push_back('=');
  switch (value.kind) {
    case RegistryValue::Kind::kRemoved:
      out.push_back('-');
      break;
    case RegistryValue::Kind::kDword:
      out += fmt::format("dword:{:08x}", value.number & 0xffffffffU);
      break;
    default:
      if (fits_quoted(value.text)) {
        out += quoted(value.text);
      } else {
        out += "hex(1):";
        append_hex_lines(out, to_utf16le(value.text + std::string(1, '\0')));
      }
  }
  out += "\r\n";
}

}  // namespace

std::string_view registry_kind_text(RegistryValue::Kind kind) {
  switch (kind) {
    case RegistryValue::Kind::kText:
      return "REG_SZ";
    case RegistryValue::Kind::kExpandText:
      return "REG_EXPAND_SZ";
    case RegistryValue::Kind::kDword:
      return "REG_DWORD";
    case RegistryValue::Kind::kQword:
      return "REG_QWORD";
    case RegistryValue::Kind::kMultiText:
      return "REG_MULTI_SZ";
    case RegistryValue::Kind::kBinary:
      return "REG_BINARY";
    case RegistryValue::Kind::kRemoved:
      return "removal";
  }
  return "";
}

bool same_registry_path(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string to_utf16le(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size() * 2);
  auto put = [&](std::uint32_t unit) {
    out.push_back(static_cast<char>(unit & 0xff));
    out.push_back(static_cast<char>(unit >> 8));
  };
  for (std::size_t i = 0; i < utf8.size();) {
    auto first = static_cast<unsigned char>(utf8[i]);
    std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (i + length > utf8.size()) break;
    std::uint32_t point = length == 1 ? first : first & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      point = (point << 6) | (static_cast<unsigned char>(utf8[i + k]) & 0x3f);
    }
    if (point >= 0x10000) {
      put(0xd800 + ((point - 0x10000) >> 10));
      put(0xdc00 + ((point - 0x10000) & 0x3ff));
    } else {
      put(point);
    }
    i += length;
  }
  return out;
}

Result<std::string> from_utf16le(std::string_view bytes) {
  if (bytes.size() % 2 != 0)
    return fail("reg.invalid", "the UTF-16 text has an odd number of bytes");
  auto unit = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) |
           static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i + 1])) << 8;
  };
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    std::uint32_t point = unit(i);
    if (point >= 0xd800 && point < 0xdc00 && i + 3 < bytes.size()) {
      std::uint32_t low = unit(i + 2);
      if (low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        i += 2;
      }
    }
    if (point >= 0xd800 && point < 0xe000) {
      return fail("reg.invalid", fmt::format("byte {}: half of a surrogate pair", i));
    }
    append_utf8(out, point);
  }
  return out;
}

Result<std::vector<RegistryKey>> parse_registry_text(std::string_view bytes) {
  if (bytes.size() > kLargest) return fail("reg.invalid", "the file is larger than 16 MiB");
  if (bytes.starts_with("\xff\xfe")) {
    auto text = from_utf16le(bytes.substr(2));
    if (!text) return std::unexpected(std::move(text.error()));
    return Reader(*text).read();
  }
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  if (!is_utf8(bytes)) {
    return fail("reg.invalid", "the file is neither UTF-16 with a byte order mark nor UTF-8",
                "export it again with regedit");
  }
  return Reader(bytes).read();
}

std::string print_registry_text(const std::vector<RegistryKey>& keys) {
  std::string text(kHead);
  text += "\r\n";
  for (const RegistryKey& key : keys) {
    text += fmt::format("\r\n[{}{}]\r\n", key.removed ? "-" : "", key.path);
    for (const RegistryValue& value : key.values) append_value(text, value);
  }
  text += "\r\n";
  return "\xff\xfe" + to_utf16le(text);
}

}  // namespace sallyport::profile
