// The request with which the browser comes back: `GET /callback?code=...&state=...` on a loopback
// address (RFC 8252 section 7.3). Any page and any program of this machine can knock there, so the
// parser takes exactly that and nothing near it. Pure; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "signin/callback.h"

namespace sallyport::signin {

inline constexpr std::size_t kMaxLoopbackRequest = 16 * 1024;

enum class LoopbackFault : std::uint8_t {
  kMalformed,  ///< not HTTP/1.x, a parameter twice, broken escapes
  kMethod,     ///< not GET
  kHost,       ///< not for 127.0.0.1 and our port: a name that was bent to this address
  kPath,       ///< another path
  kNoAnswer    ///< our path without state, or with neither code nor error, or with both
};

/// `head`: everything up to and with the empty line. `host`: `127.0.0.1:PORT`.
[[nodiscard]] std::expected<Callback, LoopbackFault> parse_loopback_request(std::string_view head,
                                                                            std::string_view host);

}  // namespace sallyport::signin
