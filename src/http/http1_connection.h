// One HTTP/1.1 connection that somebody opened to us: its exchanges one after the other, with
// keep-alive. It knows framing and time limits, nothing of what is asked. Owned by the coroutine
// that serves it (server_connection), on one EventLoop's thread.
//
//   while (co_await connection.next_head() == Next::kHead) co_await answer(connection);
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "http/bits.h"
#include "http/buffer.h"
#include "http/reads_per_turn.h"
#include "http/server_stream.h"
#include "http/stream.h"

namespace sallyport::http {

struct ServerTimes {
  std::chrono::milliseconds head{10000};        ///< first byte of a head to its end; TLS handshake
  std::chrono::milliseconds body{60000};        ///< whole body; a stalled answer
  std::chrono::milliseconds keep_alive{75000};  ///< between requests
};

class Http1Connection final : public ServerStream {
 public:
  enum class Next : std::uint8_t {
    kHead,    ///< head() is there
    kClosed,  ///< the client went, or was silent too long between requests: just close
    kFault,   ///< fault() says what was wrong: answer and close
    kSlow,    ///< a head that does not end: answer 408 and close
  };

  Http1Connection(EventLoop& loop, UniqueFd fd, const ServerTimes& times);

  /// With a TLS listener, before the first head: false if the handshake failed or took too long.
  [[nodiscard]] Task<bool> accept_tls(SslPtr ssl);
  /// Waits for the next request. Wakes from an idle wait when close_when_idle() is called.
  [[nodiscard]] Task<Next> next_head();
  /// After the last answer: no more from us, and a short time for the client to read it.
  [[nodiscard]] Task<void> linger();
  /// True if the client may send another request on this connection.
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  /// Bytes of the next request came with this one.
  [[nodiscard]] bool has_next() const { return in_.content().size() > used_ || early_size_ > 0; }
  /// Ends an idle wait; a running exchange goes on.
  void close_when_idle();
  [[nodiscard]] Stream& stream() { return stream_; }

  // ServerStream.
  [[nodiscard]] const RequestHead& head() const override { return parser_.head(); }
  [[nodiscard]] Task<BodyRead> read_body(std::size_t limit, BudgetShare& budget) override;
  [[nodiscard]] std::string_view body() const override { return body_; }
  [[nodiscard]] HeadFault fault() const override { return fault_; }
  void release_request(bool for_long) override;
  [[nodiscard]] Task<bool> send(const AnswerHead& head,
                                std::span<const std::string_view> body) override;
  void begin(const AnswerHead& head) override;
  [[nodiscard]] Written write(std::span<const std::string_view> pieces, bool last) override;
  [[nodiscard]] Task<bool> flush() override;
  [[nodiscard]] std::int64_t bytes_sent() const override { return bytes_sent_; }
  void give_up() override { keep_alive_ = false; }
  void close_after_answer() override { keep_alive_ = false; }
  void abort_on(std::uint32_t bits) override;
  [[nodiscard]] bool client_there() const override { return !stream_.hung_up(); }
  [[nodiscard]] Signal& signal() override { return signal_; }

 private:
  enum class Fill : std::uint8_t { kBytes, kEnd, kTime };
  [[nodiscard]] Task<Fill> fill(Buffer& buffer);
  [[nodiscard]] Task<BodyRead> read_sized_body(std::size_t size, BudgetShare& budget);
  [[nodiscard]] Task<BodyRead> read_chunked_body(std::size_t limit, BudgetShare& budget);
  [[nodiscard]] Task<bool> write_all(std::span<const std::string_view> pieces);
  [[nodiscard]] bool can_drain() const;
  [[nodiscard]] Task<bool> drain();
  void forget_request();

  EventLoop& loop_;
  ServerTimes times_;
  Signal signal_;
  Stream stream_;
  Deadline time_;
  Buffer in_;
  RequestParser parser_;
  std::size_t used_ = 0;                    ///< bytes of in_ that belong to the running request
  std::array<char, Buffer::kFew> early_{};  ///< of the next request, read behind a body
  std::size_t early_size_ = 0;
  ReadsPerTurn reads_;
  std::uint32_t abort_ = 0;
  std::string body_store_;
  std::string_view body_;
  std::string unsent_;  ///< of the answer: what the socket has not taken yet
  std::int64_t bytes_sent_ = 0;
  HeadFault fault_ = HeadFault::kMalformed;
  bool keep_alive_ = true;
  bool body_read_ = false;
  bool idle_ = false;
  bool closing_ = false;
  bool to_head_ = false;  ///< the request is HEAD: its answer has no body
  bool chunked_ = false;  ///< the answer that was begun
};

}  // namespace sallyport::http
