// Where a JSON text may end or has to be looked at: quotes, backslashes and control characters, many
// bytes at a time. For the reader alone, which is in two files. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace sallyport::json_specials {

/// A bit for every byte of [at, at + size) that is a quote, a backslash or a control character.
inline std::uint64_t specials_one_by_one(const char* at, std::size_t size, bool& beyond_ascii) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto c = static_cast<unsigned char>(at[i]);
    mask |= std::uint64_t{c == '"' || c == '\\' || c < 0x20} << i;
    beyond_ascii |= c >= 0x80;
  }
  return mask;
}

#if defined(__SSE2__)
inline __m128i load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
/// 0xff where a byte is special.
inline __m128i special_bytes(__m128i bytes) {
  const __m128i control = _mm_set1_epi8(0x1f);
  return _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                   _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                      _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
}
inline std::uint64_t mask_of(__m128i bytes) {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes));
}
inline std::uint64_t specials_of_16(const char* at, bool& beyond_ascii) {
  const __m128i bytes = load(at);
  beyond_ascii |= mask_of(bytes) != 0;  // of the highest bits
  return mask_of(special_bytes(bytes));
}
inline std::uint64_t specials_of_64(const char* at, bool& beyond_ascii) {
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
inline bool has_special(const char* at, bool& beyond_ascii) {
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
inline std::uint64_t specials_of_16(const char* at, bool& beyond_ascii) {
  const bool first = has_special(at, beyond_ascii);
  const bool second = has_special(at + 8, beyond_ascii);
  return first || second ? specials_one_by_one(at, 16, beyond_ascii) : 0;
}
inline std::uint64_t specials_of_64(const char* at, bool& beyond_ascii) {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < 64; i += 16) mask |= specials_of_16(at + i, beyond_ascii) << i;
  return mask;
}
#endif

}  // namespace sallyport::json_specials
