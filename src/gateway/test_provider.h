// A model provider for the tests of an exchange: a socket on loopback, on a thread of its own, that
// does what the test wrote down; and what it may say. Header-only, never part of the program.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/unique_fd.h"
#include "http/message_parser.h"

namespace sallyport::gateway {

/// What a provider does on one connection, in order; then it closes.
struct Act {
  enum class Kind : std::uint8_t { kRead, kSay, kHold, kCall } kind;
  std::string bytes;
  std::function<void()> call;
};
inline Act read_request() {
  return {Act::Kind::kRead, {}, {}};
}
inline Act say(std::string bytes) {
  return {Act::Kind::kSay, std::move(bytes), {}};
}
/// Keeps the connection until the other side closes it.
inline Act hold() {
  return {Act::Kind::kHold, {}, {}};
}
/// Calls the test, on the provider's thread.
inline Act call(std::function<void()> function) {
  return {Act::Kind::kCall, {}, std::move(function)};
}

class FakeProvider {
 public:
  FakeProvider() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    SALLYPORT_CHECK(::bind(listener_.get(), address, size) == 0);
    SALLYPORT_CHECK(::listen(listener_.get(), 8) == 0);
    SALLYPORT_CHECK(::getsockname(listener_.get(), address, &size) == 0);
    port = ntohs(at.sin_port);
  }
  ~FakeProvider() { stop(); }

  /// What it does on the next connection that is made to it.
  void on_connection(std::vector<Act> acts) { scripts_.push_back(std::move(acts)); }
  void start() {
    thread_ = std::thread([this] {
      for (const auto& acts : scripts_) {
        UniqueFd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!peer) return;
        play(peer.get(), acts);
      }
    });
  }
  void stop() {
    if (listener_) ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  /// Nobody listens any more.
  void goes() {
    stop();
    listener_.reset();
  }
  [[nodiscard]] std::vector<std::string> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }

  std::uint16_t port = 0;

 private:
  void play(int fd, const std::vector<Act>& acts) {
    for (const auto& act : acts) {
      if (act.kind == Act::Kind::kRead && !read_one(fd)) return;
      if (act.kind == Act::Kind::kSay) {
        ::send(fd, act.bytes.data(), act.bytes.size(), MSG_NOSIGNAL);
      }
      if (act.kind == Act::Kind::kCall) act.call();
      if (act.kind == Act::Kind::kHold) {
        char byte = 0;
        while (::recv(fd, &byte, 1, 0) > 0) {
        }
      }
    }
  }
  bool read_one(int fd) {
    std::string text;
    http::RequestParser parser;
    while (!parser.done()) {
      char bytes[4096];
      ssize_t n = ::recv(fd, bytes, sizeof bytes, 0);
      if (n <= 0) return false;
      text.append(bytes, static_cast<std::size_t>(n));
      parser.reset();
      if (!parser.feed(text)) return false;
    }
    std::lock_guard lock(mutex_);
    requests_.push_back(text);
    return true;
  }

  UniqueFd listener_;
  std::deque<std::vector<Act>> scripts_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

// ---- what is asked and answered ----------------------------------------------------------------

inline constexpr std::string_view kProviderKey = "provider-key-0123456789";

inline std::string message(std::string_view model, std::string_view more = "") {
  return R"({"model":")" + std::string(model) + R"(","max_tokens":8)" + std::string(more) +
         R"(,"messages":[{"role":"user","content":"hello"}]})";
}

inline std::string whole_answer(std::string_view model = "sonnet-prod") {
  return R"({"id":"msg_1","type":"message","role":"assistant","model":")" + std::string(model) +
         R"(","content":[],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":7}})";
}

inline std::string http_answer(int status, std::string_view body,
                               std::string_view type = "application/json",
                               std::string_view more = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\ncontent-type: " + std::string(type) +
         "\r\n" + std::string(more) + "content-length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

inline std::string stream_head() {
  return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: req_1\r\n"
         "transfer-encoding: chunked\r\n\r\n";
}
inline std::string chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}
inline std::string event(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}
inline std::string message_start() {
  return event("message_start",
               R"({"type":"message_start","message":{"model":"sonnet-prod","usage":)"
               R"({"input_tokens":5,"output_tokens":1}}})");
}
inline std::string message_end() {
  return event("message_delta",
               R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":)"
               R"({"output_tokens":7}})") +
         event("message_stop", R"({"type":"message_stop"})");
}

}  // namespace sallyport::gateway
