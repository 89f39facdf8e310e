// Listening sockets: TCP on an IP literal, and a UNIX socket whose peers are known by their uid.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sallyport::http {

struct TcpListeners {
  std::vector<UniqueFd> sockets;  ///< non-blocking, listening
  std::uint16_t port = 0;         ///< the one that was chosen for port 0
};

/// `count` sockets on one address, which the kernel shares connections out to (SO_REUSEPORT). A
/// first bind without that option shows a port that somebody else has. Errors: listen.in_use,
/// listen.permission, listen.failed.
[[nodiscard]] Result<TcpListeners> listen_tcp(const std::string& host, std::uint16_t port,
                                              unsigned count);

/// Mode 0600; a socket file that nobody listens on is replaced. Errors as above.
[[nodiscard]] Result<UniqueFd> listen_unix(const std::string& path);

}  // namespace sallyport::http
