#include "base/address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace sallyport {

std::optional<IpAddress> parse_ip(std::string_view text) {
  // inet_pton reads up to the first NUL; what stands behind one must not be overlooked.
  char copy[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof copy || text.contains('\0')) return std::nullopt;
  std::ranges::copy(text, copy);
  IpAddress address;
  if (::inet_pton(AF_INET, copy, address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (::inet_pton(AF_INET6, copy, address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::string format_ip(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
  return text;
}

bool is_loopback_literal(std::string_view host) {
  constexpr std::array<std::uint8_t, 16> kLoopback6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  auto address = parse_ip(host);
  if (!address) return false;
  return address->v6 ? address->bytes == kLoopback6 : address->bytes[0] == 127;
}

bool is_localhost_name(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

std::string bracketed(std::string_view host) {
  std::string text(host);
  if (host.contains(':')) text = "[" + text + "]";
  return text;
}

std::string format_address(std::string_view host, std::uint16_t port) {
  return bracketed(host) + ":" + std::to_string(port);
}

}  // namespace sallyport
