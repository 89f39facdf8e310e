#include "driver.h"

#include <sys/epoll.h>

#include <cerrno>
#include <ctime>

namespace rig {

struct Driver::Visitor {
  Driver& driver;
  Connection& connection;
  void on_head(std::string_view head) const {
    // HTTP/1.1 200 OK
    connection.status = head.size() > 12 ? std::atoi(std::string(head.substr(9, 3)).c_str()) : 0;
  }
  void on_body(std::string_view piece) const { driver.on_body(connection, piece); }
};

Driver::Driver(std::uint16_t port, SSL_CTX* tls, RequestShape shape)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      port_(port),
      tls_(tls),
      shape_(std::move(shape)),
      buffer_(128 * 1024) {
  before_token_ = "POST " + shape_.path +
                  " HTTP/1.1\r\n"
                  "host: 127.0.0.1\r\n"
                  "accept: application/json\r\n"
                  "content-type: application/json\r\n"
                  "user-agent: claude-cli/2.1.329 (external, cli)\r\n"
                  "x-app: cli\r\n"
                  "anthropic-version: 2023-06-01\r\n"
                  "anthropic-beta: claude-code-20250219,interleaved-thinking-2025-05-14\r\n"
                  "x-claude-code-session-id: 7d1f6a52-0b0c-4f6e-9f39-6f1f2f3c9a10\r\n" +
                  shape_.fields + (shape_.close ? "connection: close\r\n" : "") +
                  (shape_.tokens.empty() ? "" : "authorization: Bearer ");
  after_token_ = std::string(shape_.tokens.empty() ? "" : "\r\n") +
                 "content-length: " + std::to_string(shape_.body.size()) + "\r\n\r\n";
}

void Driver::turn(std::int64_t wait_ns) {
  epoll_event events[256];
  wait_ns = std::max<std::int64_t>(wait_ns, 0);
  timespec wait{wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
  int count = ::epoll_pwait2(epoll_, events, 256, &wait, nullptr);
  if (count < 0 && errno != EINTR) die("epoll failed");
  for (int i = 0; i < count; ++i) {
    Connection& connection = *connections_[events[i].data.u32];
    if (!connection.socket.is_open()) continue;
    if ((events[i].events & EPOLLOUT) != 0) flush(connection);
    if (connection.socket.is_open() && (events[i].events & ~static_cast<unsigned>(EPOLLOUT)) != 0) {
      read_from(connection);
    }
  }
}

Connection& Driver::add_connection() {
  auto& added = connections_.emplace_back(std::make_unique<Connection>());
  added->index = connections_.size() - 1;
  return *added;
}

void Driver::connect(Connection& connection) {
  connection.socket = connect_to(port_, tls_);
  connection.reader = MessageReader();
  connection.unsent.clear();
  connection.wants_write = false;
  if (connection.socket.is_open()) watch(connection, EPOLLIN, EPOLL_CTL_ADD);
}

void Driver::send_request(Connection& connection, std::int64_t due) {
  if (!connection.socket.is_open()) connect(connection);
  connection.started = due;
  connection.status = 0;
  connection.is_busy = true;
  connection.events = 0;
  connection.has_begun = false;
  connection.cut_marker.clear();
  ++sent_;
  if (!connection.socket.is_open()) return lose(connection);
  head_ = before_token_;
  if (!shape_.tokens.empty()) {
    head_ += shape_.tokens[next_token_];
    next_token_ = (next_token_ + 1) % shape_.tokens.size();
  }
  head_ += after_token_;
  Transfer sent = connection.socket.write(head_, shape_.body);
  if (sent.io == Io::kClosed) return lose(connection);
  keep_unsent(connection, head_, sent.io == Io::kDone ? sent.bytes : 0);
}

void Driver::keep_unsent(Connection& connection, std::string_view head, std::size_t sent) {
  if (sent == head.size() + shape_.body.size()) return;
  connection.unsent = head;
  connection.unsent += shape_.body;
  connection.unsent.erase(0, sent);
  watch(connection, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  connection.wants_write = true;
}

void Driver::flush(Connection& connection) {
  while (!connection.unsent.empty()) {
    Transfer sent = connection.socket.write(connection.unsent);
    if (sent.io == Io::kClosed) return lose(connection);
    if (sent.io == Io::kLater) return;
    connection.unsent.erase(0, sent.bytes);
  }
  if (connection.wants_write) watch(connection, EPOLLIN, EPOLL_CTL_MOD);
  connection.wants_write = false;
}

void Driver::read_from(Connection& connection) {
  do {
    Transfer got = connection.socket.read(buffer_.data(), buffer_.size());
    if (got.io == Io::kLater) return;
    if (got.io == Io::kClosed) return lose(connection);
    std::string_view bytes(buffer_.data(), got.bytes);
    Visitor visitor{*this, connection};
    while (!bytes.empty() && connection.socket.is_open()) {
      bytes.remove_prefix(connection.reader.feed(bytes, visitor));
      if (connection.reader.is_broken()) return lose(connection);
      if (!connection.reader.is_done()) continue;
      bool good = connection.status == 200 && connection.is_busy;
      if (!good) fail("status " + std::to_string(connection.status));
      connection.is_busy = false;
      if (shape_.close) connection.socket.close();
      on_answer(connection, good);
    }
  } while (connection.socket.is_open() && connection.socket.has_more());
}

// The peer closed. Between requests that is its right; within one it is an error.
void Driver::lose(Connection& connection) {
  connection.socket.close();
  if (!connection.is_busy) return;
  connection.is_busy = false;
  fail("connection lost before the end of an answer");
  on_answer(connection, false);
}

void Driver::fail(const std::string& why) {
  if (errors_++ == 0) first_error_ = why;
}

void Driver::watch(const Connection& connection, std::uint32_t what, int how) const {
  epoll_event event{};
  event.events = what;
  event.data.u32 = static_cast<std::uint32_t>(connection.index);
  ::epoll_ctl(epoll_, how, connection.socket.fd(), &event);
}

}  // namespace rig
