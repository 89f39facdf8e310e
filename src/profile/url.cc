#include "profile/url.h"

#include "base/address.h"
#include "base/encoding.h"
#include "base/guid.h"

namespace sallyport::profile {
std::string host_and_port(const Url& url) {
  return url.has_port && url.port != 443 ? format_address(url.host, url.port) : bracketed(url.host);
}

bool same_origin(std::string_view a, std::string_view b) {
  auto left = parse_any_url(a), right = parse_any_url(b);
  return left && right && left->scheme == right->scheme &&
         host_and_port(*left) == host_and_port(*right);
}

bool is_loopback_host(std::string_view host) {
  if (is_loopback_literal(host) || is_localhost_name(host)) return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos;
}

bool is_entra_host(std::string_view host) {
  return host == "login.microsoftonline.com" || host == "login.microsoftonline.us" ||
         host == "login.partner.microsoftonline.cn" || host == "sts.windows.net" ||
         host == "login.windows.net";
}

std::string entra_tenant(std::string_view issuer) {
  auto url = parse_any_url(issuer);
  if (!url || !is_entra_host(url->host)) return {};
  std::string_view path = url->path;
  while (path.starts_with('/')) path.remove_prefix(1);
  std::string_view tenant = path.substr(0, path.find('/'));
  return is_guid(tenant) ? lower_case(tenant) : std::string();
}

}  // namespace sallyport::profile
