// Where a request comes from: the peer's address, or what a trusted proxy in front of us says it
// is. X-Forwarded-For is read from the right as long as the speaker is trusted. Pure.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/field.h"
#include "identity/failure_limiter.h"

namespace sallyport::gateway {

/// An address range: `10.0.0.0/8`, `::1`.
struct Network {
  identity::SourceAddress address{};
  unsigned bits = 128;  ///< of the 16-byte form
  [[nodiscard]] bool contains(const identity::SourceAddress& other) const;
};
[[nodiscard]] std::optional<Network> parse_network(std::string_view text);

struct Source {
  identity::SourceAddress address{};
  std::string text;                  ///< as it is recorded: 192.0.2.7, 2001:db8::1
  std::vector<std::string> proxies;  ///< believed on the way, nearest last
};

/// Whose places and requests an address counts for: an IPv4 address by itself, an IPv6 host by its
/// /64, all of which it has to choose from (RFC 4291 2.5.1).
[[nodiscard]] identity::SourceAddress network_of(identity::SourceAddress address);
/// The same as a key of 16 bytes, not for reading.
[[nodiscard]] std::string share_of(const identity::SourceAddress& address);

[[nodiscard]] Source source_of_peer(const sockaddr_storage& peer);
/// What the fields say, if the peer is a trusted proxy; else the peer.
[[nodiscard]] Source source_of_request(const Source& peer, http::Fields fields,
                                       const std::vector<Network>& trusted);

}  // namespace sallyport::gateway
