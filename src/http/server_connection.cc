#include "http/server_connection.h"

namespace sallyport::http {
namespace {

constexpr std::size_t kPipelinedPerTurn = 8;

}  // namespace

Task<void> ServerConnection::serve(SslPtr tls, ServerHandler& handler) {
  if (tls) {
    bool open = co_await line_.accept_tls(std::move(tls));
    if (!open) co_return;
  }
  for (std::size_t pipelined = 0;;) {
    auto next = co_await line_.next_head();
    if (next == Http1Connection::Next::kClosed) co_return;
    if (next == Http1Connection::Next::kHead) {
      co_await handler.answer(line_);
    } else {
      std::optional<HeadFault> fault;
      if (next == Http1Connection::Next::kFault) fault = line_.fault();
      auto refusal = handler.refuse_head(fault);
      const std::string_view body = refusal.body;
      bool sent = co_await line_.send(refusal.head, {&body, 1});
      if (!sent) co_return;
    }
    if (!line_.keep_alive()) {
      co_await line_.linger();
      co_return;
    }
    // Whoever sends requests without waiting for answers lets everybody else go first.
    if (line_.has_next() && ++pipelined % kPipelinedPerTurn == 0) co_await loop_.next_turn();
  }
}

}  // namespace sallyport::http
