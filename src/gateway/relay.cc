// The provider's side of an exchange: request out, answer back, with the few edits of
// ARCHITECTURE.md. The client's side is state.client; everything waits on its one signal.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "gateway/answer_editor.h"
#include "gateway/exchange_state.h"
#include "gateway/heads.h"
#include "gateway/provider_call.h"
#include "gateway/secret_watch.h"

namespace sallyport::gateway {
namespace {

using http::Io;

constexpr std::size_t kFreeOfBudget = 64 << 10;
constexpr std::size_t kMaxWholeAnswer = 32 << 20;
// A revoked person's client that does not read gets this long for its last bytes.
constexpr std::chrono::seconds kCutPatience{1};
constexpr std::string_view kPing = "event: ping\ndata: {\"type\":\"ping\"}\n\n";

class Relay {
 public:
  explicit Relay(ExchangeState& state) : s_(state), call_(state) {}
  Task<Ending> run();

 private:
  Task<Ending> pass_answer();
  Task<Ending> refuse_repeated_key();
  Task<Ending> pass_stream();
  Task<Ending> pass_whole();
  Task<Ending> send_whole(int status, std::string_view reason, std::string_view fields,
                          std::span<const std::string_view> body, std::size_t length);
  Task<Ending> refuse(http::Refusal refusal, audit::Outcome outcome);
  Task<Ending> give_up(Got got);
  Task<Ending> refuse_revoked();
  Task<bool> send_stream_bytes();
  Task<bool> send_last_bytes();
  Task<Ending> end_stream(AnswerEditor& editor, Got got);
  void add_chunk(std::span<const std::string_view> pieces);
  [[nodiscard]] std::string client_head(std::string_view framing) const;
  void note_answer();
  void note_repeated_key();
  bool take_back_escaped_key();
  [[nodiscard]] bool head_reveals_key() const;
  Ending cut_off(Got got) const;
  [[nodiscard]] bool revoked() const { return s_.revocation() != nullptr; }

  ExchangeState& s_;
  ProviderCall call_;
  Few<ModelRename, 2> renames_;
  std::size_t stream_head_ = 0;  ///< bytes of the head before a stream
  std::string unsent_;           ///< of a stream that was cut while the client was slow to take it
};

Task<Ending> Relay::run() {
  for (std::size_t i = 0; i < s_.used_models.size(); ++i) {
    renames_.push_back({s_.used_models[i]->id, s_.used_models[i]->deployment});
  }
  if (revoked()) {  // while its record was written
    Ending ending = co_await refuse_revoked();
    co_return ending;
  }
  Got got = co_await call_.attempt(false);
  // A kept connection that the provider closed just as we used it: nothing of an answer came, so
  // the request is sent again, once, on a new one.
  bool once = got == Got::kDied && call_.may_send_again();
  if (once) got = co_await call_.attempt(true);
  // A token that the provider does not take (any more): one more try with a newer one, if there is
  // such; else its answer stands. Not on a kept connection, which could die under it.
  bool refused = (got == Got::kBytes || got == Got::kEnd) && call_.head().status == 401;
  if (refused && !once && !s_.upstream().fixed_credential()) {
    bool renewed = co_await renew_credential(s_);
    if (renewed && !revoked()) got = co_await call_.attempt(true);
  }
  if (revoked() || (got != Got::kBytes && got != Got::kEnd)) {
    Ending ending = co_await give_up(got);
    co_return ending;
  }
  note_answer();
  s_.budget.reset();
  s_.client.release_request();
  if (s_.worker.shared().sync_each) {
    bool synced = co_await s_.worker.synced(s_.signal(), s_.opened_sequence);
    if (!synced) {
      call_.drop();
      if (revoked()) {
        Ending ending = co_await refuse_revoked();
        co_return ending;
      }
      Ending ending =
          co_await refuse(refusal_of(Cause::kRecordUnavailable), audit::Outcome::kRecordFailed);
      co_return ending;
    }
  }
  Ending ending = co_await pass_answer();
  call_.release();
  co_return ending;
}

// What the record wants of the provider's head, while that is in place.
void Relay::note_answer() {
  const auto& head = call_.head();
  const auto& ids = s_.upstream().kind().traits().ids;
  s_.provider_request_id = http::find_field(head.fields, ids.own);
  if (!ids.front.empty()) s_.apim_request_id = http::find_field(head.fields, ids.front);
}

Task<Ending> Relay::refuse(http::Refusal refusal, audit::Outcome outcome) {
  Ending ending{refusal.status, outcome, std::string(refusal.code), false};
  bool sent = co_await answer_refusal(s_, std::move(refusal));
  if (!sent) s_.client.close_after_answer();
  co_return ending;
}

// Revoked before a byte of the answer went out: the same answer as at the door, and no provider.
Task<Ending> Relay::refuse_revoked() {
  call_.drop();
  s_.signal().clear(kCut);
  s_.client.close_after_answer();
  Ending ending =
      co_await refuse(refusal_of_revoked(s_, *s_.revocation()), audit::Outcome::kCutByRevocation);
  co_return ending;
}

// No answer to pass: say why, to the client and to the operator.
Task<Ending> Relay::give_up(Got got) {
  call_.drop();
  if (revoked()) {
    Ending ending = co_await refuse_revoked();
    co_return ending;
  }
  if (got == Got::kClientGone || got == Got::kStopped) {
    s_.client.close_after_answer();
    co_return cut_off(got);
  }
  log::limited(log::Level::kWarning, "upstream.failed",
               {{"id", s_.id},
                {"upstream", s_.upstream().name()},
                {"reason", code_of(got)},
                {"detail", call_.failure()}});
  Cause cause = got == Got::kNoWay    ? Cause::kProviderUnreachable
                : got == Got::kTimeUp ? Cause::kProviderTimeout
                : got == Got::kDied   ? Cause::kProviderDied
                                      : Cause::kProviderBroken;
  Ending ending = co_await refuse(refusal_of(cause), audit::Outcome::kUpstreamError);
  co_return ending;
}

// The client left or we were told to end: nobody to answer.
Ending Relay::cut_off(Got got) const {
  auto outcome =
      got == Got::kClientGone ? audit::Outcome::kAbortedByClient : audit::Outcome::kUpstreamError;
  return {0, outcome, std::string(code_of(got)), false};
}

// A provider that repeats our key must not get it to the client or into our log.
bool Relay::head_reveals_key() const {
  const auto& head = call_.head();
  return reveals_credential(s_, head.reason) ||
         std::ranges::any_of(head.fields, [&](const http::Field& field) {
           return reveals_credential(s_, field.value) || reveals_credential(s_, field.name);
         });
}

// Not a coroutine, and not drawn into one: what only refusals need would lie in a frame for as long
// as an answer streams.
[[gnu::noinline]] Task<Ending> Relay::pass_answer() {
  if (head_reveals_key()) return refuse_repeated_key();
  auto type = http::find_field(call_.head().fields, "content-type");
  auto format = s_.upstream().kind().stream_of(call_.head().status, type);
  bool stream = format != upstream::StreamFormat::kNone && s_.endpoint == Endpoint::kMessages;
  return stream ? pass_stream() : pass_whole();
}

void Relay::note_repeated_key() {
  log::limited(log::Level::kError, "upstream.repeats_credential",
               {{"id", s_.id}, {"upstream", s_.upstream().name()}});
  call_.drop();
}

// What has not gone out yet is looked at as a reader of JSON would read it: whole events, but for
// very large ones. True: the key was in it, and it is gone.
bool Relay::take_back_escaped_key() {
  std::string& out = s_.worker.scratch();
  if (!reveals_escaped(s_, out)) return false;
  note_repeated_key();
  out.resize(s_.first_byte_us < 0 ? stream_head_ : 0);
  return true;
}

Task<Ending> Relay::refuse_repeated_key() {
  note_repeated_key();
  s_.provider_request_id.clear();
  s_.apim_request_id.clear();
  return refuse(refusal_of(Cause::kProviderBroken), audit::Outcome::kUpstreamError);
}

// Status line, the fields that pass, and ours. `framing` ends with a line end.
std::string Relay::client_head(std::string_view framing) const {
  const auto& head = call_.head();
  std::string out;
  out.reserve(1024);
  out += "HTTP/1.1 ";
  out += std::to_string(head.status);
  out += ' ';
  out.append(head.reason.empty() ? http::reason_phrase(head.status) : head.reason);
  out += "\r\n";
  append_response_fields(out, head);
  append_field(out, "x-request-id", s_.id);
  out += framing;
  if (!s_.client.keep_alive()) out += "connection: close\r\n";
  out += "\r\n";
  return out;
}

// ---- event streams -----------------------------------------------------------------------------

// Appends one chunk to the worker's scratch; the size comes before the bytes are counted, so its
// digits are put in afterwards.
void Relay::add_chunk(std::span<const std::string_view> pieces) {
  std::size_t size = 0;
  for (auto piece : pieces) size += piece.size();
  if (size == 0) return;
  std::string& out = s_.worker.scratch();
  bool chunked = !s_.client.head_was_http10();
  if (chunked) fmt::format_to(std::back_inserter(out), "{:x}\r\n", size);
  for (auto piece : pieces) out += piece;
  if (chunked) out += "\r\n";
}

// Writes the scratch. It is shared by the worker's exchanges: what the socket does not take at
// once moves into a string of our own before we wait.
Task<bool> Relay::send_stream_bytes() {
  std::string& out = s_.worker.scratch();
  if (out.empty()) co_return true;
  s_.note_first_byte();
  s_.bytes_to_client += static_cast<std::int64_t>(out.size());
  iovec piece{out.data(), out.size()};
  auto [io, count] = s_.client.stream().write({&piece, 1});
  if (count == out.size()) {
    out.clear();
    co_return true;
  }
  if (io == Io::kFailed || io == Io::kClosed) {
    out.clear();
    co_return false;
  }
  unsent_ = out.substr(count);
  out.clear();
  std::size_t left = 0;
  bool sent = co_await s_.client.send(unsent_, &left);
  unsent_.erase(0, unsent_.size() - left);
  co_return sent;
}

// The end of a stream that was cut: what its client was still taking, then our last event. It must
// not hold the connection: the time is short.
Task<bool> Relay::send_last_bytes() {
  std::string last = std::move(unsent_);
  last += s_.worker.scratch();
  s_.worker.scratch().clear();
  s_.signal().clear(kCut | kLimit);
  Deadline patience(s_.worker.loop(), s_.signal(), kLimit);
  patience.set(s_.worker.loop().now() + kCutPatience);
  s_.client.abort_on(kCut | kLimit);
  s_.note_first_byte();
  s_.bytes_to_client += static_cast<std::int64_t>(last.size());
  bool sent = co_await s_.client.send(last);
  s_.client.abort_on(kCut);
  co_return sent;
}

Task<Ending> Relay::pass_stream() {
  EventLoop& loop = s_.worker.loop();
  s_.signal().clear(kPingDue | kLimit);
  Deadline ping(loop, s_.signal(), kPingDue);
  Deadline silence(loop, s_.signal(), kLimit);
  AnswerEditor editor(renames_, s_.meter);
  SecretWatch watch(s_.credential->secret());
  SecretWatch refused(s_.refused_credential ? s_.refused_credential->secret() : "");
  bool chunked = !s_.client.head_was_http10();
  if (!chunked) s_.client.close_after_answer();
  s_.worker.scratch() = client_head(chunked ? "transfer-encoding: chunked\r\n" : "");
  stream_head_ = s_.worker.scratch().size();
  s_.client.release_request_for_long();
  call_.forget_fields();
  Got got = call_.done() ? Got::kEnd : Got::kBytes;
  for (;;) {
    for (auto piece : call_.body()) {
      for (auto part : watch.feed(piece)) {
        if (!s_.refused_credential) {
          add_chunk(editor.feed(part));
          continue;
        }
        for (auto rest : refused.feed(part)) add_chunk(editor.feed(rest));
      }
    }
    if (watch.found() || refused.found()) {
      note_repeated_key();
      got = Got::kBroken;
      break;
    }
    if (take_back_escaped_key()) {
      got = Got::kBroken;
      break;
    }
    // Many large events at once that do not end are memory like bodies are.
    const std::size_t kept = editor.unfinished();
    if (!s_.budget.hold(kept > kFreeOfBudget ? kept : 0)) {
      got = Got::kTooLarge;
      break;
    }
    if (got == Got::kEnd) {
      for (auto part : refused.feed(watch.finish())) add_chunk(editor.feed(part));
      add_chunk(editor.feed(refused.finish()));
      break;
    }
    if (revoked()) {  // a provider that never pauses would let nobody see the signal
      got = Got::kStopped;
      break;
    }
    bool sent = co_await send_stream_bytes();
    if (!sent) {
      got = s_.signal().is_raised(kCut) ? Got::kStopped : Got::kClientGone;
      break;
    }
    // Both limits begin when the client has taken everything: a slow client is no silent provider.
    silence.set(loop.now() + s_.limits().silence);
    ping.set(loop.now() + s_.limits().ping);
    got = co_await call_.read_more(true);
    while (got == Got::kPing) {
      ping.set(loop.now() + s_.limits().ping);
      if (editor.at_event_boundary()) {
        s_.worker.shared().instruments.pings.add();
        add_chunk(std::array{kPing});
        sent = co_await send_stream_bytes();
        if (!sent) {
          got = s_.signal().is_raised(kCut) ? Got::kStopped : Got::kClientGone;
          break;
        }
      }
      got = co_await call_.read_more(true);
    }
    if (got != Got::kBytes && got != Got::kEnd) break;
  }
  Ending ending = co_await end_stream(editor, got);
  co_return ending;
}

// The last bytes of a stream: its own if it came to its end, else an `error` event that tells the
// client's software, and so the person, what happened.
Task<Ending> Relay::end_stream(AnswerEditor& editor, Got got) {
  Ending ending{200, audit::Outcome::kComplete, {}, true};
  bool cut = got == Got::kStopped && revoked();
  if (got == Got::kClientGone) {
    s_.client.close_after_answer();
    ending.outcome = audit::Outcome::kAbortedByClient;
    ending.error_type = code_of(got);
    co_return ending;
  }
  if (got == Got::kEnd) {
    add_chunk(editor.finish());
    if (take_back_escaped_key()) got = Got::kBroken;
  }
  if (got != Got::kEnd) {
    Cause cause = got == Got::kTimeUp    ? Cause::kProviderSilent
                  : got == Got::kStopped ? Cause::kDraining
                  : got == Got::kDied    ? Cause::kProviderDied
                                         : Cause::kProviderBroken;
    auto refusal = cut ? refusal_of_revoked(s_, *s_.revocation()) : refusal_of(cause);
    ending.outcome = cut ? audit::Outcome::kCutByRevocation : audit::Outcome::kUpstreamError;
    ending.error_type = refusal.code;
    if (!cut) {
      log::limited(log::Level::kWarning, "upstream.failed",
                   {{"id", s_.id}, {"upstream", s_.upstream().name()}, {"reason", refusal.code}});
    }
    // An event that the provider did not finish is none (WHATWG HTML 9.2.6); a part of it that is
    // already on its way is ended, so that ours is read as one of its own.
    std::string event = editor.at_event_boundary() ? "" : "\n\n";
    event += "event: error\ndata: " + http::refusal_body(refusal, s_.id) + "\n\n";
    add_chunk(std::array{std::string_view(event)});
  }
  if (!s_.client.head_was_http10()) s_.worker.scratch() += "0\r\n\r\n";
  if (cut) {
    call_.drop();  // now, whatever the client does
    s_.client.close_after_answer();
    bool sent = co_await send_last_bytes();
    if (!sent) s_.client.close_after_answer();
    co_return ending;
  }
  bool sent = co_await send_stream_bytes();
  if (!sent) {
    s_.client.close_after_answer();
    // The client has everything that matters once message_stop was sent.
    if (got != Got::kEnd) ending.outcome = audit::Outcome::kAbortedByClient;
  }
  co_return ending;
}

// ---- whole answers -----------------------------------------------------------------------------

Task<Ending> Relay::send_whole(int status, std::string_view reason, std::string_view fields,
                               std::span<const std::string_view> body, std::size_t length) {
  std::string head;
  head.reserve(reason.size() + fields.size() + 256);
  head.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason);
  head.append("\r\n").append(fields);
  append_field(head, "content-length", std::to_string(length));
  append_field(head, "x-request-id", s_.id);
  if (!s_.client.keep_alive()) head.append("connection: close\r\n");
  head.append("\r\n");
  Few<iovec, 6> parts{{head.data(), head.size()}};
  for (auto view : body) parts.push_back({const_cast<char*>(view.data()), view.size()});
  s_.note_first_byte();
  bool sent = co_await s_.client.send(parts);
  if (sent) s_.bytes_to_client += static_cast<std::int64_t>(head.size() + length);
  if (!sent) s_.client.close_after_answer();
  auto outcome = !sent && revoked()               ? audit::Outcome::kCutByRevocation
                 : !sent                          ? audit::Outcome::kAbortedByClient
                 : status >= 200 && status <= 299 ? audit::Outcome::kComplete
                                                  : audit::Outcome::kUpstreamError;
  co_return Ending{status, outcome, {}, true};
}

Task<Ending> Relay::pass_whole() {
  const auto& first = call_.head();
  int status = first.status;
  std::string reason(first.reason.empty() ? http::reason_phrase(status) : first.reason);
  std::string fields;
  fields.reserve(1024);
  append_response_fields(fields, first);
  bool json =
      http::name_starts_with(http::find_field(first.fields, "content-type"), "application/json");
  std::string retry_after(http::find_field(first.fields, "retry-after"));

  EventLoop& loop = s_.worker.loop();
  Deadline silence(loop, s_.signal(), kLimit);
  s_.signal().clear(kLimit);
  std::string gathered;
  std::string_view body;
  Got got = call_.done() ? Got::kEnd : Got::kBytes;
  bool came_at_once = got == Got::kEnd && call_.body().size() == 1;
  if (came_at_once) body = call_.body().front();  // in place until the connection is given back
  while (!came_at_once) {
    for (auto piece : call_.body()) {
      if (gathered.size() + piece.size() > kMaxWholeAnswer || !s_.budget.take(piece.size())) {
        got = Got::kTooLarge;
        break;
      }
      gathered += piece;
    }
    body = gathered;
    if (got != Got::kBytes) break;
    silence.set(loop.now() + s_.limits().silence);
    got = co_await call_.read_more();
    if (got != Got::kBytes && got != Got::kEnd) break;
  }
  silence.clear();
  if (revoked() || got != Got::kEnd) {
    Ending ending = co_await give_up(got);
    co_return ending;
  }
  bool reveals_key = reveals_credential(s_, body) || reveals_escaped(s_, body);
  if (status >= 200 && status <= 299 && json && !reveals_key) {
    s_.meter.on_json_body(body);
    std::string scratch;
    Pieces pieces = edit_json_answer(body, renames_, scratch);
    Ending ending = co_await send_whole(status, reason, fields, pieces.views, pieces.length);
    co_return ending;
  }
  // What repeats the key is not looked at.
  if (reveals_key) body = {};
  auto error = note_provider_error(s_, status, body);
  if (error.passes) {
    s_.meter.on_json_body(body);
    std::string_view whole = body;
    Ending ending = co_await send_whole(status, reason, fields, {&whole, 1}, whole.size());
    bool gone = ending.outcome == audit::Outcome::kAbortedByClient;
    if (!gone) ending.outcome = audit::Outcome::kUpstreamError;
    co_return ending;
  }
  auto refusal = refusal_of_answer(s_, error, retry_after);
  Ending ending = co_await refuse(std::move(refusal), audit::Outcome::kUpstreamError);
  co_return ending;
}

}  // namespace

Task<Ending> relay(ExchangeState& state) {
  Relay relay(state);
  Ending ending = co_await relay.run();
  co_return ending;
}

}  // namespace sallyport::gateway
