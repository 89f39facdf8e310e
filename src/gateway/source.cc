#include "gateway/source.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/encoding.h"
#include "http/field.h"

namespace sallyport::gateway {
namespace {

constexpr std::size_t kMaxHops = 16;

std::optional<identity::SourceAddress> parse_address(std::string_view text) {
  std::string copy(text);
  identity::SourceAddress address{};
  in_addr v4{};
  if (::inet_pton(AF_INET, copy.c_str(), &v4) == 1) {
    address[10] = address[11] = 0xff;
    std::memcpy(address.data() + 12, &v4, 4);
    return address;
  }
  if (::inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

bool is_v4(const identity::SourceAddress& address) {
  return std::all_of(address.begin(), address.begin() + 10, [](auto b) { return b == 0; }) &&
         address[10] == 0xff && address[11] == 0xff;
}

std::string format_address(const identity::SourceAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_v4(address)) {
    ::inet_ntop(AF_INET, address.data() + 12, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, address.data(), text, sizeof text);
  }
  return text;
}

// An element of X-Forwarded-For: an address, perhaps with brackets or a port.
std::optional<identity::SourceAddress> parse_hop(std::string_view text) {
  text = http::trim(text);
  if (text.starts_with('[')) {
    auto end = text.find(']');
    return end == std::string_view::npos ? std::nullopt : parse_address(text.substr(1, end - 1));
  }
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  return parse_address(text);
}

}  // namespace

bool Network::contains(const identity::SourceAddress& other) const {
  unsigned whole = bits / 8;
  if (!std::equal(address.begin(), address.begin() + whole, other.begin())) return false;
  unsigned rest = bits % 8;
  return rest == 0 || ((address[whole] ^ other[whole]) >> (8 - rest)) == 0;
}

std::optional<Network> parse_network(std::string_view text) {
  Network network;
  auto slash = text.find('/');
  auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  network.address = *address;
  bool v4 = is_v4(*address) && text.find(':') == std::string_view::npos;
  if (slash == std::string_view::npos) return network;
  unsigned bits = 0;
  auto digits = text.substr(slash + 1);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size() || bits > (v4 ? 32U : 128U)) {
    return std::nullopt;
  }
  network.bits = v4 ? bits + 96 : bits;
  return network;
}

identity::SourceAddress network_of(identity::SourceAddress address) {
  // Loopback is of the same range as IPv4, ::/80, and stands for itself too.
  bool itself = std::all_of(address.begin(), address.begin() + 10, [](auto b) { return b == 0; });
  if (!itself) std::fill(address.begin() + 8, address.end(), std::uint8_t{0});
  return address;
}

std::string share_of(const identity::SourceAddress& address) {
  return std::string(as_text(network_of(address)));
}

Source source_of_peer(const sockaddr_storage& peer) {
  Source source;
  if (peer.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &peer, sizeof v4);
    source.address[10] = source.address[11] = 0xff;
    std::memcpy(source.address.data() + 12, &v4.sin_addr, 4);
  } else if (peer.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &peer, sizeof v6);
    std::memcpy(source.address.data(), &v6.sin6_addr, 16);
  }
  source.text = format_address(source.address);
  return source;
}

Source source_of_request(const Source& peer, http::Fields fields,
                         const std::vector<Network>& trusted) {
  auto is_trusted = [&](const identity::SourceAddress& address) {
    return std::ranges::any_of(trusted, [&](const Network& n) { return n.contains(address); });
  };
  if (trusted.empty() || !is_trusted(peer.address)) return peer;
  std::vector<std::string_view> hops;
  for (const auto& field : fields) {
    if (!http::name_is(field.name, "x-forwarded-for")) continue;
    std::string_view rest = field.value;
    for (;;) {
      auto comma = rest.find(',');
      hops.push_back(rest.substr(0, comma));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  Source source = peer;
  for (std::size_t i = hops.size(); i > 0 && source.proxies.size() < kMaxHops; --i) {
    auto address = parse_hop(hops[i - 1]);
    if (!address) break;  // what cannot be read ends the chain of belief
    source.proxies.insert(source.proxies.begin(), source.text);
    source.address = *address;
    source.text = format_address(*address);
    if (!is_trusted(*address)) break;
  }
  return source;
}

}  // namespace sallyport::gateway
