#include "gateway/provider_call.h"

#include <fmt/format.h>

#include "base/few.h"
#include "gateway/heads.h"

namespace sallyport::gateway {

using http::Io;
using http::kPeerGone;
using http::kProviderReadable;
using http::kProviderWritable;

namespace {

constexpr std::size_t kOwnFields = 256;  // at most, of those that send_request() adds

// What of the client's head may go into ours has no more bytes than this.
std::size_t bytes_of(const http::RequestHead& head) {
  std::size_t bytes = head.target.size();
  for (const auto& field : head.fields) bytes += field.name.size() + field.value.size() + 4;
  return bytes;
}

upstream::Call call_of(const ExchangeState& state) {
  return {operation_of(state.endpoint), state.target, state.model->deployment, state.facts.stream};
}

}  // namespace

std::string_view code_of(Got got) {
  switch (got) {
    case Got::kNoWay:
      return code(Cause::kProviderUnreachable);
    case Got::kDied:
      return code(Cause::kProviderDied);
    case Got::kTimeUp:
      return code(Cause::kProviderTimeout);
    case Got::kBroken:
    case Got::kTooLarge:
      return code(Cause::kProviderBroken);
    case Got::kClientGone:
      return "client.gone";
    case Got::kStopped:
      return code(Cause::kDraining);
    default:
      return {};
  }
}

// One sending of the request, until the provider's head is there.
Task<Got> ProviderCall::attempt(bool fresh) {
  auto& pool = s_.pool();
  connection_ = fresh ? nullptr : pool.take_idle();
  if (!connection_) {
    http::ConnectFault fault = http::ConnectFault::kNone;
    connection_ = co_await pool.connect(s_.signal(), kPeerGone | kCut, fault, failure_);
    auto& instruments = s_.worker.shared().instruments;
    (connection_ ? instruments.upstream_connects : instruments.upstream_connect_failures).add();
    if (fault == http::ConnectFault::kAborted) {
      co_return s_.signal().is_raised(kCut) ? Got::kStopped : Got::kClientGone;
    }
    if (!connection_) {
      failure_ = fmt::format("{}: {}", http::describe(fault), failure_);
      s_.attempts.push_back({s_.upstream().name(), s_.model->deployment, 0, code_of(Got::kNoWay)});
      co_return Got::kNoWay;
    }
  }
  if (!s_.client.client_there()) co_return Got::kClientGone;  // nobody to send it for
  connection_->stream.watch().attach(&s_.signal(), kProviderReadable, kProviderWritable);
  connection_->parser.reset();
  answer_began_ = cut_short_ = false;
  Deadline limit(s_.worker.loop(), s_.signal(), kLimit);
  limit.set(s_.worker.loop().now() +
            (s_.facts.stream ? s_.limits().first_byte_stream : s_.limits().first_byte));
  Got got = co_await send_request();
  if (got == Got::kBytes && connection_->parser.done()) got = Got::kEnd;
  while (got == Got::kBytes && !connection_->parser.head_done()) got = co_await read_more();
  int status = got == Got::kBytes || got == Got::kEnd ? connection_->parser.head().status : 0;
  s_.attempts.push_back({s_.upstream().name(), s_.model->deployment, status, code_of(got)});
  co_return got;
}

// Head and body in as few writes as the socket takes. An error while writing is no failure yet: the
// provider may have answered before it read everything.
Task<Got> ProviderCall::send_request() {
  std::string_view body = s_.client.body();
  const auto& upstream = s_.upstream();
  const upstream::Call call = call_of(s_);
  Few<upstream::ModelName, 2> models;
  for (std::size_t i = 0; i < s_.used_models.size(); ++i) {
    models.push_back(
        {s_.facts.models[i].offset, s_.facts.models[i].length, s_.used_models[i]->deployment_json});
  }
  upstream::BodyEdits edits;
  upstream.kind().edit_body(call, body, models, edits);
  Pieces pieces = splice(body, edits);

  std::string head;  // in one place: it holds the provider's key and is wiped below
  head.reserve(upstream.head_bytes(*s_.credential) + bytes_of(s_.client.head()) + kOwnFields);
  upstream.begin_head(head, call, *s_.credential);
  append_field(head, "accept-encoding", "identity");
  append_field(head, "content-length", std::to_string(pieces.length));
  append_field(head, "x-request-id", s_.id);
  append_request_fields(head, s_.client.head(), s_.identity->extra_headers, s_.token,
                        upstream.kind().traits().fallback);
  upstream.kind().sign(head, pieces.views, *s_.credential);
  head += "\r\n";

  Few<iovec, 6> parts{{head.data(), head.size()}};
  for (auto view : pieces.views) {
    parts.push_back({const_cast<char*>(view.data()), view.size()});
  }
  Got got = Got::kBytes;
  std::size_t at = 0;
  while (at < parts.size()) {
    auto [io, count] = connection_->stream.write(std::span(parts).subspan(at));
    while (at < parts.size() && count >= parts[at].iov_len) count -= parts[at++].iov_len;
    if (at == parts.size()) break;
    parts[at].iov_base = static_cast<char*>(parts[at].iov_base) + count;
    parts[at].iov_len -= count;
    if (io == Io::kDone) continue;
    if (io == Io::kFailed || io == Io::kClosed) {
      connection_->stream.watch().readable = true;  // perhaps an answer came before the end
      break;
    }
    std::uint32_t bit = io == Io::kWaitRead ? kProviderReadable : kProviderWritable;
    if (!s_.client.client_there()) {
      got = Got::kClientGone;
      break;
    }
    if (answer_is_there()) {
      cut_short_ = true;
      break;
    }
    s_.signal().clear(bit | kProviderReadable);
    std::uint32_t why =
        co_await s_.signal().wait(bit | kProviderReadable | kPeerGone | kLimit | kCut);
    s_.signal().raise(why & kCut);
    if ((why & kPeerGone) != 0) got = Got::kClientGone;
    if ((why & kLimit) != 0) got = Got::kTimeUp;
    if ((why & kCut) != 0) got = Got::kStopped;
    if (got != Got::kBytes) break;
  }
  wipe(head);
  co_return got;
}

// While the request is still being sent: reads what came, up to the end of an answer's head,
// without waiting. True: sending on is pointless, there is an answer (413, say) or an end.
bool ProviderCall::answer_is_there() {
  auto& stream = connection_->stream;
  auto& in = connection_->in;
  // Interim answers without end do not hold the loop: on with it when there is more to wait for.
  for (std::size_t reads = 0; reads < http::ReadsPerTurn::kMost && stream.maybe_readable();
       ++reads) {
    if (in.room().empty() && !in.grow(http::kMaxHead)) return true;
    auto [io, count] = stream.read(in.room());
    if (io == Io::kWaitRead || io == Io::kWaitWrite) return false;  // of TLS alone
    if (io != Io::kDone) return true;
    answer_began_ = true;
    in.filled(count);
    auto used = connection_->parser.feed(in.content());
    if (!used) return true;
    in.consume(*used);
    if (connection_->parser.head_done()) return true;
  }
  return false;
}

// More bytes through the parser; its body() then holds what they brought.
Task<Got> ProviderCall::read_more(bool pings) {
  auto& stream = connection_->stream;
  auto& in = connection_->in;
  for (;;) {
    if (stream.maybe_readable()) {
      if (reads_.spent(s_.worker.loop().now())) {
        co_await s_.worker.loop().next_turn();
        if (s_.signal().is_raised(kCut)) co_return Got::kStopped;
        if (!s_.client.client_there()) co_return Got::kClientGone;
        if (s_.signal().is_raised(kLimit)) co_return Got::kTimeUp;
      }
      if (in.room().empty()) in.compact();
      auto [io, count] = stream.read(in.room());
      if (io == Io::kDone) {
        answer_began_ = true;
        in.filled(count);
        auto used = connection_->parser.feed(in.content());
        if (!used) co_return Got::kBroken;
        in.consume(*used);
        if (!connection_->parser.head_done() && in.room().empty() && !in.grow(http::kMaxHead)) {
          co_return Got::kBroken;
        }
        co_return connection_->parser.done() ? Got::kEnd : Got::kBytes;
      }
      if (io == Io::kClosed) {
        // A body without a length ends with the connection; everything else must not.
        bool proper = connection_->parser.head_done() && connection_->parser.finish();
        co_return proper ? Got::kEnd : Got::kDied;
      }
      if (io == Io::kFailed) co_return Got::kDied;
    }
    in.park();
    if (!s_.client.client_there()) co_return Got::kClientGone;
    s_.signal().clear(kProviderReadable);
    std::uint32_t why = co_await s_.signal().wait(kProviderReadable | kPeerGone | kLimit | kCut |
                                                  (pings ? kPingDue : 0));
    if ((why & kCut) != 0) {
      s_.signal().raise(kCut);
      co_return Got::kStopped;
    }
    if ((why & kPeerGone) != 0) co_return Got::kClientGone;
    if ((why & kLimit) != 0) co_return Got::kTimeUp;
    if ((why & kPingDue) != 0) co_return Got::kPing;
  }
}

void ProviderCall::release() {
  if (!connection_) return;
  bool again = !cut_short_ && connection_->parser.done() && connection_->parser.head().keep_alive &&
               connection_->in.empty();
  if (again) s_.pool().give_back(std::move(connection_));
  connection_.reset();
}

}  // namespace sallyport::gateway
