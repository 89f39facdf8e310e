// The data plane's own settings: the `listen` and `limits` blocks, already checked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sallyport::gateway {

struct ListenSettings {
  std::string host = "127.0.0.1";  ///< an IP literal, without brackets
  std::uint16_t port = 0;          ///< 0: any free port
  std::string public_url;          ///< may be empty on loopback
  std::string path_prefix;         ///< from public_url: empty or "/claude" (no slash at the end)
  std::string tls_certificate;  ///< PEM file, leaf first; empty: plain HTTP (loopback literal only)
  std::string tls_key;          ///< PEM file
  unsigned workers = 1;
  std::vector<std::string> trusted_proxies;  ///< IP or CIDR whose X-Forwarded-For is believed
};

struct Limits {
  std::chrono::milliseconds connect{5000};
  std::chrono::milliseconds first_byte_stream{120000};
  std::chrono::milliseconds first_byte{600000};
  std::chrono::milliseconds silence{300000};
  std::chrono::milliseconds ping{10000};
  std::chrono::milliseconds head{10000};
  std::chrono::milliseconds body{60000};
  std::chrono::milliseconds keep_alive{75000};
  std::size_t connections = 20000;
  std::size_t connections_per_source = 2000;
  std::size_t verified_tokens = 20000;  ///< cache entries a worker; 0 switches the cache off
};

}  // namespace sallyport::gateway
