#include "identity/presented_token.h"

#include <algorithm>
#include <array>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "http/name_list.h"
#include "identity/token_verifier.h"

namespace sallyport::identity {
namespace {

constexpr http::NameList kCredentialHeaders({"authorization", "x-api-key", "api-key", "cookie",
                                             "proxy-authorization"});

// RFC 6750 section 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
constexpr bool in_token68(unsigned char c) {
  const auto letter = static_cast<unsigned char>((c | 0x20) - 'a');
  const auto digit = static_cast<unsigned char>(c - '-');  // "-./0123456789" stand in a row
  return (letter < 26) | (digit < 13) | (c == '_') | (c == '~') | (c == '+') | (c == '=');
}

// Looks at all of it, without an early end, so that the compiler takes sixteen characters at once.
bool all_in_token68(std::string_view text) {
  bool foreign = false;
  for (char c : text) foreign |= !in_token68(static_cast<unsigned char>(c));
  return !foreign;
}

#if defined(__x86_64__)
// The same, thirty-two at once: a character is one of ours if the row that its upper half chooses
// has the column that its lower half chooses. Rows are bits; the alphabet is in rows 2 to 7.
constexpr std::array<char, 16> kRowOf = [] {
  std::array<char, 16> bits{};
  for (unsigned row = 2; row < 8; ++row) bits[row] = static_cast<char>(1U << (row - 2));
  return bits;
}();
constexpr std::array<char, 16> kRowsWithColumn = [] {
  std::array<char, 16> bits{};
  for (unsigned c = 0x20; c < 0x80; ++c) {
    auto& rows = bits[c & 15];
    if (in_token68(static_cast<unsigned char>(c))) {
      rows = static_cast<char>(static_cast<unsigned char>(rows) | 1U << ((c >> 4) - 2));
    }
  }
  return bits;
}();

__attribute__((target("avx2"))) bool all_in_token68_avx2(std::string_view text) {
  const auto table = [](const std::array<char, 16>& bits) __attribute__((target("avx2"))) {
    return _mm256_broadcastsi128_si256(
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(bits.data())));
  };
  const __m256i rows = table(kRowOf);
  const __m256i columns = table(kRowsWithColumn);
  const __m256i half = _mm256_set1_epi8(15);
  const __m256i none = _mm256_setzero_si256();
  __m256i foreign = none;
  const std::size_t last = text.size() - 32;
  for (std::size_t at = 0;; at = at + 32 < last ? at + 32 : last) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + at));
    const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);
    // A byte from 0x80 on chooses no column.
    const __m256i found =
        _mm256_and_si256(_mm256_shuffle_epi8(rows, upper), _mm256_shuffle_epi8(columns, bytes));
    foreign = _mm256_or_si256(foreign, _mm256_cmpeq_epi8(found, none));
    if (at == last) break;
  }
  return _mm256_testz_si256(foreign, foreign) != 0;
}

bool is_token68(std::string_view text) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  return has_avx2 && text.size() >= 32 ? all_in_token68_avx2(text) : all_in_token68(text);
}
#else
bool is_token68(std::string_view text) {
  return all_in_token68(text);
}
#endif

// Two dots make a JWS, four a JWE; which of them it is and whether it is any good, the verifier
// says. `dummy`, `sk-ant-...` and opaque access tokens have fewer.
bool looks_like_jwt(std::string_view text) {
  const auto first = text.find('.');
  return first != std::string_view::npos && text.find('.', first + 1) != std::string_view::npos;
}

struct Candidate {
  std::string_view text;  ///< empty: the field is there, but with nothing in it
  Reason fault = Reason::kNone;
};

// `Bearer TOKEN`, the scheme in any case (RFC 9110 section 11.1), then spaces, then one token.
Candidate after_bearer(std::string_view value) {
  if (http::name_is(value, "bearer")) return {};
  if (!http::name_starts_with(value, "bearer ")) {
    // A tab would be a scheme named "bearer<TAB>...": refused, not ignored.
    bool nearly = http::name_starts_with(value, "bearer");
    return {.text = {}, .fault = nearly ? Reason::kMalformedCredential : Reason::kWrongScheme};
  }
  value.remove_prefix(std::string_view("bearer ").size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  if (!is_token68(value)) return {.text = {}, .fault = Reason::kMalformedCredential};
  return {.text = value};
}

// x-api-key and extra headers: the bare token, or as in Authorization.
Candidate bare_or_bearer(std::string_view value) {
  if (http::name_starts_with(value, "bearer ")) return after_bearer(value);
  if (!is_token68(value)) return {.text = {}, .fault = Reason::kMalformedCredential};
  return {.text = value};
}

/// What has been seen so far in one request.
class Search {
 public:
  void add(Candidate candidate) {
    if (candidate.fault == Reason::kMalformedCredential) fault_ = candidate.fault;
    if (candidate.fault == Reason::kWrongScheme) other_scheme_ = true;
    if (candidate.text.empty()) return;
    if (!looks_like_jwt(candidate.text)) {
      opaque_ = true;
    } else if (token_.empty()) {
      token_ = candidate.text;
    } else if (token_ != candidate.text) {
      fault_ = Reason::kAmbiguousCredentials;
    }
  }

  [[nodiscard]] std::expected<std::string_view, Reason> result() const {
    if (fault_ != Reason::kNone) return std::unexpected(fault_);
    if (token_.size() > kTokenBytes) return std::unexpected(Reason::kTooLarge);
    if (!token_.empty()) return token_;
    if (opaque_) return std::unexpected(Reason::kOpaque);
    return std::unexpected(other_scheme_ ? Reason::kWrongScheme : Reason::kMissing);
  }

 private:
  std::string_view token_;
  Reason fault_ = Reason::kNone;
  bool opaque_ = false;
  bool other_scheme_ = false;
};

}  // namespace

std::expected<std::string_view, Reason> find_presented_token(
    http::Fields fields, std::span<const std::string> extra_headers) {
  Search search;
  // Every place is one field: a header that stands twice is ambiguous even with the same value,
  // because components behind or before us may take the first, the last or both.
  auto look = [&](std::string_view lower, Candidate (*read)(std::string_view)) {
    bool seen = false;
    for (const auto& field : fields) {
      if (!http::name_is(field.name, lower)) continue;
      if (seen) return false;
      seen = true;
      search.add(read(field.value));
    }
    return true;
  };
  if (!look("authorization", after_bearer) || !look("x-api-key", bare_or_bearer)) {
    return std::unexpected(Reason::kAmbiguousCredentials);
  }
  for (const auto& extra : extra_headers) {
    if (extra == "authorization" || extra == "x-api-key") continue;
    if (!look(extra, bare_or_bearer)) return std::unexpected(Reason::kAmbiguousCredentials);
  }
  return search.result();
}

bool is_credential_header(std::string_view name, std::span<const std::string> extra_headers) {
  return kCredentialHeaders.contains(name) ||
         std::ranges::any_of(extra_headers,
                             [&](const auto& lower) { return http::name_is(name, lower); });
}

}  // namespace sallyport::identity
