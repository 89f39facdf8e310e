// For unit tests of this folder: a session bus that does what a test wants, by bytes or by the
// sd-bus of libsystemd, which the tests link. Header-only and never part of the program.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/test_folder.h"
#include "base/unique_fd.h"

namespace sallyport::signin {

/// A socket that serves its first client in a thread of its own, which ends when the client goes.
class TestBus {
 public:
  explicit TestBus(std::function<void(int)> serve) : serve_(std::move(serve)) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    path().copy(where.sun_path, sizeof where.sun_path - 1);
    listening_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listening_.get(), reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
    EXPECT_EQ(::listen(listening_.get(), 1), 0);
    thread_ = std::thread([this] {
      int client = ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      UniqueFd kept(client);
      serve_(client);
    });
  }
  ~TestBus() {
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
  }
  TestBus(const TestBus&) = delete;
  TestBus& operator=(const TestBus&) = delete;

  [[nodiscard]] std::string address() const { return "unix:path=" + path(); }

 private:
  [[nodiscard]] std::string path() const { return folder_ / "bus"; }

  std::function<void(int)> serve_;
  TestFolder folder_;
  UniqueFd listening_;
  std::thread thread_;
};

/// False when the client has gone.
inline bool say(int client, std::string_view words) {
  while (!words.empty()) {
    ssize_t n = ::send(client, words.data(), words.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    words.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Listens until the client goes, and says nothing.
inline void hear_all(int client) {
  char heard[4096];
  while (::recv(client, heard, sizeof heard, 0) > 0) continue;
}

/// Lets anybody in, and waits for the first message.
inline void welcome(int client) {
  std::string heard;
  char buffer[4096];
  while (!heard.contains("BEGIN\r\n")) {
    ssize_t n = ::recv(client, buffer, sizeof buffer, 0);
    if (n <= 0) return;
    heard.append(buffer, static_cast<std::size_t>(n));
  }
  say(client, "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n");
  ::recv(client, buffer, sizeof buffer, 0);
}

/// Speaks D-Bus as it should be; what is asked goes to `answer`.
inline void serve_messages(int client,
                           const std::function<void(sd_bus*, sd_bus_message*)>& answer) {
  sd_bus* bus = nullptr;
  sd_bus_new(&bus);
  int own = ::dup(client);
  sd_bus_set_fd(bus, own, own);
  sd_bus_set_server(bus, 1, sd_id128_t{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}});
  int result = sd_bus_start(bus);
  while (result >= 0) {
    sd_bus_message* message = nullptr;
    result = sd_bus_process(bus, &message);
    if (message != nullptr && sd_bus_message_is_method_call(message, nullptr, nullptr) > 0) {
      answer(bus, message);
    }
    sd_bus_message_unref(message);
    if (result == 0) result = sd_bus_wait(bus, UINT64_MAX);
  }
  sd_bus_close_unref(bus);
}

}  // namespace sallyport::signin
