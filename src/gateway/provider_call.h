// One conversation with a provider: a connection, the request out, the answer's bytes in. Knows
// framing and time limits, nothing of what is asked or answered. Waits on the client's one signal,
// and ends when the client leaves or kCut comes; belongs to its worker's thread.
//
//   ProviderCall call(loop, client);
//   Got got = co_await call.open(pool, false);
//   if (got == Got::kBytes) got = co_await call.send(pieces, limit);  // kBytes, kEnd: head() is
//   there while (got == Got::kBytes) { use(call.body()); got = co_await call.read_more(); }
//   call.release();                                                   // back to the pool, or
//   closed
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/client_pool.h"
#include "http/reads_per_turn.h"
#include "http/server_stream.h"

namespace sallyport::gateway {

// How a step with the provider ended.
enum class Got : std::uint8_t {
  kPing,      ///< nothing came, and a ping is due (where it was asked for)
  kBytes,     ///< more of the answer; of open(): a connection
  kEnd,       ///< the answer is complete
  kNoWay,     ///< no connection
  kDied,      ///< closed too early
  kBroken,    ///< not HTTP
  kTimeUp,    ///< first byte or silence
  kTooLarge,  ///< a whole answer that does not fit
  kClientGone,
  kStopped,  ///< we were told to end it
};

class ProviderCall {
 public:
  /// `client`: whose exchange it is; nothing is sent for somebody who left.
  ProviderCall(EventLoop& loop, http::ServerStream& client) : loop_(loop), client_(client) {}

  /// A connection: an idle one of the pool, or with `fresh` and where there is none a new one.
  /// kBytes, kNoWay (failure() says why), kClientGone, kStopped.
  [[nodiscard]] Task<Got> open(http::ClientPool& pool, bool fresh);
  /// Sends the request and waits for the answer's head, `limit` at most. The pieces live until it
  /// returns.
  [[nodiscard]] Task<Got> send(std::span<const std::string_view> pieces,
                               std::chrono::milliseconds limit);
  /// More of the answer: body() then holds what came. With `pings` it may end with kPing instead.
  [[nodiscard]] Task<Got> read_more(bool pings = false);
  /// Gives the connection back if it can carry another exchange; else, and with drop(), closes it,
  /// which cancels what runs at the provider.
  void release();
  void drop() { connection_.reset(); }

  /// In place until the next read_more().
  [[nodiscard]] const http::ResponseHead& head() const { return connection_->parser.head(); }
  /// Gives the memory of head().fields back, before an answer that may take minutes.
  void forget_fields() { connection_->parser.forget_fields(); }
  [[nodiscard]] std::span<const std::string_view> body() const {
    return connection_->parser.body();
  }
  [[nodiscard]] bool done() const { return connection_->parser.done(); }
  /// The connection carried an exchange before.
  [[nodiscard]] bool reused() const { return connection_ && connection_->reused; }
  /// After kDied: on a kept connection, which the provider may have closed meanwhile, and not one
  /// byte of an answer came.
  [[nodiscard]] bool may_send_again() const { return reused() && !answer_began_; }
  /// Why there is no connection, for the operator.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  [[nodiscard]] Task<Got> write_request(std::span<const std::string_view> pieces);
  [[nodiscard]] bool answer_is_there();
  [[nodiscard]] std::optional<Got> read_once();
  [[nodiscard]] Got ended(std::uint32_t why) const;

  EventLoop& loop_;
  http::ServerStream& client_;
  http::ClientPool* pool_ = nullptr;
  http::ClientConnectionPtr connection_;
  std::string failure_;
  http::ReadsPerTurn reads_;
  bool answer_began_ = false;
  bool cut_short_ = false;  ///< the answer came before the whole request was sent
};

}  // namespace sallyport::gateway
