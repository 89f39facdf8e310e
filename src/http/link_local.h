// Addresses at which a machine finds its cloud's or its own services, and at which nobody else may
// make us ask: link-local ones (169.254.0.0/16 with the metadata service, fe80::/10) in every
// disguise that a resolver can hand out. Pure; any thread.
#pragma once

#include <string_view>

struct sockaddr;

namespace sallyport::http {

/// Judges a resolved address: IPv4, IPv6, IPv4 inside IPv6 (mapped, compatible, NAT64, 6to4), and
/// the metadata services' IPv6 addresses (fd00:ec2::254, fd20:ce::254).
[[nodiscard]] bool is_link_local(const sockaddr* address);

/// The same for a host as it stands in a URL; false for names.
[[nodiscard]] bool is_link_local_literal(std::string_view host);

/// True for hosts that resolvers read as IPv4 though they are not four decimal numbers:
/// 2852039166, 0xa9fea9fe, 169.254.43518. (The URL standard: a host that ends in a number.)
[[nodiscard]] bool is_odd_number_host(std::string_view host);

}  // namespace sallyport::http
