#include "base/json_writer.h"

#include <charconv>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

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
bool are_plain(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t quote = word ^ kOnes * '"';
  const std::uint64_t slash = word ^ kOnes * '\\';
  const std::uint64_t found =
      word | (word + kOnes) | (word - kOnes * 0x20) | (quote - kOnes) | (slash - kOnes);
  return (found & kOnes * 0x80) == 0;
}

bool are_plain(const char* eight) {
  std::uint64_t word = 0;
  std::memcpy(&word, eight, 8);
  return are_plain(word);
}

// Of four to seven bytes: the first and the last four.
bool few_are_plain(std::string_view text) {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::memcpy(&first, text.data(), 4);
  std::memcpy(&last, text.data() + text.size() - 4, 4);
  return are_plain(first | std::uint64_t{last} << 32);
}

#if defined(__SSE2__)
// The same for sixteen bytes, and without false alarms. As signed numbers, bytes from 0x80 on are
// below the space.
bool are_plain_16(const char* sixteen) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(sixteen));
  const __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));
  const __m128i high = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i slash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(low, high), _mm_or_si128(quote, slash))) == 0;
}
#else
bool are_plain_16(const char* sixteen) {
  return are_plain(sixteen) && are_plain(sixteen + 8);
}
#endif

// How many bytes from the start stand for themselves.
std::size_t plain_prefix(std::string_view text) {
  std::size_t plain = 0;
  while (text.size() - plain >= 8 && are_plain(text.data() + plain)) plain += 8;
  while (plain < text.size() && is_plain(static_cast<unsigned char>(text[plain]))) ++plain;
  return plain;
}

template <std::size_t N>
void copy(char* to, const char* from) {
  std::memcpy(to, from, N);
}

// Names and short values, without a call: the first and the last bytes, which may overlap.
[[gnu::always_inline]] inline char* put(char* to, std::string_view text) {
  const std::size_t size = text.size();
  const char* from = text.data();
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    copy<16>(to, from);
    copy<16>(to + size - 16, from + size - 16);
  } else if (size >= 8) {
    copy<8>(to, from);
    copy<8>(to + size - 8, from + size - 8);
  } else if (size >= 4) {
    copy<4>(to, from);
    copy<4>(to + size - 4, from + size - 4);
  } else {
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  }
  return to + size;
}

// Copies a text that stands for itself. False: something in it needs an escape, and what was
// written means nothing.
bool put_plain(char* to, std::string_view text) {
  const std::size_t size = text.size();
  const char* from = text.data();
  if (size < 16) {
    const bool plain = size >= 8   ? are_plain(from) && are_plain(from + size - 8)
                       : size >= 4 ? few_are_plain(text)
                                   : plain_prefix(text) == size;
    if (plain) put(to, text);
    return plain;
  }
  for (std::size_t at = 0; at + 16 <= size; at += 16) {
    if (!are_plain_16(from + at)) return false;
    copy<16>(to + at, from + at);
  }
  if (!are_plain_16(from + size - 16)) return false;  // the last ones, with some of those before
  copy<16>(to + size - 16, from + size - 16);
  return true;
}

// Most numbers are counts, and many of them small.
char* put_number(char* to, char* end, std::int64_t value) {
  if (value < 0 || value > 9) return std::to_chars(to, end, value).ptr;
  *to = static_cast<char>('0' + value);
  return to + 1;
}

char* put_name(char* to, bool comma, std::string_view name) {
  if (comma) *to++ = ',';
  *to++ = '"';
  to = put(to, name);
  *to++ = '"';
  *to++ = ':';
  return to;
}
constexpr std::size_t kNameFrame = 4;  // comma, quotes, colon

// Lets `write` put at most `most` bytes at the end; it says where they end.
template <typename Write>
void extend(std::string& out, std::size_t most, Write write) {
  const std::size_t before = out.size();
  out.resize_and_overwrite(before + most, [&](char* data, std::size_t) {
    return static_cast<std::size_t>(write(data + before) - data);
  });
}

// A text between quotes; false: it has to be escaped, and nothing was written.
bool append_plain(std::string& out, std::string_view text) {
  bool plain = false;
  extend(out, text.size() + 2, [&](char* to) {
    plain = put_plain(to + 1, text);
    if (!plain) return to;
    *to = '"';
    to[text.size() + 1] = '"';
    return to + text.size() + 2;
  });
  return plain;
}

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  if (append_plain(out, text)) return;  // nearly always
  out.push_back('"');
  std::size_t start = 0;
  for (std::size_t i = plain_prefix(text); i < text.size();) {
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
  extend(out_, name.size() + kNameFrame, [&](char* to) { return put_name(to, comma, name); });
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
  const bool comma = follows();
  bool plain = false;  // nearly always: then all of the member at once
  extend(out_, key.size() + value.size() + kNameFrame + 2, [&](char* to) {
    to = put_name(to, comma, key);
    plain = put_plain(to + 1, value);
    if (!plain) return to;
    *to = '"';
    to[value.size() + 1] = '"';
    return to + value.size() + 2;
  });
  if (!plain) append_json_text(out_, value);
  return *this;
}

JsonWriter& JsonWriter::number(std::string_view key, std::int64_t value) {
  constexpr std::size_t kDigits = 20;  // the sign among them
  const bool comma = follows();
  extend(out_, key.size() + kNameFrame + kDigits, [&](char* to) {
    to = put_name(to, comma, key);
    return put_number(to, to + kDigits, value);
  });
  return *this;
}

JsonWriter& JsonWriter::boolean(std::string_view key, bool value) {
  return raw(key, value ? "true" : "false");
}

JsonWriter& JsonWriter::null(std::string_view key) {
  return raw(key, "null");
}

JsonWriter& JsonWriter::raw(std::string_view key, std::string_view value) {
  const bool comma = follows();
  extend(out_, key.size() + value.size() + kNameFrame,
         [&](char* to) { return put(put_name(to, comma, key), value); });
  return *this;
}

JsonWriter& JsonWriter::item(std::string_view value) {
  separate();
  append_json_text(out_, value);
  return *this;
}

}  // namespace sallyport
