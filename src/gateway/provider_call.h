// One exchange's conversation with its provider: a connection, the request out, the answer's bytes
// in. Knows framing and time limits, nothing of what the answer says. Waits on the exchange's one
// signal; belongs to its worker's thread.
//
//   ProviderCall call(state);
//   Got got = co_await call.attempt(false);          // kBytes or kEnd: call.head() is there
//   while (got == Got::kBytes) { use(call.body()); got = co_await call.read_more(); }
//   call.release();                                  // back to the pool, or closed
#pragma once

#include <string>
#include <string_view>

#include "gateway/exchange_state.h"
#include "http/client_pool.h"
#include "http/reads_per_turn.h"

namespace sallyport::gateway {

// How a step with the provider ended.
enum class Got : std::uint8_t {
  kPing,      ///< nothing came, and a ping is due (where it was asked for)
  kBytes,     ///< more of the answer
  kEnd,       ///< the answer is complete
  kNoWay,     ///< no connection
  kDied,      ///< closed too early
  kBroken,    ///< not HTTP
  kTimeUp,    ///< first byte or silence
  kTooLarge,  ///< a whole answer that does not fit
  kClientGone,
  kStopped,  ///< we were told to end it
};

/// Stable text codes for the record and the log; empty for kBytes and kEnd.
[[nodiscard]] std::string_view code_of(Got got);

class ProviderCall {
 public:
  explicit ProviderCall(ExchangeState& state) : s_(state) {}

  /// One sending of the request, until the provider's head is there. `fresh`: on a new connection.
  /// Adds to the exchange's attempts.
  [[nodiscard]] Task<Got> attempt(bool fresh);
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
  /// After kDied: on a kept connection, which the provider may have closed meanwhile, and not one
  /// byte of an answer came.
  [[nodiscard]] bool may_send_again() const {
    return connection_ && connection_->reused && !answer_began_;
  }
  /// Why there is no connection, for the operator.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  [[nodiscard]] Task<Got> send_request();
  [[nodiscard]] bool answer_is_there();

  ExchangeState& s_;
  http::ClientConnectionPtr connection_;
  std::string failure_;
  http::ReadsPerTurn reads_;
  bool answer_began_ = false;
  bool cut_short_ = false;  ///< the answer came before the whole request was sent
};

}  // namespace sallyport::gateway
