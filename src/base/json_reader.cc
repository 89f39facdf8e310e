#include "base/json_reader.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace sallyport {
namespace {

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

/// A bit for every byte of [at, at + size) that is a quote, a backslash or a control character.
std::uint64_t specials_one_by_one(const char* at, std::size_t size, bool& beyond_ascii) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto c = static_cast<unsigned char>(at[i]);
    mask |= std::uint64_t{c == '"' || c == '\\' || c < 0x20} << i;
    beyond_ascii |= c >= 0x80;
  }
  return mask;
}

#if defined(__SSE2__)
__m128i load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
/// 0xff where a byte is special.
__m128i special_bytes(__m128i bytes) {
  const __m128i control = _mm_set1_epi8(0x1f);
  return _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                   _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                      _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
}
std::uint64_t mask_of(__m128i bytes) {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes));
}
std::uint64_t specials_of_16(const char* at, bool& beyond_ascii) {
  const __m128i bytes = load(at);
  beyond_ascii |= mask_of(bytes) != 0;  // of the highest bits
  return mask_of(special_bytes(bytes));
}
std::uint64_t specials_of_64(const char* at, bool& beyond_ascii) {
  const __m128i a_bytes = load(at);
  const __m128i b_bytes = load(at + 16);
  const __m128i c_bytes = load(at + 32);
  const __m128i d_bytes = load(at + 48);
  beyond_ascii |=
      mask_of(_mm_or_si128(_mm_or_si128(a_bytes, b_bytes), _mm_or_si128(c_bytes, d_bytes))) != 0;
  const __m128i a = special_bytes(a_bytes);
  const __m128i b = special_bytes(b_bytes);
  const __m128i c = special_bytes(c_bytes);
  const __m128i d = special_bytes(d_bytes);
  if (mask_of(_mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d))) == 0) return 0;
  return mask_of(a) | mask_of(b) << 16 | mask_of(c) << 32 | mask_of(d) << 48;
}
#else
/// Eight bytes at a time; after "Bit Twiddling Hacks", "Determine if a word has a byte less than
/// n".
bool has_special(const char* at, bool& beyond_ascii) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  std::uint64_t word;
  std::memcpy(&word, at, 8);
  beyond_ascii |= (word & kHigh) != 0;
  const auto has_less = [](std::uint64_t bytes, std::uint64_t than) {
    return ((bytes - kOnes * than) & ~bytes & kHigh) != 0;
  };
  return has_less(word, 0x20) || has_less(word ^ kOnes * '"', 1) ||
         has_less(word ^ kOnes * '\\', 1);
}
std::uint64_t specials_of_16(const char* at, bool& beyond_ascii) {
  const bool first = has_special(at, beyond_ascii);
  const bool second = has_special(at + 8, beyond_ascii);
  return first || second ? specials_one_by_one(at, 16, beyond_ascii) : 0;
}
std::uint64_t specials_of_64(const char* at, bool& beyond_ascii) {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < 64; i += 16) mask |= specials_of_16(at + i, beyond_ascii) << i;
  return mask;
}
#endif

#if defined(__x86_64__)
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
  return has_avx2 ? plain_blocks_avx2(at, size, beyond_ascii) : 0;
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

char JsonReader::look() {
  while (at_ < end_) {
    const char c = *at_;
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c;
    ++at_;
  }
  return 0;
}

bool JsonReader::fault() {
  failed_ = true;
  return false;
}

JsonKind JsonReader::peek() {
  if (failed_) return JsonKind::kNone;
  switch (look()) {
    case '{':
      return JsonKind::kObject;
    case '[':
      return JsonKind::kArray;
    case '"':
      return JsonKind::kText;
    case 't':
      return JsonKind::kTrue;
    case 'f':
      return JsonKind::kFalse;
    case 'n':
      return JsonKind::kNull;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      return JsonKind::kNumber;
    default:
      return JsonKind::kNone;
  }
}

bool JsonReader::open() {
  ++at_;
  first_ = true;
  if (++depth_ <= kMaxDepth) return true;
  too_deep_ = true;
  return fault();
}

bool JsonReader::begin_object() {
  if (failed_ || look() != '{') return fault();
  return open();
}

bool JsonReader::begin_array() {
  if (failed_ || look() != '[') return fault();
  return open();
}

bool JsonReader::next_member(JsonText& key_out) {
  if (failed_) return false;
  const char c = look();
  if (c == '}') {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (c != ',') return fault();
    ++at_;
  }
  return key(key_out);
}

bool JsonReader::next_element() {
  if (failed_) return false;
  const char c = look();
  if (c == ']') {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (first_) {
    first_ = false;
    return true;
  }
  if (c != ',') return fault();
  ++at_;
  return true;
}

bool JsonReader::key(JsonText& key_out) {
  if (!text(key_out)) return false;
  if (look() != ':') return fault();
  ++at_;
  return true;
}

bool JsonReader::text(JsonText& value) {
  if (failed_ || look() != '"') return fault();
  first_ = false;
  const char* close = text_end(value.escaped);
  if (close == nullptr) return fault();
  value.raw = {at_ + 1, close};
  value.offset = offset();
  at_ = close + 1;
  return true;
}

// Of the text whose opening quote comes next.
const char* JsonReader::text_end(bool& escaped) {
  JsonTextMarks marks;
  const char* close = find_json_text_end(at_ + 1, end_, marks);
  escaped = marks.escaped;
  beyond_ascii_ |= marks.beyond_ascii;
  return close;
}

bool JsonReader::number(std::string_view& token) {
  if (failed_) return false;
  look();
  first_ = false;
  const char* start = at_;
  if (!scan_number()) return fault();
  token = {start, at_};
  return true;
}

bool JsonReader::scan_number() {
  const auto digit = [this] { return at_ < end_ && *at_ >= '0' && *at_ <= '9'; };
  const auto digits = [&] {
    if (!digit()) return false;
    while (digit()) ++at_;
    return true;
  };
  if (at_ < end_ && *at_ == '-') ++at_;
  if (at_ < end_ && *at_ == '0') {
    ++at_;  // nothing may follow a leading zero but a fraction or an exponent
  } else if (!digits()) {
    return false;
  }
  if (at_ < end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return false;
  }
  return true;
}

bool JsonReader::literal(std::string_view word) {
  if (std::string_view(at_, end_).substr(0, word.size()) != word) return fault();
  at_ += word.size();
  return true;
}

bool JsonReader::scalar(char first) {
  switch (first) {
    case '"': {
      bool escaped = false;
      const char* close = text_end(escaped);
      if (close == nullptr) return fault();
      at_ = close + 1;
      return true;
    }
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    default:
      return scan_number() || fault();
  }
}

bool JsonReader::skip() {
  if (failed_) return false;
  std::array<bool, kMaxDepth + 1> in_object;  // written before it is read
  const unsigned outside = depth_;
  JsonText ignored;
  do {
    // A value starts here.
    const char first = look();
    if (first == '{' || first == '[') {
      if (!open()) return false;
      in_object[depth_] = first == '{';
    } else {
      first_ = false;
      if (!scalar(first)) return false;
    }
    // Close what ends here, up to the next value.
    while (depth_ > outside) {
      const bool more = in_object[depth_] ? next_member(ignored) : next_element();
      if (failed_) return false;
      if (more) break;
    }
  } while (depth_ > outside);
  return true;
}

bool JsonReader::finish() {
  return !failed_ && look() == 0 && at_ == end_;
}

}  // namespace sallyport
