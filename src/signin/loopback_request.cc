#include "signin/loopback_request.h"

#include <optional>

#include "http/field.h"

namespace sallyport::signin {
namespace {

using enum LoopbackFault;

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
  auto callback = parse_callback(query);
  if (callback) return std::move(*callback);
  return std::unexpected(callback.error() == CallbackFault::kMalformed ? kMalformed : kNoAnswer);
}

}  // namespace sallyport::signin
