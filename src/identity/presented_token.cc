#include "identity/presented_token.h"

#include <algorithm>
#include <array>

#include "identity/token_verifier.h"

namespace sallyport::identity {
namespace {

constexpr std::array<std::string_view, 5> kCredentialHeaders{
    "authorization", "x-api-key", "api-key", "cookie", "proxy-authorization"};

// RFC 6750 section 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
// Looks at all of it, without an early end, so that the compiler takes sixteen characters at once.
bool is_token68(std::string_view text) {
  unsigned char foreign = 0;
  for (char c : text) {
    const auto letter = static_cast<unsigned char>((c | 0x20) - 'a');
    const auto digit = static_cast<unsigned char>(c - '-');  // "-./0123456789" stand in a row
    const bool good =
        (letter < 26) | (digit < 13) | (c == '_') | (c == '~') | (c == '+') | (c == '=');
    foreign |= static_cast<unsigned char>(!good);
  }
  return foreign == 0;
}

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
  auto same = [&](std::string_view lower) { return http::name_is(name, lower); };
  return std::ranges::any_of(kCredentialHeaders, same) || std::ranges::any_of(extra_headers, same);
}

}  // namespace sallyport::identity
