// A connected, non-blocking socket, plain or with TLS: OpenSSL works on the descriptor itself
// (SSL_set_fd), the loop only tells readiness. Nothing here waits; callers sleep on their Signal.
// Belongs to one EventLoop's thread.
//
//   auto [io, count] = stream.read(room);
//   if (io == Io::kWaitRead) { stream.watch().attach(&signal, kRead, kWrite); co_await ...; }
#pragma once

#include <sys/uio.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/unique_fd.h"
#include "http/tls.h"

namespace sallyport::http {

enum class Io {
  kDone,
  kWaitRead,   ///< nothing now: wait until it is readable
  kWaitWrite,  ///< nothing now: wait until it is writable
  kClosed,     ///< the peer closed in an orderly way
  kFailed,     ///< reset, timed out, TLS failure
};

struct IoCount {
  Io io;
  std::size_t count = 0;
};

/// How far the writing of a list of pieces has come.
struct WriteProgress {
  std::size_t piece = 0;   ///< the first that is not written whole
  std::size_t offset = 0;  ///< bytes of it that are
};

class Stream {
 public:
  Stream(EventLoop& loop, UniqueFd fd);

  /// Speaks TLS from now on; call handshake() until it is kDone.
  void start_tls(SslPtr ssl) { ssl_ = std::move(ssl); }
  [[nodiscard]] Io handshake();
  /// Why the handshake failed, for the operator.
  [[nodiscard]] std::string tls_failure() const;
  [[nodiscard]] bool has_tls() const { return ssl_ != nullptr; }

  /// `beyond` takes what comes behind a full `into`, where there is no TLS: with room for more than
  /// is waited for, a read tells that nothing else is there, and saves the next one.
  [[nodiscard]] IoCount read(std::span<char> into, std::span<char> beyond = {});
  /// Writes from `at` on and moves it: kDone when all is written, `count` for this call. The pieces
  /// are the same at each call.
  [[nodiscard]] IoCount write(std::span<const std::string_view> pieces, WriteProgress& at);
  /// Says that nothing more will be written (TLS close_notify, then FIN).
  void finish_writing();

  [[nodiscard]] Watch& watch() { return watch_; }
  /// Not 0: the loop has no room to watch it (errno); nothing can be waited for, close it.
  [[nodiscard]] int watch_error() const { return watch_.error(); }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool hung_up() const { return watch_.hung_up; }
  /// True if a read might return something at once.
  [[nodiscard]] bool maybe_readable() const;

 private:
  [[nodiscard]] IoCount read_tls(std::span<char> into);
  [[nodiscard]] IoCount write_some(std::span<const iovec> pieces);
  [[nodiscard]] IoCount write_tls(std::span<const iovec> pieces);
  [[nodiscard]] Io tls_result(int result);

  UniqueFd fd_;
  SslPtr ssl_;  // before fd_ closes
  Watch watch_;
};

}  // namespace sallyport::http
