// Serves one connection from its first byte to its last: TLS, each request to the handler, limits,
// the end. What protocol it speaks nobody outside this folder knows. Runs on its loop's thread.
//
//   ServerConnection connection(loop, std::move(fd), times, kCut);
//   co_await connection.serve(tls ? tls->session(connection.fd()) : nullptr, handler);
#pragma once

#include <cstdint>
#include <optional>

#include "http/http1_connection.h"
#include "http/refusal.h"
#include "http/server_stream.h"

namespace sallyport::http {

/// Whoever answers. Outlives its connections.
class ServerHandler {
 public:
  virtual ~ServerHandler() = default;
  /// Answers one request; what it leaves unread or unanswered ends the connection.
  [[nodiscard]] virtual Task<void> answer(ServerStream& stream) = 0;
  /// What is said to a head that is no head, or does not end (no fault); counted there.
  [[nodiscard]] virtual WrittenRefusal refuse_head(std::optional<HeadFault> fault) = 0;
};

class ServerConnection {
 public:
  /// `abort`: bits of each exchange's signal that end it as if the client had gone.
  ServerConnection(EventLoop& loop, UniqueFd fd, const ServerTimes& times, std::uint32_t abort)
      : loop_(loop), line_(loop, std::move(fd), times) {
    line_.abort_on(abort);
  }

  [[nodiscard]] int fd() { return line_.stream().fd(); }
  /// Not 0: the loop has no room to watch it (errno); nothing can be served.
  [[nodiscard]] int watch_error() { return line_.stream().watch_error(); }

  /// Until the connection ends. `tls`: null for plain HTTP.
  [[nodiscard]] Task<void> serve(SslPtr tls, ServerHandler& handler);

  /// Ends an idle wait; a running exchange goes on, and is the last.
  void close_when_idle() { line_.close_when_idle(); }
  /// Raises bits at whatever runs.
  void raise(std::uint32_t bits) { line_.signal().raise(bits); }

 private:
  EventLoop& loop_;
  Http1Connection line_;
};

}  // namespace sallyport::http
