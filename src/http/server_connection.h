// One connection that somebody opened to us: reads requests, writes answers, HTTP/1.1 with
// keep-alive. It knows framing and time limits, nothing of what is asked. Owned by the coroutine
// that serves it, on one EventLoop's thread.
//
//   while (co_await connection.next_head() == Next::kHead) {
//     if (co_await connection.read_body(limit, budget) != BodyRead::kDone) ...
//     co_await connection.send(answer);
//   }
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/event_loop.h"
#include "base/task.h"
#include "http/bits.h"
#include "http/buffer.h"
#include "http/byte_budget.h"
#include "http/message_parser.h"
#include "http/reads_per_turn.h"
#include "http/stream.h"

namespace sallyport::http {

struct ServerTimes {
  std::chrono::milliseconds head{10000};        ///< first byte of a head to its end; TLS handshake
  std::chrono::milliseconds body{60000};        ///< whole body; a stalled answer
  std::chrono::milliseconds keep_alive{75000};  ///< between requests
};

class ServerConnection {
 public:
  enum class Next {
    kHead,    ///< head() is there
    kClosed,  ///< the client went, or was silent too long between requests: just close
    kFault,   ///< fault() says what was wrong: answer and close
    kSlow,    ///< a head that does not end: answer 408 and close
  };
  enum class BodyRead {
    kDone,
    kTooLarge,    ///< more than the limit
    kNoRoom,      ///< the process's byte budget is used up
    kFault,       ///< broken chunks
    kSlow,        ///< took longer than ServerTimes::body
    kClientGone,  ///< closed before its end
  };

  ServerConnection(EventLoop& loop, UniqueFd fd, const ServerTimes& times);

  /// With a TLS listener, before the first head: false if the handshake failed or took too long.
  [[nodiscard]] Task<bool> accept_tls(SslPtr ssl);
  /// Waits for the next request. Wakes from an idle wait when close_when_idle() is called.
  [[nodiscard]] Task<Next> next_head();
  /// Reads the whole body; answers `expect: 100-continue` first.
  [[nodiscard]] Task<BodyRead> read_body(std::size_t limit, BudgetShare& budget);
  /// Writes everything; false when the client is gone or takes nothing for ServerTimes::body.
  /// `left`: how many bytes were not taken when it ended.
  [[nodiscard]] Task<bool> send(std::span<const iovec> pieces, std::size_t* left = nullptr);
  [[nodiscard]] Task<bool> send(std::string_view text, std::size_t* left = nullptr);
  /// False: drain() would give up at once, so the answer should say that the connection closes.
  [[nodiscard]] bool can_drain() const;
  /// After an answer that came before the body: reads the body away, within bounds, so that the
  /// client gets to read the answer. False: close now.
  [[nodiscard]] Task<bool> drain();

  [[nodiscard]] const RequestHead& head() const { return parser_.head(); }
  [[nodiscard]] HeadFault fault() const { return fault_; }
  /// The whole body after read_body(); in place until release_request() or next_head().
  [[nodiscard]] std::string_view body() const { return body_; }
  /// Gives head and body back while an answer streams; head() and body() are gone.
  void release_request();
  /// The same before an answer that may take minutes: also the memory of the list of fields.
  void release_request_for_long();
  /// True if the client may send another request on this connection.
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  void close_after_answer() { keep_alive_ = false; }
  /// Bytes of the next request came with this one.
  [[nodiscard]] bool has_next() const { return in_.content().size() > used_; }
  /// Ends an idle wait; a running exchange goes on.
  void close_when_idle();
  /// Bits of the signal that end every wait as if the client had gone (a cut by the gateway).
  void abort_on(std::uint32_t bits) { abort_ = bits; }
  /// After the last answer: no more from us, and a short time for the client to read it.
  [[nodiscard]] Task<void> linger();
  /// False once the client closed or was lost.
  [[nodiscard]] bool client_there() const { return !stream_.hung_up(); }

  /// The client does not know chunked answers (RFC 9112 2.3); known also after release_request().
  [[nodiscard]] bool head_was_http10() const { return parser_.head().http10; }

  [[nodiscard]] Signal& signal() { return signal_; }
  [[nodiscard]] Stream& stream() { return stream_; }

 private:
  enum class Fill { kBytes, kEnd, kTime };
  [[nodiscard]] Task<Fill> fill(Buffer& buffer);
  [[nodiscard]] Task<BodyRead> read_sized_body(std::size_t size, BudgetShare& budget);
  [[nodiscard]] Task<BodyRead> read_chunked_body(std::size_t limit, BudgetShare& budget);

  EventLoop& loop_;
  ServerTimes times_;
  Signal signal_;
  Stream stream_;
  Deadline time_;
  Buffer in_;
  RequestParser parser_;
  std::size_t used_ = 0;  ///< bytes of in_ that belong to the running request
  std::size_t body_missing_ = 0;
  ReadsPerTurn reads_;
  std::uint32_t abort_ = 0;
  std::string body_store_;
  std::string_view body_;
  HeadFault fault_ = HeadFault::kMalformed;
  bool keep_alive_ = true;
  bool body_read_ = false;
  bool idle_ = false;
  bool closing_ = false;
};

}  // namespace sallyport::http
