// One question to a running gateway over its local socket, as commands ask it. Blocks; for the
// command line, never for a worker. The gateway's side is admin_server.h.
//
//   auto answer = ask_socket("/run/sallyport/admin.sock", "GET", "/status");
//
// Errors: status.no_socket (nothing there: is a gateway running?), status.not_a_socket,
// status.no_permission, status.no_gateway (a socket that nobody listens on), status.turned_away
// (closed without an answer: our uid is not known there), status.timeout, status.not_a_gateway
// (no HTTP, or more than kMaxAnswerBytes).
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace sallyport::admin {

/// A list of all the revocations that there may be (identity/revocation_register) goes into it.
inline constexpr std::size_t kMaxAnswerBytes = 128 << 20;

struct SocketAnswer {
  long status = 0;
  std::string type;  ///< content-type
  std::string body;
};

[[nodiscard]] Result<SocketAnswer> ask_socket(
    const std::string& socket_path, const std::string& method, const std::string& target,
    std::chrono::milliseconds patience = std::chrono::seconds{5}, const std::string& body = {});

}  // namespace sallyport::admin
