#include "profile/url.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace sallyport::profile {
namespace {

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool good_port(std::string_view port) {
  unsigned value = 0;
  auto [at, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  return error == std::errc() && at == port.data() + port.size() && value >= 1 && value <= 65535;
}

bool good_host(std::string_view host) {
  if (host.starts_with('[')) return host.ends_with(']') && host.size() > 3;
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return std::nullopt;
  }
  auto colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0 || !is_alpha(text[0])) return std::nullopt;
  Url url;
  url.scheme = lower_case(text.substr(0, colon));
  text.remove_prefix(colon + 3);
  auto end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  std::string_view rest = text.substr(end);
  if (auto at = authority.rfind('@'); at != std::string_view::npos) {
    url.has_user_info = true;
    url.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  auto bracket = authority.rfind(']');
  auto port = authority.rfind(':');
  if (port != std::string_view::npos && (bracket == std::string_view::npos || port > bracket)) {
    url.port = authority.substr(port + 1);
    if (!good_port(url.port)) return std::nullopt;
    authority = authority.substr(0, port);
  }
  if (!good_host(authority)) return std::nullopt;
  url.host = lower_case(authority);
  if (auto hash = rest.find('#'); hash != std::string_view::npos) {
    url.fragment = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
  }
  if (auto question = rest.find('?'); question != std::string_view::npos) {
    url.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  url.path = rest;
  return url;
}

bool same_origin(std::string_view a, std::string_view b) {
  auto left = parse_url(a), right = parse_url(b);
  return left && right && left->scheme == right->scheme &&
         left->host_and_port() == right->host_and_port();
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost") || host == "[::1]") return true;
  if (!host.starts_with("127.")) return false;
  return std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
}

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    char c = text[i];
    bool hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

bool is_entra_host(std::string_view host) {
  return host == "login.microsoftonline.com" || host == "login.microsoftonline.us" ||
         host == "login.partner.microsoftonline.cn" || host == "sts.windows.net" ||
         host == "login.windows.net";
}

std::string entra_tenant(std::string_view issuer) {
  auto url = parse_url(issuer);
  if (!url || !is_entra_host(url->host)) return {};
  std::string_view path = url->path;
  while (path.starts_with('/')) path.remove_prefix(1);
  std::string_view tenant = path.substr(0, path.find('/'));
  return is_guid(tenant) ? lower_case(tenant) : std::string();
}

}  // namespace sallyport::profile
