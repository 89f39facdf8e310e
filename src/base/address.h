// IP addresses as text and as bytes, and how an address with its port is written. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  ///< in network order; of IPv4 the first four
  [[nodiscard]] int bits() const { return v6 ? 128 : 32; }
};

/// Four decimal numbers, or IPv6 in any form of RFC 4291 section 2.2, without brackets and zone.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);
/// The shortest form (RFC 5952).
[[nodiscard]] std::string format_ip(const IpAddress& address);

[[nodiscard]] inline bool is_ip_literal(std::string_view host) {
  return parse_ip(host).has_value();
}
/// 127.0.0.0/8 or ::1. A name such as `localhost` is not: what it resolves to is not ours.
[[nodiscard]] bool is_loopback_literal(std::string_view host);
/// `localhost` or a name below it, in lower case: what others resolve to loopback (RFC 6761
/// section 6.3). For judging what is written for other programs, not for where we connect.
[[nodiscard]] bool is_localhost_name(std::string_view host);

/// A host as it stands in a URL: IPv6 in brackets.
[[nodiscard]] std::string bracketed(std::string_view host);
/// `10.0.0.1:80`, `[::1]:80`.
[[nodiscard]] std::string format_address(std::string_view host, std::uint16_t port);

}  // namespace sallyport
