#include "http/head_reader.h"

#include <array>
#include <bit>
#include <cstdint>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace sallyport::http {
namespace {

constexpr std::string_view kCrlf = "\r\n";

// tchar of RFC 9110 5.6.2.
constexpr auto kToken = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

#ifdef __SSE2__
__m128i load_16(const char* from) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

std::uint32_t mask_of(__m128i bytes) {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes));
}

// A bit for each of sixteen characters that is neither letter nor dash: names of fields seldom
// have one before their colon.
std::uint32_t no_letters(const char* from) {
  const __m128i bytes = load_16(from);
  const __m128i in_alphabet =
      _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
  const __m128i letter =
      _mm_cmpeq_epi8(_mm_min_epu8(in_alphabet, _mm_set1_epi8('z' - 'a')), in_alphabet);
  return mask_of(_mm_or_si128(letter, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')))) ^ 0xffff;
}

// True if all of 64 bytes are printable ASCII.
bool are_printable(const char* from) {
  const __m128i space = _mm_set1_epi8(' ');
  const __m128i last = _mm_set1_epi8('~' - ' ');
  const auto above_space = [&](std::size_t at) { return _mm_sub_epi8(load_16(from + at), space); };
  const __m128i most = _mm_max_epu8(_mm_max_epu8(above_space(0), above_space(16)),
                                    _mm_max_epu8(above_space(32), above_space(48)));
  return mask_of(_mm_cmpeq_epi8(_mm_max_epu8(most, last), last)) == 0xffff;
}
#endif

std::size_t token_length(std::string_view text) {
  std::size_t length = 0;
#ifdef __SSE2__
  while (text.size() - length >= 16) {
    const std::uint32_t others = no_letters(text.data() + length);
    if (others != 0) {
      length += static_cast<std::size_t>(std::countr_zero(others));
      break;
    }
    length += 16;
  }
#endif
  while (length < text.size() && kToken[static_cast<unsigned char>(text[length])]) ++length;
  return length;
}

bool is_control(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

// How many bytes stand before the first control character. Most of a head is a token of a
// kilobyte and more, so that this takes sixteen at a time, and 64 where they are printable.
std::size_t text_length(std::string_view text) {
  std::size_t at = 0;
#ifdef __SSE2__
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; text.size() - at >= 16; at += 16) {
    if (at == 32) {  // a long one, then
      while (text.size() - at >= 64 + 16 && are_printable(text.data() + at)) at += 64;
    }
    __m128i bytes = load_16(text.data() + at);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    __m128i control =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low), _mm_cmpeq_epi8(bytes, del));
    const std::uint32_t found = mask_of(control);
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  while (at < text.size() && !is_control(text[at])) ++at;
  return at;
}

// Takes `HTTP/1.0` or `HTTP/1.1` off the front.
int take_version(std::string_view& text) {
  if (!text.starts_with("HTTP/1.") || text.size() < 8 || (text[7] != '0' && text[7] != '1')) {
    return 0;
  }
  int version = text[7] == '0' ? 10 : 11;
  text.remove_prefix(8);
  return version;
}

}  // namespace

bool is_token(std::string_view text) {
  return token_length(text) == text.size();
}

bool is_field_text(std::string_view text) {
  return text_length(text) == text.size();
}

std::expected<RequestLine, HeadFault> take_request_line(std::string_view& head) {
  RequestLine line;
  std::size_t length = token_length(head);
  if (length == 0 || length == head.size() || head[length] != ' ') {
    return std::unexpected(HeadFault::kMalformed);
  }
  line.method = head.substr(0, length);
  head.remove_prefix(length + 1);
  length = head.find_first_of(" \r\n");
  if (length == 0 || length == std::string_view::npos || head[length] != ' ') {
    return std::unexpected(HeadFault::kBadTarget);
  }
  line.target = head.substr(0, length);
  head.remove_prefix(length + 1);
  line.version = take_version(head);
  if (line.version == 0) return std::unexpected(HeadFault::kBadVersion);
  if (!head.starts_with(kCrlf)) return std::unexpected(HeadFault::kMalformed);
  head.remove_prefix(kCrlf.size());
  return line;
}

std::expected<StatusLine, HeadFault> take_status_line(std::string_view& head) {
  StatusLine line;
  line.version = take_version(head);
  if (line.version == 0 || !head.starts_with(' ')) return std::unexpected(HeadFault::kBadVersion);
  if (head.size() < 5 || head[4] != ' ') return std::unexpected(HeadFault::kMalformed);
  for (char digit : head.substr(1, 3)) {
    if (digit < '0' || digit > '9') return std::unexpected(HeadFault::kMalformed);
    line.status = line.status * 10 + (digit - '0');
  }
  head.remove_prefix(5);
  line.reason = head.substr(0, text_length(head));
  head.remove_prefix(line.reason.size());
  if (!head.starts_with(kCrlf)) return std::unexpected(HeadFault::kMalformed);
  head.remove_prefix(kCrlf.size());
  return line;
}

std::optional<Field> take_field(std::string_view& lines) {
  std::size_t colon = token_length(lines);
  if (colon == 0 || colon == lines.size() || lines[colon] != ':') return std::nullopt;
  auto value = lines.substr(colon + 1);
  value = value.substr(0, text_length(value));
  Field field{lines.substr(0, colon), trim(value)};
  lines.remove_prefix(colon + 1 + value.size());
  return field;
}

std::optional<HeadFault> take_fields(std::string_view& head, std::vector<Field>& fields) {
  while (!head.starts_with(kCrlf)) {
    auto field = take_field(head);
    if (!field || !head.starts_with(kCrlf)) return HeadFault::kMalformed;
    if (fields.size() >= kMaxFields) return HeadFault::kTooLarge;
    fields.push_back(*field);
    head.remove_prefix(kCrlf.size());
  }
  head.remove_prefix(kCrlf.size());
  return std::nullopt;
}

}  // namespace sallyport::http
