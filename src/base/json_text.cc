// Texts as they stand in JSON: where they end, and what they say.
#include <array>
#include <bit>
#include <charconv>

#include "base/json_reader.h"
#include "base/json_specials.h"

namespace sallyport {
namespace {

using json_specials::specials_of_16;
using json_specials::specials_of_64;
using json_specials::specials_one_by_one;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// The four digits at `digits`, or -1.
int hex4(const char* digits) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_value(digits[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// What may follow a backslash, but for `u`.
constexpr auto kShortEscapes = [] {
  std::array<bool, 256> table{};
  for (char c : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'})
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

/// Length of the escape at `at` (which is a backslash), or 0 if it is wrong.
std::size_t escape_length(const char* at, const char* end) {
  if (end - at < 2) return 0;
  if (kShortEscapes[static_cast<unsigned char>(at[1])]) return 2;
  return at[1] == 'u' && end - at >= 6 && hex4(at + 2) >= 0 ? 6 : 0;
}

#if defined(__x86_64__)
/// 32 bytes as signed numbers, and 0xff where one is a quote or a backslash: a byte is looked up by
/// its lower half in a table that has these two in their places, and nothing that could equal
/// another byte elsewhere.
struct Bytes32 {
  __m256i bytes;
  __m256i quotes;
};
__attribute__((target("avx2"))) inline Bytes32 look_at_32(const char* at) {
  const __m256i table = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(1, 0, '"', 0, 0, 0, 0, 0, 0, 0, 0, 0, '\\', 0, 0, 0));
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  return {bytes, _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, bytes), bytes)};
}

/// How many bytes from `at` on, in whole blocks of 128, are ASCII and have nothing special: as
/// signed numbers, control characters and what is beyond ASCII are both below the space.
__attribute__((target("avx2"))) std::size_t plain_ascii_avx2(const char* at, std::size_t size) {
  const __m256i space = _mm256_set1_epi8(' ');
  std::size_t done = 0;
  for (; size - done >= 128; done += 128) {
    const Bytes32 a = look_at_32(at + done);
    const Bytes32 b = look_at_32(at + done + 32);
    const Bytes32 c = look_at_32(at + done + 64);
    const Bytes32 d = look_at_32(at + done + 96);
    const __m256i least =
        _mm256_min_epi8(_mm256_min_epi8(a.bytes, b.bytes), _mm256_min_epi8(c.bytes, d.bytes));
    const __m256i quotes =
        _mm256_or_si256(_mm256_or_si256(a.quotes, b.quotes), _mm256_or_si256(c.quotes, d.quotes));
    const __m256i found = _mm256_or_si256(quotes, _mm256_cmpgt_epi8(space, least));
    if (_mm256_testz_si256(found, found) == 0) break;
  }
  return done;
}

/// How many bytes from `at` on, in whole blocks of 64, have nothing special. A conversation of
/// 100 KB is mostly such texts, which this reads three times as fast as blocks of 16.
__attribute__((target("avx2"))) std::size_t plain_blocks_avx2(const char* at, std::size_t size,
                                                              bool& beyond_ascii) {
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i slash = _mm256_set1_epi8('\\');
  const __m256i control = _mm256_set1_epi8(0x1f);
  __m256i all = _mm256_setzero_si256();
  std::size_t done = 0;
  for (; size - done >= 64; done += 64) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + done));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + done + 32));
    all = _mm256_or_si256(all, _mm256_or_si256(a, b));
    // The least of both bytes is a control character exactly if one of them is.
    const __m256i least = _mm256_min_epu8(a, b);
    const __m256i quotes =
        _mm256_or_si256(_mm256_cmpeq_epi8(a, quote), _mm256_cmpeq_epi8(b, quote));
    const __m256i slashes =
        _mm256_or_si256(_mm256_cmpeq_epi8(a, slash), _mm256_cmpeq_epi8(b, slash));
    const __m256i controls = _mm256_cmpeq_epi8(_mm256_min_epu8(least, control), least);
    const __m256i found = _mm256_or_si256(_mm256_or_si256(quotes, slashes), controls);
    if (_mm256_testz_si256(found, found) == 0) break;
  }
  beyond_ascii |= _mm256_movemask_epi8(all) != 0;
  return done;
}
std::size_t plain_blocks(const char* at, std::size_t size, bool& beyond_ascii) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (!has_avx2) return 0;
  const std::size_t ascii = plain_ascii_avx2(at, size);
  return ascii + plain_blocks_avx2(at + ascii, size - ascii, beyond_ascii);
}
#else
std::size_t plain_blocks(const char*, std::size_t, bool&) {
  return 0;
}
#endif

void append_utf8(std::string& out, std::uint32_t point) {
  const auto add = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xc0 | point >> 6);
    add(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    add(0xe0 | point >> 12);
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  } else {
    add(0xf0 | point >> 18);
    add(0x80 | (point >> 12 & 0x3f));
    add(0x80 | (point >> 6 & 0x3f));
    add(0x80 | (point & 0x3f));
  }
}

struct Escape {
  std::uint32_t point;
  std::size_t length;
};

/// The escape at `at`, with the second half of a surrogate pair. `raw` was checked when it was
/// read.
Escape read_escape(std::string_view raw, std::size_t at) {
  const char kind = raw[at + 1];
  if (kind != 'u') {
    constexpr std::string_view kNames = "bfnrt";
    constexpr std::string_view kValues = "\b\f\n\r\t";
    const auto index = kNames.find(kind);
    const char value = index == std::string_view::npos ? kind : kValues[index];
    return {static_cast<unsigned char>(value), 2};
  }
  const auto high = static_cast<std::uint32_t>(hex4(raw.data() + at + 2));
  if (high < 0xd800 || high > 0xdfff) return {high, 6};
  if (high < 0xdc00 && raw.size() - at >= 12 && raw[at + 6] == '\\' && raw[at + 7] == 'u') {
    const auto low = static_cast<std::uint32_t>(hex4(raw.data() + at + 8));
    if (low >= 0xdc00 && low <= 0xdfff)
      return {0x10000 + ((high - 0xd800) << 10) + low - 0xdc00, 12};
  }
  return {0xfffd, 6};
}

}  // namespace

const char* find_json_text_end(const char* begin, const char* end, JsonTextMarks& marks) {
  // Most keys end within 16 bytes; long texts go by blocks of 64, whose escapes are walked through
  // on the block's mask.
  std::size_t wanted = 16;
  for (const char* block = begin; block < end;) {
    const auto left = static_cast<std::size_t>(end - block);
    const std::size_t size = left >= wanted ? wanted : left >= 16 ? 16 : left;
    std::uint64_t specials = size == 64   ? specials_of_64(block, marks.beyond_ascii)
                             : size == 16 ? specials_of_16(block, marks.beyond_ascii)
                                          : specials_one_by_one(block, size, marks.beyond_ascii);
    const bool plain = specials == 0;
    std::size_t next = size;
    while (specials != 0) {
      const auto i = static_cast<std::size_t>(std::countr_zero(specials));
      if (block[i] == '"') return block + i;
      const std::size_t length = block[i] == '\\' ? escape_length(block + i, end) : 0;
      if (length == 0) return nullptr;
      marks.escaped = true;
      if (i + length >= size) {
        next = i + length;
        break;
      }
      specials &= ~std::uint64_t{0} << (i + length);
    }
    block += next;
    if (plain && size == 64) {
      block += plain_blocks(block, static_cast<std::size_t>(end - block), marks.beyond_ascii);
    }
    wanted = 64;
  }
  return nullptr;
}

std::optional<std::uint64_t> whole_number(std::string_view token) {
  constexpr std::size_t kPlainDigits = 18;  // never beyond 2^63
  if (token.size() <= kPlainDigits) {
    std::uint64_t number = 0;
    for (const char c : token) {
      if (c < '0' || c > '9') return {};
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (token.empty()) return {};
    return number;
  }
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(token.data(), token.data() + token.size(), value);
  if (error != std::errc{} || rest != token.data() + token.size() || token[0] == '-') return {};
  return static_cast<std::uint64_t>(value);
}

std::string JsonText::decode() const {
  if (!escaped) return std::string(raw);
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size();) {
    if (raw[i] != '\\') {
      out.push_back(raw[i++]);
      continue;
    }
    const Escape escape = read_escape(raw, i);
    append_utf8(out, escape.point);
    i += escape.length;
  }
  return out;
}

bool JsonText::is_decoded(std::string_view plain) const {
  if (raw.size() > plain.size() * 6) return false;  // the longest spelling of one ASCII character
  return decode() == plain;
}

std::size_t JsonText::characters() const {
  // Continuation bytes of UTF-8 are 0x80 to 0xbf, as signed numbers -128 to -65.
  std::size_t count = 0;
  for (const char c : raw) count += static_cast<std::size_t>(static_cast<signed char>(c) > -65);
  if (!escaped) return count;
  for (std::size_t i = raw.find('\\'); i != std::string_view::npos; i = raw.find('\\', i)) {
    const Escape escape = read_escape(raw, i);
    count -= escape.length - 1;  // the bytes of an escape are ASCII
    i += escape.length;
  }
  return count;
}

}  // namespace sallyport
