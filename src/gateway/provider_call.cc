#include "gateway/provider_call.h"

#include <fmt/format.h>

#include "gateway/bits.h"

namespace sallyport::gateway {

using http::Io;
using http::kPeerGone;
using http::kProviderReadable;
using http::kProviderWritable;

namespace {

constexpr std::uint32_t kEnds = kPeerGone | kLimit | kCut;

}  // namespace

// What a wait ended with, the gravest first; kBytes if with nothing of these.
Got ProviderCall::ended(std::uint32_t why) const {
  if ((why & kCut) != 0) return Got::kStopped;
  if ((why & kPeerGone) != 0 || !client_.client_there()) return Got::kClientGone;
  if ((why & kLimit) != 0) return Got::kTimeUp;
  return Got::kBytes;
}

Task<Got> ProviderCall::open(http::ClientPool& pool, bool fresh) {
  pool_ = &pool;
  connection_ = fresh ? nullptr : pool.take_idle();
  if (!connection_) {
    auto made = co_await pool.connect(client_.signal(), kPeerGone | kCut);
    if (!made && made.error().fault == http::ConnectFault::kAborted) {
      co_return client_.signal().is_raised(kCut) ? Got::kStopped : Got::kClientGone;
    }
    if (!made) {
      failure_ = fmt::format("{}: {}", http::describe(made.error().fault), made.error().detail);
      co_return Got::kNoWay;
    }
    connection_ = std::move(*made);
  }
  if (!client_.client_there()) co_return Got::kClientGone;  // nobody to send it for
  connection_->stream.watch().attach(&client_.signal(), kProviderReadable, kProviderWritable);
  connection_->parser.reset();
  answer_began_ = cut_short_ = false;
  co_return Got::kBytes;
}

Task<Got> ProviderCall::send(std::span<const std::string_view> pieces,
                             std::chrono::milliseconds limit) {
  Deadline first_byte(loop_, client_.signal(), kLimit);
  first_byte.set(loop_.now() + limit);
  Got got = co_await write_request(pieces);
  if (got == Got::kBytes && connection_->parser.done()) got = Got::kEnd;
  while (got == Got::kBytes && !connection_->parser.head_done()) got = co_await read_more();
  co_return got;
}

// In as few writes as the socket takes. An error while writing is no failure yet: the provider may
// have answered before it read everything.
Task<Got> ProviderCall::write_request(std::span<const std::string_view> pieces) {
  Signal& signal = client_.signal();
  http::WriteProgress at;
  for (;;) {
    Io io = connection_->stream.write(pieces, at).io;
    if (io == Io::kDone) co_return Got::kBytes;
    if (io == Io::kFailed || io == Io::kClosed) {
      connection_->stream.watch().readable = true;  // perhaps an answer came before the end
      co_return Got::kBytes;
    }
    if (!client_.client_there()) co_return Got::kClientGone;
    if (answer_is_there()) {
      cut_short_ = true;
      co_return Got::kBytes;
    }
    std::uint32_t bit = io == Io::kWaitRead ? kProviderReadable : kProviderWritable;
    signal.clear(bit | kProviderReadable);
    std::uint32_t why = co_await signal.wait(bit | kProviderReadable | kEnds);
    Got got = ended(why);
    if (got != Got::kBytes) co_return got;
  }
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

// One read through the parser; nothing: there was nothing to read.
std::optional<Got> ProviderCall::read_once() {
  auto& in = connection_->in;
  auto& parser = connection_->parser;
  if (in.room().empty()) in.compact();
  auto [io, count] = connection_->stream.read(in.room());
  if (io == Io::kWaitRead || io == Io::kWaitWrite) return std::nullopt;
  if (io == Io::kClosed) {
    // A body without a length ends with the connection; everything else must not.
    bool proper = parser.head_done() && parser.finish();
    return proper ? Got::kEnd : Got::kDied;
  }
  if (io == Io::kFailed) return Got::kDied;
  answer_began_ = true;
  in.filled(count);
  auto used = parser.feed(in.content());
  if (!used) return Got::kBroken;
  in.consume(*used);
  if (!parser.head_done() && in.room().empty() && !in.grow(http::kMaxHead)) return Got::kBroken;
  return parser.done() ? Got::kEnd : Got::kBytes;
}

// More bytes through the parser; its body() then holds what they brought.
Task<Got> ProviderCall::read_more(bool pings) {
  Signal& signal = client_.signal();
  for (;;) {
    if (connection_->stream.maybe_readable()) {
      if (reads_.spent(loop_.now())) {
        co_await loop_.next_turn();
        std::uint32_t raised = 0;
        if (signal.is_raised(kCut)) raised |= kCut;
        if (signal.is_raised(kLimit)) raised |= kLimit;
        Got got = ended(raised);
        if (got != Got::kBytes) co_return got;
      }
      auto got = read_once();
      if (got) co_return *got;
    }
    connection_->in.park();
    if (!client_.client_there()) co_return Got::kClientGone;
    signal.clear(kProviderReadable);
    std::uint32_t why = co_await signal.wait(kProviderReadable | kEnds | (pings ? kPingDue : 0));
    Got got = ended(why);
    if (got != Got::kBytes) co_return got;
    if ((why & kPingDue) != 0) co_return Got::kPing;
  }
}

void ProviderCall::release() {
  if (!connection_) return;
  bool again = !cut_short_ && connection_->parser.done() && connection_->parser.head().keep_alive &&
               connection_->in.empty();
  if (again) pool_->give_back(std::move(connection_));
  connection_.reset();
}

}  // namespace sallyport::gateway
