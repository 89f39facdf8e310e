#include "http/acceptor.h"

#include <cerrno>
#include <cstring>
#include <tuple>

#include "base/log.h"
#include "http/bits.h"

namespace sallyport::http {
namespace {

constexpr std::chrono::milliseconds kPause{100};
constexpr std::size_t kPerTurn = 64;
constexpr std::uint32_t kStop = kFirstOwn;

}  // namespace

Acceptor::Acceptor(EventLoop& loop, UniqueFd listener)
    : loop_(loop),
      listener_(std::move(listener)),
      signal_(loop),
      watch_(std::make_unique<Watch>(loop, listener_.get())) {
  watch_->attach(&signal_, kPeerReadable, 0);
}

void Acceptor::stop() {
  stopping_ = true;
  signal_.raise(kStop);
}

Task<void> Acceptor::run(OnConnection on_connection) {
  Deadline pause(loop_, signal_, kTimeUp);
  std::size_t accepted = 0;
  while (!stopping_) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    UniqueFd fd(::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      on_connection(std::move(fd), peer);
      if (++accepted % kPerTurn == 0) co_await loop_.next_turn();
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    bool failed = errno != EAGAIN && errno != EWOULDBLOCK;
    if (failed) {
      log::once_a_minute(log::Level::kError, "connection.accept_failed",
                         {{"reason", std::strerror(errno)}, {"next_step", "raise LimitNOFILE"}});
    }
    failed = failed || watch_->error() != 0;  // then nothing will wake us
    if (failed) pause.set(loop_.now() + kPause);
    signal_.clear(kPeerReadable);
    std::ignore = co_await signal_.wait((failed ? kTimeUp : kPeerReadable) | kStop);
  }
  watch_.reset();
  listener_.reset();
}

}  // namespace sallyport::http
