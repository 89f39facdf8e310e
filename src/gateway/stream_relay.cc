// An event stream from the provider to the client, whole events as they come.
#include "base/log.h"
#include "gateway/admission.h"
#include "gateway/answer_editor.h"
#include "gateway/attempts.h"
#include "gateway/heads.h"
#include "gateway/provider_credential.h"
#include "gateway/relay.h"
#include "gateway/secret_watch.h"
#include "gateway/stream_decoder.h"

namespace sallyport::gateway {
namespace {

using Written = http::ServerStream::Written;

constexpr std::size_t kFreeOfBudget = 64 << 10;
// A revoked person's client that does not read gets this long for its last bytes.
constexpr std::chrono::seconds kCutPatience{1};
constexpr std::string_view kPing = "event: ping\ndata: {\"type\":\"ping\"}\n\n";

void append(std::string& out, std::span<const std::string_view> pieces) {
  for (auto piece : pieces) out += piece;
}

class StreamRelay {
 public:
  StreamRelay(Exchange& x, ProviderCall& call, upstream::StreamFormat format)
      : x_(x),
        call_(call),
        decoder_(format),
        editor_(x.to().models, x.told.meter),
        watch_(x.to().credential->secret()),
        refused_watch_(x.to().refused ? x.to().refused->secret() : "") {}

  [[nodiscard]] Task<Ending> run();

 private:
  void begin();
  void take(std::string& out, Got got);
  [[nodiscard]] Got pass(Got got);
  [[nodiscard]] Got write(std::string_view bytes, bool last);
  [[nodiscard]] Task<Got> flush();
  [[nodiscard]] Task<Got> next(Deadline& ping);
  [[nodiscard]] Task<Ending> end(Got got);
  [[nodiscard]] Ending break_off(Got got, bool cut);
  [[nodiscard]] Task<bool> send_last_bytes();

  Exchange& x_;
  ProviderCall& call_;
  StreamDecoder decoder_;
  AnswerEditor editor_;
  SecretWatch watch_, refused_watch_;  ///< for the credential that is sent, and one before it
  bool pending_ = false;               ///< the client has not taken all that was written
};

// Passes on what the provider said, up to the end of both.
Task<Ending> StreamRelay::run() {
  EventLoop& loop = x_.worker.loop;
  x_.signal().clear(kPingDue | kLimit);
  Deadline ping(loop, x_.signal(), kPingDue);
  Deadline silence(loop, x_.signal(), kLimit);
  begin();
  Got got = call_.done() ? Got::kEnd : Got::kBytes;
  for (;;) {
    got = pass(got);
    if (got == Got::kBytes && pending_) got = co_await flush();
    if (got != Got::kBytes) break;
    // Both limits begin when the client has taken everything: a slow client is no silent provider.
    silence.set(loop.now() + x_.limits().silence);
    ping.set(loop.now() + x_.limits().ping);
    got = co_await next(ping);
    if (got != Got::kBytes && got != Got::kEnd) break;
  }
  Ending ending = co_await end(got);
  co_return ending;
}

void StreamRelay::begin() {
  http::AnswerHead head(call_.head().status, call_.head().reason);
  append_response_fields(head, call_.head());
  head.add("x-request-id", x_.id);
  x_.client.begin(head);
  x_.client.release_request(true);
  call_.forget_fields();
}

// More from the provider; while it says nothing, a ping between two events.
Task<Got> StreamRelay::next(Deadline& ping) {
  for (;;) {
    Got got = co_await call_.read_more(true);
    if (got != Got::kPing) co_return got;
    ping.set(x_.worker.loop.now() + x_.limits().ping);
    if (!editor_.at_event_boundary()) continue;
    x_.worker.counters.pings.add();
    got = write(kPing, false);
    if (got == Got::kBytes && pending_) got = co_await flush();
    if (got != Got::kBytes) co_return got;
  }
}

// What the last read brought, edited, behind what is in `out`.
void StreamRelay::take(std::string& out, Got got) {
  for (auto piece : call_.body()) {
    for (auto part : watch_.feed(decoder_.feed(piece))) {
      for (auto rest : refused_watch_.feed(part)) append(out, editor_.feed(rest));
    }
  }
  if (got != Got::kEnd || watch_.found() || refused_watch_.found()) return;
  for (auto part : refused_watch_.feed(watch_.finish())) append(out, editor_.feed(part));
  append(out, editor_.feed(refused_watch_.finish()));
  append(out, editor_.finish());
}

// What came goes out, as far as the client takes it at once. Whole events, but for very large ones,
// are looked at as a reader of JSON would read them before they leave.
Got StreamRelay::pass(Got got) {
  TurnBuffer::Lease out(x_.worker.turn);
  take(out.text(), got);
  if (watch_.found() || refused_watch_.found() || reveals_escaped(x_, out.text())) {
    note_repeated_credential(x_, call_);
    return Got::kBroken;
  }
  // Many large events at once that do not end are memory like bodies are.
  const std::size_t kept = editor_.unfinished();
  if (!x_.budget.hold(kept > kFreeOfBudget ? kept : 0)) return Got::kTooLarge;
  if (out.text().empty() && got != Got::kEnd) return got;
  Got written = write(out.text(), got == Got::kEnd);
  if (got == Got::kEnd) return got;  // it has everything that matters
  // A provider that never pauses would let nobody see the signal.
  return x_.revocation() ? Got::kStopped : written;
}

Got StreamRelay::write(std::string_view bytes, bool last) {
  x_.note_first_byte();
  auto written = x_.client.write({&bytes, 1}, last);
  pending_ = written == Written::kLater;
  if (written != Written::kGone) return Got::kBytes;
  return x_.signal().is_raised(kCut) ? Got::kStopped : Got::kClientGone;
}

Task<Got> StreamRelay::flush() {
  bool sent = co_await x_.client.flush();
  if (sent) {
    pending_ = false;
    co_return Got::kBytes;
  }
  co_return x_.signal().is_raised(kCut) ? Got::kStopped : Got::kClientGone;
}

// The last bytes of a stream: its own if it came to its end, else an `error` event that tells the
// client's software, and so the person, what happened.
Task<Ending> StreamRelay::end(Got got) {
  if (got == Got::kClientGone) {
    x_.client.give_up();
    co_return Ending{200, audit::Outcome::kAbortedByClient, code_of(got), true};
  }
  if (got == Got::kEnd) {
    // The client has everything that matters once message_stop was sent.
    if (pending_) std::ignore = co_await x_.client.flush();
    co_return Ending{200, audit::Outcome::kComplete, {}, true};
  }
  const bool cut = got == Got::kStopped && x_.revocation();
  Ending ending = break_off(got, cut);
  if (cut) {
    call_.drop();  // now, whatever the client does
    x_.client.close_after_answer();
    std::ignore = co_await send_last_bytes();
    co_return ending;
  }
  bool sent = !pending_;
  if (pending_) sent = co_await x_.client.flush();
  if (!sent) ending.outcome = audit::Outcome::kAbortedByClient;
  co_return ending;
}

// Writes our last event.
Ending StreamRelay::break_off(Got got, bool cut) {
  Cause cause = got == Got::kTimeUp    ? Cause::kProviderSilent
                : got == Got::kStopped ? Cause::kDraining
                : got == Got::kDied    ? Cause::kProviderDied
                                       : Cause::kProviderBroken;
  auto refusal = cut ? refusal_of_revoked(x_, *x_.revocation()) : refusal_of(cause);
  if (!cut) {
    log::limited(log::Level::kWarning, "upstream.failed",
                 {{"id", x_.id}, {"upstream", x_.to().upstream->name()}, {"reason", refusal.code}});
  }
  // An event that the provider did not finish is none (WHATWG HTML 9.2.6); a part of it that is
  // already on its way is ended, so that ours is read as one of its own.
  std::string event = editor_.at_event_boundary() ? "" : "\n\n";
  event += "event: error\ndata: " + http::refusal_body(refusal, x_.id) + "\n\n";
  pending_ = write(event, true) == Got::kBytes ? pending_ : true;
  auto outcome = cut ? audit::Outcome::kCutByRevocation : audit::Outcome::kUpstreamError;
  return {200, outcome, refusal.code, true};
}

// The end of a stream that was cut: what its client was still taking, then our last event. It must
// not hold the connection: the time is short.
Task<bool> StreamRelay::send_last_bytes() {
  x_.signal().clear(kCut | kLimit);
  Deadline patience(x_.worker.loop, x_.signal(), kLimit);
  patience.set(x_.worker.loop.now() + kCutPatience);
  x_.client.abort_on(kCut | kLimit);
  bool sent = co_await x_.client.flush();
  x_.client.abort_on(kCut);
  co_return sent;
}

}  // namespace

Task<Ending> relay_stream(Exchange& x, ProviderCall& call, upstream::StreamFormat format) {
  StreamRelay relay(x, call, format);
  Ending ending = co_await relay.run();
  co_return ending;
}

}  // namespace sallyport::gateway
