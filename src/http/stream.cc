#include "http/stream.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/uninitialized.h"

namespace sallyport::http {
namespace {

// Small pieces are joined into one TLS record; a piece of this size or more goes by itself.
constexpr std::size_t kRecord = 16 * 1024;
// Pieces of one write(2); more of them take several.
constexpr std::size_t kGathered = 64;

}  // namespace

Stream::Stream(EventLoop& loop, UniqueFd fd) : fd_(std::move(fd)), watch_(loop, fd_.get()) {}

bool Stream::maybe_readable() const {
  return watch_.readable || (ssl_ && SSL_has_pending(ssl_.get()) != 0);
}

Io Stream::tls_result(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      if (!watch_.hung_up) watch_.readable = false;
      // OpenSSL gives its buffers back by itself, but for the one to write with that it makes when
      // the server's tickets come, after the handshake: 16 KiB for as long as a stream waits.
      SSL_free_buffers(ssl_.get());
      return Io::kWaitRead;
    case SSL_ERROR_WANT_WRITE:
      watch_.writable = false;
      return Io::kWaitWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Io::kClosed;
    default:
      return Io::kFailed;
  }
}

Io Stream::handshake() {
  ERR_clear_error();
  int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Io::kDone : tls_result(result);
}

std::string Stream::tls_failure() const {
  long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  return tls_error();
}

IoCount Stream::read(std::span<char> into, std::span<char> beyond) {
  if (ssl_) return read_tls(into);
  const std::array<iovec, 2> both{{{into.data(), into.size()}, {beyond.data(), beyond.size()}}};
  for (;;) {
    ssize_t n = beyond.empty() ? ::recv(fd_.get(), into.data(), into.size(), 0)
                               : ::readv(fd_.get(), both.data(), both.size());
    if (n > 0) {
      auto count = static_cast<std::size_t>(n);
      // A short read means that the socket is empty; the next byte will be an event of its own.
      if (count < into.size() + beyond.size() && !watch_.hung_up) watch_.readable = false;
      return {Io::kDone, count};
    }
    if (n == 0) return {Io::kClosed};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      watch_.readable = false;
      return {Io::kWaitRead};
    }
    return {Io::kFailed};
  }
}

IoCount Stream::read_tls(std::span<char> into) {
  ERR_clear_error();
  std::size_t count = 0;
  int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
  if (result == 1) return {Io::kDone, count};
  return {tls_result(result)};
}

IoCount Stream::write(std::span<const std::string_view> pieces, WriteProgress& at) {
  std::size_t written = 0;
  for (;;) {
    while (at.piece < pieces.size() && at.offset == pieces[at.piece].size()) {
      ++at.piece;
      at.offset = 0;
    }
    if (at.piece == pieces.size()) return {Io::kDone, written};
    SALLYPORT_UNINITIALIZED std::array<iovec, kGathered> parts;  // as far as `count` says
    std::size_t count = 0;
    for (std::size_t i = at.piece; i < pieces.size() && count < parts.size(); ++i) {
      auto rest = pieces[i].substr(i == at.piece ? at.offset : 0);
      parts[count++] = {const_cast<char*>(rest.data()), rest.size()};  // nobody writes to them
    }
    auto [io, taken] = write_some({parts.data(), count});
    written += taken;
    while (taken > 0) {
      std::size_t rest = pieces[at.piece].size() - at.offset;
      std::size_t step = std::min(taken, rest);
      taken -= step;
      at.offset += step;
      if (step == rest) {
        ++at.piece;
        at.offset = 0;
      }
    }
    if (io != Io::kDone) return {io, written};
  }
}

// From the start of the pieces; less than all of them with kWaitWrite.
IoCount Stream::write_some(std::span<const iovec> pieces) {
  if (ssl_) return write_tls(pieces);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg does not write to them
  message.msg_iovlen = pieces.size();
  std::size_t wanted = 0;
  for (const auto& piece : pieces) wanted += piece.iov_len;
  for (;;) {
    ssize_t n = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (n >= 0) {
      auto count = static_cast<std::size_t>(n);
      if (count == wanted) return {Io::kDone, count};
      watch_.writable = false;
      return {Io::kWaitWrite, count};
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      watch_.writable = false;
      return {Io::kWaitWrite};
    }
    return {Io::kFailed};
  }
}

IoCount Stream::write_tls(std::span<const iovec> pieces) {
  thread_local std::array<char, kRecord> record;
  std::size_t done = 0;
  std::size_t piece = 0;
  std::size_t offset = 0;
  while (piece < pieces.size()) {
    const char* data = static_cast<const char*>(pieces[piece].iov_base) + offset;
    std::size_t size = pieces[piece].iov_len - offset;
    if (size < kRecord && piece + 1 < pieces.size()) {  // join what follows
      std::size_t next = piece;
      std::size_t from = offset;
      size = 0;
      while (next < pieces.size() && size < kRecord) {
        std::size_t part = std::min(pieces[next].iov_len - from, kRecord - size);
        if (part != 0) {
          std::memcpy(record.data() + size, static_cast<const char*>(pieces[next].iov_base) + from,
                      part);
        }
        size += part;
        ++next;
        from = 0;
      }
      data = record.data();
    }
    if (size == 0) break;
    ERR_clear_error();
    std::size_t count = 0;
    int result = SSL_write_ex(ssl_.get(), data, size, &count);
    if (result != 1) return {tls_result(result), done};
    done += count;
    while (piece < pieces.size() && count >= pieces[piece].iov_len - offset) {
      count -= pieces[piece].iov_len - offset;
      ++piece;
      offset = 0;
    }
    offset += count;
  }
  return {Io::kDone, done};
}

void Stream::finish_writing() {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  ::shutdown(fd_.get(), SHUT_WR);
}

}  // namespace sallyport::http
