#include "http/http1_connection.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/few.h"

namespace sallyport::http {
namespace {

constexpr std::size_t kDrainBytes = 32 << 20;
constexpr std::chrono::seconds kDrainTime{5};
constexpr std::chrono::seconds kLinger{1};
// Above this a body gets memory as it arrives, so that a head alone cannot claim 32 MiB.
constexpr std::size_t kTrustedLength = 256 * 1024;

}  // namespace

Http1Connection::Http1Connection(EventLoop& loop, UniqueFd fd, const ServerTimes& times)
    : loop_(loop),
      times_(times),
      signal_(loop),
      stream_(loop, std::move(fd)),
      time_(loop, signal_, kTimeUp) {
  signal_.keep(kPeerGone);
  stream_.watch().attach(&signal_, kPeerReadable, kPeerWritable, kPeerGone);
}

void Http1Connection::abort_on(std::uint32_t bits) {
  abort_ = bits;
  signal_.keep(bits);
}

Task<bool> Http1Connection::accept_tls(SslPtr ssl) {
  stream_.start_tls(std::move(ssl));
  time_.set(loop_.now() + times_.head);
  for (;;) {
    Io io = stream_.handshake();
    if (io == Io::kDone) co_return true;
    if (io == Io::kClosed || io == Io::kFailed) co_return false;
    std::uint32_t bit = io == Io::kWaitRead ? kPeerReadable : kPeerWritable;
    signal_.clear(bit);
    std::uint32_t why = co_await signal_.wait(bit | kTimeUp | abort_);
    if ((why & (kTimeUp | abort_)) != 0) co_return false;
  }
}

// Waits until there are more bytes in `buffer`. The deadline is the caller's.
Task<Http1Connection::Fill> Http1Connection::fill(Buffer& buffer) {
  for (;;) {
    if (stream_.maybe_readable()) {
      if (reads_.spent(loop_.now())) {
        co_await loop_.next_turn();
        if (signal_.is_raised(abort_)) co_return Fill::kEnd;
        if (signal_.is_raised(kTimeUp)) co_return Fill::kTime;
      }
      auto room = buffer.room();
      if (room.empty()) co_return Fill::kBytes;
      auto [io, count] = stream_.read(room);
      if (io == Io::kDone) {
        buffer.filled(count);
        co_return Fill::kBytes;
      }
      if (io == Io::kClosed || io == Io::kFailed) co_return Fill::kEnd;
    }
    buffer.park();
    signal_.clear(kPeerReadable);
    std::uint32_t why = co_await signal_.wait(kPeerReadable | kTimeUp | abort_);
    if ((why & abort_) != 0) co_return Fill::kEnd;
    if ((why & kTimeUp) != 0) co_return Fill::kTime;
  }
}

void Http1Connection::forget_request() {
  in_.consume(used_);
  used_ = 0;
  body_ = {};
  std::string().swap(body_store_);  // an assignment would keep its memory
  body_read_ = false;
  unsent_.clear();
  bytes_sent_ = 0;
  in_.compact();
  if (early_size_ > 0) {
    std::copy_n(early_.begin(), early_size_, in_.room().begin());
    in_.filled(std::exchange(early_size_, 0));
  }
  in_.park();
  parser_.reset();
}

Task<Http1Connection::Next> Http1Connection::next_head() {
  forget_request();
  signal_.clear(kTimeUp);
  bool started = !in_.empty();
  idle_ = !started;
  time_.set(loop_.now() + (started ? times_.head : times_.keep_alive));
  for (;;) {
    if (!in_.empty()) {
      auto used = parser_.feed(in_.content());
      if (!used) {
        fault_ = used.error();
        keep_alive_ = false;
        co_return Next::kFault;
      }
      if (parser_.head_done()) {
        used_ = *used;
        to_head_ = parser_.head().method == "HEAD";
        keep_alive_ = parser_.head().keep_alive && !closing_;
        idle_ = false;
        time_.clear();
        co_return Next::kHead;
      }
      if (in_.room().empty() && !in_.grow(kMaxHead)) {
        fault_ = HeadFault::kTooLarge;
        keep_alive_ = false;
        co_return Next::kFault;
      }
    }
    if (closing_ && !started) co_return Next::kClosed;
    Fill got = co_await fill(in_);
    if (got == Fill::kEnd) co_return Next::kClosed;
    if (got == Fill::kTime) {
      keep_alive_ = false;
      co_return started ? Next::kSlow : Next::kClosed;
    }
    if (!started) {
      started = true;
      idle_ = false;
      time_.set(loop_.now() + times_.head);
    }
  }
}

void Http1Connection::close_when_idle() {
  closing_ = true;
  keep_alive_ = false;
  if (idle_) signal_.raise(kTimeUp);
}

Task<Http1Connection::BodyRead> Http1Connection::read_body(std::size_t limit, BudgetShare& budget) {
  const RequestHead& request = parser_.head();
  body_read_ = true;
  if (!request.has_body()) co_return BodyRead::kDone;
  std::size_t size = request.content_length.value_or(0);
  if (size > limit) {
    body_read_ = false;
    co_return BodyRead::kTooLarge;
  }
  if (request.expect_continue && parser_.body().empty()) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    bool sent = co_await write_all({&kContinue, 1});
    if (!sent) co_return BodyRead::kClientGone;
  }
  time_.set(loop_.now() + times_.body);
  BodyRead result = BodyRead::kDone;
  if (request.chunked) {
    result = co_await read_chunked_body(limit, budget);
  } else {
    result = co_await read_sized_body(size, budget);
  }
  time_.clear();
  signal_.clear(kTimeUp);
  if (result != BodyRead::kDone) keep_alive_ = false;
  co_return result;
}

Task<Http1Connection::BodyRead> Http1Connection::read_sized_body(std::size_t size,
                                                                 BudgetShare& budget) {
  std::size_t have = 0;
  for (auto piece : parser_.body()) have += piece.size();
  if (have == size) {  // it came with the head and lies in one piece behind it
    body_ = parser_.body().front();
    co_return BodyRead::kDone;
  }
  auto grow = [&](std::size_t to) {
    // Not what it hands to the function: libstdc++ 12 hands over the capacity.
    body_store_.resize_and_overwrite(to, [to](char*, std::size_t) { return to; });
  };
  std::size_t first = std::min(size, std::max(kTrustedLength, have));
  if (!budget.take(first)) co_return BodyRead::kNoRoom;
  grow(first);
  std::size_t filled = 0;
  for (auto piece : parser_.body()) {
    std::copy(piece.begin(), piece.end(),
              body_store_.begin() + static_cast<std::ptrdiff_t>(filled));
    filled += piece.size();
  }
  while (filled < size) {
    if (stream_.maybe_readable()) {
      if (filled == body_store_.size()) {
        std::size_t next = std::min(size, filled * 2);
        if (!budget.take(next - filled)) co_return BodyRead::kNoRoom;
        grow(next);
      }
      const std::span<char> room{body_store_.data() + filled, body_store_.size() - filled};
      // A body that ends where the read does would leave open whether anything follows.
      const bool to_its_end = body_store_.size() == size;
      auto [io, count] = stream_.read(room, to_its_end ? std::span(early_) : std::span<char>());
      if (io == Io::kDone) {
        early_size_ = count - std::min(count, room.size());
        filled += count - early_size_;
        continue;
      }
      if (io == Io::kClosed || io == Io::kFailed) co_return BodyRead::kClientGone;
    }
    signal_.clear(kPeerReadable);
    std::uint32_t why = co_await signal_.wait(kPeerReadable | kTimeUp | abort_);
    if ((why & abort_) != 0) co_return BodyRead::kClientGone;
    if ((why & kTimeUp) != 0) co_return BodyRead::kSlow;
  }
  body_ = body_store_;
  co_return BodyRead::kDone;
}

Task<Http1Connection::BodyRead> Http1Connection::read_chunked_body(std::size_t limit,
                                                                   BudgetShare& budget) {
  // The head's block stays as it is; what follows it moves into a block of its own.
  Buffer rest;
  auto keep = [&](std::span<const std::string_view> pieces) {
    for (auto piece : pieces) {
      if (body_store_.size() + piece.size() > limit) return BodyRead::kTooLarge;
      if (!budget.take(piece.size())) return BodyRead::kNoRoom;
      body_store_.append(piece);
    }
    return BodyRead::kDone;
  };
  BodyRead kept = keep(parser_.body());
  if (kept != BodyRead::kDone) co_return kept;
  if (!parser_.done()) {
    auto left = in_.content().substr(used_);
    auto room = rest.room();
    std::copy(left.begin(),
              left.begin() + static_cast<std::ptrdiff_t>(std::min(left.size(), room.size())),
              room.begin());
    rest.filled(std::min(left.size(), room.size()));
    used_ += std::min(left.size(), room.size());
  }
  while (!parser_.done()) {
    Fill got = co_await fill(rest);
    if (got == Fill::kEnd) co_return BodyRead::kClientGone;
    if (got == Fill::kTime) co_return BodyRead::kSlow;
    auto used = parser_.feed(rest.content());
    if (!used) {
      fault_ = used.error();
      co_return BodyRead::kFault;
    }
    kept = keep(parser_.body());
    if (kept != BodyRead::kDone) co_return kept;
    rest.consume(*used);
    if (rest.room().empty()) rest.compact();
    if (rest.room().empty()) co_return BodyRead::kFault;
  }
  // A pipelined request behind a chunked body is not worth its complexity: answer, then close.
  if (!rest.empty()) keep_alive_ = false;
  body_ = body_store_;
  co_return BodyRead::kDone;
}

void Http1Connection::release_request(bool for_long) {
  body_ = {};
  std::string().swap(body_store_);  // an assignment would keep its memory
  if (in_.content().size() == used_) {
    used_ = 0;
    in_.release();
  }
  if (for_long) parser_.forget_fields();
}

// ---- the answer --------------------------------------------------------------------------------

// Writes everything, however often the socket wants to be waited for.
Task<bool> Http1Connection::write_all(std::span<const std::string_view> pieces) {
  WriteProgress at;
  bool timed = false;
  for (;;) {
    auto [io, count] = stream_.write(pieces, at);
    bytes_sent_ += static_cast<std::int64_t>(count);
    if (io == Io::kDone) break;
    if (io == Io::kClosed || io == Io::kFailed) co_return false;
    std::uint32_t bit = io == Io::kWaitRead ? kPeerReadable : kPeerWritable;
    signal_.clear(bit | kTimeUp);
    time_.set(loop_.now() + times_.body);
    timed = true;
    std::uint32_t why = co_await signal_.wait(bit | kTimeUp | abort_);
    if ((why & (kTimeUp | abort_)) != 0) co_return false;
  }
  if (timed) time_.clear();
  co_return true;
}

Task<bool> Http1Connection::send(const AnswerHead& head, std::span<const std::string_view> body) {
  if (!can_drain()) keep_alive_ = false;
  const bool bodiless = head.status() == 204 || head.status() == 304;  // RFC 9110 6.4.1
  std::size_t length = 0;
  for (auto piece : body) length += piece.size();
  AnswerFraming framing{.close = !keep_alive_};
  if (!bodiless) framing.length = length;
  std::string text;
  write_head(text, head, framing);
  Few<std::string_view, 6> pieces{text};
  if (!to_head_ && !bodiless) pieces.insert(pieces.end(), body.begin(), body.end());
  bool sent = co_await write_all(pieces);
  if (sent) sent = co_await drain();
  if (!sent) keep_alive_ = false;
  co_return sent;
}

void Http1Connection::begin(const AnswerHead& head) {
  chunked_ = !parser_.head().http10;  // RFC 9112 2.3: 1.0 reads until the connection ends
  if (!chunked_) keep_alive_ = false;
  unsent_.clear();
  write_head(unsent_, head, {.length = {}, .chunked = chunked_, .close = !keep_alive_});
}

ServerStream::Written Http1Connection::write(std::span<const std::string_view> pieces, bool last) {
  std::size_t size = 0;
  for (auto piece : pieces) size += piece.size();
  char digits[20];
  Few<std::string_view, 8> parts;
  if (!unsent_.empty()) parts.push_back(unsent_);
  if (size != 0) {
    if (chunked_) {
      char* end = std::to_chars(digits, digits + sizeof digits, size, 16).ptr;
      *end++ = '\r';
      *end++ = '\n';
      parts.push_back({digits, static_cast<std::size_t>(end - digits)});
    }
    parts.insert(parts.end(), pieces.begin(), pieces.end());
    if (chunked_) parts.push_back("\r\n");
  }
  if (last && chunked_) parts.push_back("0\r\n\r\n");  // RFC 9112 7.1
  WriteProgress at;
  auto [io, count] = stream_.write(parts, at);
  bytes_sent_ += static_cast<std::int64_t>(count);
  if (io == Io::kDone) {
    std::string().swap(unsent_);  // the head's memory, for as long as the answer takes
    return Written::kAll;
  }
  if (io == Io::kClosed || io == Io::kFailed) {
    keep_alive_ = false;
    return Written::kGone;
  }
  std::string left;
  for (std::size_t i = at.piece; i < parts.size(); ++i) {
    left += parts[i].substr(i == at.piece ? at.offset : 0);
  }
  unsent_ = std::move(left);
  return Written::kLater;
}

// What is left after a failure stays, so that a last try can send it.
Task<bool> Http1Connection::flush() {
  std::string sending = std::move(unsent_);
  unsent_.clear();
  const std::int64_t before = bytes_sent_;
  const std::string_view piece = sending;
  bool sent = co_await write_all({&piece, 1});
  if (!sent) {
    keep_alive_ = false;
    unsent_ = sending.substr(static_cast<std::size_t>(bytes_sent_ - before));
  }
  co_return sent;
}

// ---- what the client still sends ---------------------------------------------------------------

// False: drain() would give up at once, so the answer says that the connection closes.
bool Http1Connection::can_drain() const {
  const RequestHead& request = parser_.head();
  if (body_read_ || !request.has_body()) return true;
  if (request.expect_continue && parser_.body().empty()) return false;  // it need not send it
  return !request.chunked && request.content_length.value_or(0) <= kDrainBytes;
}

// After an answer that came before the body: reads the body away, within bounds. False: close now.
Task<bool> Http1Connection::drain() {
  const RequestHead& request = parser_.head();
  if (body_read_ || !request.has_body()) co_return true;
  if (!can_drain()) co_return false;
  std::size_t missing = *request.content_length;
  for (auto piece : parser_.body()) missing -= piece.size();
  time_.set(loop_.now() + kDrainTime);
  while (missing > 0) {
    if (stream_.maybe_readable()) {
      Buffer rest;  // never more than is missing: what follows is the next request
      auto room = rest.room();
      auto [io, count] = stream_.read(room.first(std::min(room.size(), missing)));
      if (io == Io::kClosed || io == Io::kFailed) break;
      if (io == Io::kDone) {
        missing -= count;
        continue;
      }
    }
    signal_.clear(kPeerReadable);
    std::uint32_t why = co_await signal_.wait(kPeerReadable | kTimeUp | abort_);
    if ((why & (kTimeUp | abort_)) != 0) break;
  }
  time_.clear();
  body_read_ = true;
  co_return missing == 0;
}

Task<void> Http1Connection::linger() {
  stream_.finish_writing();
  if (stream_.hung_up()) co_return;
  time_.set(loop_.now() + kLinger);
  Buffer rest;
  for (std::size_t bytes = 0; bytes < kDrainBytes;) {
    Fill got = co_await fill(rest);
    if (got != Fill::kBytes) break;
    bytes += rest.content().size();
    rest.release();
  }
  time_.clear();
}

}  // namespace sallyport::http
