#include "http/link_local.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/address.h"
#include "base/ascii.h"

namespace sallyport::http {
namespace {

bool is_link_local_v4(const std::uint8_t* bytes) {
  return bytes[0] == 169 && bytes[1] == 254;
}

bool starts_with(const in6_addr& address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.s6_addr);
}

bool is_metadata_v6(const in6_addr& address) {
  constexpr std::uint8_t kAws[16] = {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54};
  constexpr std::uint8_t kGoogle[16] = {0xfd, 0x20, 0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54};
  return std::memcmp(address.s6_addr, kAws, 16) == 0 ||
         std::memcmp(address.s6_addr, kGoogle, 16) == 0;
}

bool is_link_local_v6(const in6_addr& address) {
  const std::uint8_t* bytes = address.s6_addr;
  if (IN6_IS_ADDR_LINKLOCAL(&address) || is_metadata_v6(address)) return true;
  if (IN6_IS_ADDR_V4MAPPED(&address) || IN6_IS_ADDR_V4COMPAT(&address)) {
    return is_link_local_v4(bytes + 12);
  }
  bool nat64 = starts_with(address, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0});  // RFC 6052
  if (nat64) return is_link_local_v4(bytes + 12);
  return starts_with(address, {0x20, 0x02}) && is_link_local_v4(bytes + 2);  // RFC 3056
}

}  // namespace

bool is_link_local(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return is_link_local_v4(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr));
  }
  if (address->sa_family != AF_INET6) return false;
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  return is_link_local_v6(v6.sin6_addr);
}

bool is_link_local_literal(std::string_view host) {
  auto address = parse_ip(host);
  if (!address) return false;
  if (!address->v6) return is_link_local_v4(address->bytes.data());
  in6_addr v6{};
  std::memcpy(&v6, address->bytes.data(), sizeof v6);
  return is_link_local_v6(v6);
}

bool is_odd_number_host(std::string_view host) {
  if (host.contains(':') || is_ip_literal(host)) return false;
  while (host.ends_with('.')) host.remove_suffix(1);
  std::string_view last = host.substr(host.rfind('.') + 1);
  if (last.empty()) return true;
  bool hex = last.starts_with("0x") || last.starts_with("0X");
  return hex || std::ranges::all_of(last, is_digit);
}

}  // namespace sallyport::http
