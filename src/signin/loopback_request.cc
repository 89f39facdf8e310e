#include "signin/loopback_request.h"

#include <optional>

#include "http/field.h"

namespace sallyport::signin {
namespace {

using enum LoopbackFault;

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

struct RequestLine {
  std::string_view method;
  std::string_view target;
};

std::optional<RequestLine> parse_line(std::string_view line) {
  auto first = line.find(' ');
  auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  auto version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return std::nullopt;
  RequestLine parts{line.substr(0, first), line.substr(first + 1, last - first - 1)};
  for (char c : parts.target) {
    if (c <= 0x20 || c >= 0x7f) return std::nullopt;
  }
  if (!parts.target.starts_with('/')) return std::nullopt;
  return parts;
}

// The one Host field; empty where there is none or more than one.
std::optional<std::string_view> find_host(std::string_view head) {
  std::optional<std::string_view> host;
  while (!head.empty()) {
    auto end = std::min(head.find("\r\n"), head.size());
    auto line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    auto colon = line.find(':');
    if (colon == std::string_view::npos || !http::name_is(line.substr(0, colon), "host")) continue;
    if (host) return std::nullopt;
    auto value = line.substr(colon + 1);
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    host = value;
  }
  return host;
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

std::expected<Callback, LoopbackFault> parse_loopback_request(std::string_view head,
                                                              std::string_view host) {
  if (head.size() > kMaxLoopbackRequest) return std::unexpected(kMalformed);
  auto end = head.find("\r\n");
  if (end == std::string_view::npos) return std::unexpected(kMalformed);
  auto line = parse_line(head.substr(0, end));
  if (!line) return std::unexpected(kMalformed);
  auto named = find_host(head.substr(end + 2));
  if (!named || *named != host) return std::unexpected(kHost);
  auto question = std::min(line->target.find('?'), line->target.size());
  if (line->target.substr(0, question) != "/callback") return std::unexpected(kPath);
  if (line->method != "GET") return std::unexpected(kMethod);
  auto query = line->target.substr(std::min(question + 1, line->target.size()));
  auto found = parse_query(query);
  if (!found) return std::unexpected(kMalformed);
  bool has_code = found->code && !found->code->empty();
  bool has_error = found->error && !found->error->empty();
  if (!found->state || found->state->empty() || has_code == has_error) {
    return std::unexpected(kNoAnswer);
  }
  Callback callback;
  if (has_code) callback.code = Secret(std::move(*found->code));
  callback.state = std::move(*found->state);
  callback.issuer = found->issuer.value_or("");
  callback.error = found->error.value_or("");
  callback.description = found->description.value_or("");
  return callback;
}

}  // namespace sallyport::signin
