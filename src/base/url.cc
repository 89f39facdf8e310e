#include "base/url.h"

#include <algorithm>
#include <charconv>

#include "base/address.h"
#include "base/ascii.h"
#include "base/encoding.h"

namespace sallyport {
namespace {

enum class Form { kStrict, kWide };

constexpr std::size_t kLongestStrict = 2048;

constexpr bool is_beyond_ascii(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

// RFC 3986 section 2: what a URL can hold, the percent sign included.
bool may_stand_in_url(char c, Form form) {
  if (form == Form::kWide) return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  constexpr std::string_view kMarks = "-._~:/?#[]@!$&'()*+,;=%";
  return is_letter_or_digit(c) || kMarks.contains(c);
}

std::uint16_t port_of(std::string_view scheme) {
  if (scheme == "https") return 443;
  return scheme == "http" ? 80 : 0;
}

bool is_scheme(std::string_view text, Form form) {
  if (form == Form::kStrict) return text == "http" || text == "https";
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter_or_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

bool is_host_name(std::string_view host, Form form) {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.front() == '-') return false;
  if (host.contains("..")) return false;
  return std::ranges::all_of(host, [form](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' ||
           (form == Form::kWide && is_beyond_ascii(c));
  });
}

bool read_port(std::string_view text, std::uint16_t& port) {
  if (text.empty() || !is_digit(text.front()) || text.front() == '0') return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size();
}

// [ user-information "@" ] host [ ":" port ]
bool read_authority(std::string_view text, Form form, Url& url) {
  if (auto at = text.rfind('@'); at != std::string_view::npos) {
    url.has_user_info = true;
    text.remove_prefix(at + 1);
  }
  std::string_view host;
  if (text.starts_with('[')) {
    auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    host = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    auto address = parse_ip(host);
    if (!address || !address->v6) return false;
  } else {
    host = text.substr(0, text.find(':'));
    text.remove_prefix(host.size());
    if (!is_host_name(host, form)) return false;
  }
  url.host = lower_case(host);
  url.port = port_of(url.scheme);
  if (text.empty()) return true;
  url.has_port = true;
  return text.front() == ':' && read_port(text.substr(1), url.port);
}

std::optional<Url> take_apart(std::string_view text, Form form) {
  if (form == Form::kStrict && text.size() > kLongestStrict) return std::nullopt;
  if (!std::ranges::all_of(text, [form](char c) { return may_stand_in_url(c, form); })) {
    return std::nullopt;
  }
  auto separator = text.find("://");
  if (separator == std::string_view::npos || !is_scheme(text.substr(0, separator), form)) {
    return std::nullopt;
  }
  Url url;
  url.scheme = lower_case(text.substr(0, separator));
  std::string_view rest = text.substr(separator + 3);
  auto end = std::min(rest.find_first_of("/?#"), rest.size());
  if (!read_authority(rest.substr(0, end), form, url)) return std::nullopt;
  rest.remove_prefix(end);
  if (auto hash = rest.find('#'); hash != std::string_view::npos) {
    url.has_fragment = true;
    url.fragment = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
  }
  if (auto question = rest.find('?'); question != std::string_view::npos) {
    url.has_query = true;
    url.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  url.path = rest;
  return url;
}

}  // namespace

std::string Url::authority() const {
  return port == port_of(scheme) ? bracketed(host) : format_address(host, port);
}

std::optional<Url> parse_url(std::string_view text) {
  return take_apart(text, Form::kStrict);
}

std::optional<Url> parse_request_url(std::string_view text) {
  auto url = parse_url(text);
  if (url && (url->has_user_info || url->has_fragment)) url.reset();
  return url;
}

std::optional<Url> parse_any_url(std::string_view text) {
  return take_apart(text, Form::kWide);
}

}  // namespace sallyport
