#include "signin/callback.h"

#include <algorithm>
#include <optional>

namespace sallyport::signin {
namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// application/x-www-form-urlencoded, as RFC 6749 appendix B has it.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] == '%') {
      auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
      if (!low) return std::nullopt;
      out.push_back(static_cast<char>(*high * 16 + *low));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

struct Parameters {
  std::optional<std::string> code, state, issuer, error, description;

  /// False: twice, or broken.
  bool take(std::string_view name, std::string_view value) {
    std::optional<std::string>* to = name == "code"                ? &code
                                     : name == "state"             ? &state
                                     : name == "iss"               ? &issuer
                                     : name == "error"             ? &error
                                     : name == "error_description" ? &description
                                                                   : nullptr;
    if (to == nullptr) return true;  // RFC 6749 4.1.2: unknown parameters are ignored
    if (*to) return false;
    *to = decode(value);
    return to->has_value();
  }
};

std::optional<Parameters> parse_query(std::string_view query) {
  Parameters found;
  while (!query.empty()) {
    auto end = std::min(query.find('&'), query.size());
    auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    auto equals = std::min(pair.find('='), pair.size());
    auto value = pair.substr(std::min(equals + 1, pair.size()));
    if (!found.take(pair.substr(0, equals), value)) return std::nullopt;
  }
  return found;
}

}  // namespace

std::expected<Callback, CallbackFault> parse_callback(std::string_view query) {
  auto found = parse_query(query);
  if (!found) return std::unexpected(CallbackFault::kMalformed);
  bool has_code = found->code && !found->code->empty();
  bool has_error = found->error && !found->error->empty();
  if (!found->state || found->state->empty() || has_code == has_error) {
    return std::unexpected(CallbackFault::kNoAnswer);
  }
  Callback callback;
  if (has_code) callback.code = Secret(std::move(*found->code));
  callback.state = std::move(*found->state);
  callback.issuer = found->issuer.value_or("");
  callback.error = found->error.value_or("");
  callback.description = found->description.value_or("");
  return callback;
}

Result<void> check_answering_issuer(const Callback& callback, const identity::Discovery& provider) {
  bool missing = callback.issuer.empty() && provider.names_issuer_in_response;
  bool other = !callback.issuer.empty() && callback.issuer != provider.issuer;
  if (!missing && !other) return {};
  return fail("sign_in.foreign_answer",
              "the browser came back with the answer of another identity provider",
              "close that window and sign in again; if it stays so, tell your administrator");
}

}  // namespace sallyport::signin
