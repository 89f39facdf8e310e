// An answer that is no event stream: gathered within bounds, looked at, then passed on or replaced.
#include <algorithm>

#include "gateway/answer_editor.h"
#include "gateway/attempts.h"
#include "gateway/heads.h"
#include "gateway/provider_credential.h"
#include "gateway/provider_refusal.h"
#include "gateway/relay.h"

namespace sallyport::gateway {
namespace {

constexpr std::size_t kMaxWholeAnswer = 32 << 20;

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

class WholeRelay {
 public:
  WholeRelay(Exchange& x, ProviderCall& call)
      : x_(x),
        call_(call),
        head_(call.head().status, call.head().reason),
        json_(http::name_starts_with(http::find_field(call.head().fields, "content-type"),
                                     "application/json")),
        retry_after_(http::find_field(call.head().fields, "retry-after")) {
    append_response_fields(head_, call.head());
    head_.add("x-request-id", x.id);
  }

  [[nodiscard]] Task<Ending> run();

 private:
  [[nodiscard]] Task<Got> gather();
  [[nodiscard]] bool keep_pieces();
  [[nodiscard]] Task<Ending> pass_edited();
  [[nodiscard]] Task<Ending> pass_error();
  [[nodiscard]] Task<Ending> send(std::span<const std::string_view> body);

  Exchange& x_;
  ProviderCall& call_;
  http::AnswerHead head_;
  bool json_;
  std::string retry_after_;
  std::string gathered_;
  std::string_view body_;
};

Task<Ending> WholeRelay::run() {
  Got got = co_await gather();
  if (x_.revocation() || got != Got::kEnd) co_return no_answer(x_, call_, got);
  const bool reveals = reveals_credential(x_, body_) || reveals_escaped(x_, body_);
  if (is_success(head_.status()) && json_ && !reveals) {
    Ending ending = co_await pass_edited();
    co_return ending;
  }
  if (reveals) body_ = {};  // what repeats the key is not looked at
  auto error = read_provider_error(x_, head_.status(), body_);
  note_provider_error(x_, error);
  if (error.passes) {
    Ending ending = co_await pass_error();
    co_return ending;
  }
  co_return refuse_answer(x_, refusal_of_answer(x_, error, retry_after_),
                          audit::Outcome::kUpstreamError);
}

// The whole body; in place where it came at once.
Task<Got> WholeRelay::gather() {
  EventLoop& loop = x_.worker.loop;
  x_.signal().clear(kLimit);
  Deadline silence(loop, x_.signal(), kLimit);
  if (call_.done() && call_.body().size() == 1) {
    body_ = call_.body().front();
    co_return Got::kEnd;
  }
  Got got = call_.done() ? Got::kEnd : Got::kBytes;
  for (;;) {
    if (!keep_pieces()) co_return Got::kTooLarge;
    if (got == Got::kEnd) break;
    silence.set(loop.now() + x_.limits().silence);
    got = co_await call_.read_more();
    if (got != Got::kBytes && got != Got::kEnd) co_return got;
  }
  body_ = gathered_;
  co_return Got::kEnd;
}

bool WholeRelay::keep_pieces() {
  for (auto piece : call_.body()) {
    bool fits = gathered_.size() + piece.size() <= kMaxWholeAnswer;
    if (!fits || !x_.budget.take(piece.size())) return false;
    gathered_ += piece;
  }
  return true;
}

Task<Ending> WholeRelay::pass_edited() {
  std::string scratch;
  Pieces pieces = edit_json_answer(body_, x_.to().models, x_.told.meter, scratch);
  Ending ending = co_await send(pieces.views);
  co_return ending;
}

Task<Ending> WholeRelay::pass_error() {
  x_.told.meter.on_json_body(body_);
  Ending ending = co_await send({&body_, 1});
  const bool gone = ending.outcome == audit::Outcome::kAbortedByClient;
  if (!gone) ending.outcome = audit::Outcome::kUpstreamError;
  co_return ending;
}

Task<Ending> WholeRelay::send(std::span<const std::string_view> body) {
  x_.note_first_byte();
  bool sent = co_await x_.client.send(head_, body);
  auto outcome = !sent && x_.revocation()     ? audit::Outcome::kCutByRevocation
                 : !sent                      ? audit::Outcome::kAbortedByClient
                 : is_success(head_.status()) ? audit::Outcome::kComplete
                                              : audit::Outcome::kUpstreamError;
  co_return Ending{head_.status(), outcome, {}, true};
}

}  // namespace

Task<Ending> relay_whole(Exchange& x, ProviderCall& call) {
  WholeRelay relay(x, call);
  Ending ending = co_await relay.run();
  co_return ending;
}

}  // namespace sallyport::gateway
