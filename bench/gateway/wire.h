// Sockets of the rig: non-blocking TCP on loopback, with or without TLS. Owned by the program's one
// thread. Deliberately shares nothing with src/: the rig must not inherit what it measures.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rig {

/// Nanoseconds of the monotonic clock: the same for all processes of the machine.
[[nodiscard]] std::int64_t now_ns();

enum class Io { kDone, kLater, kClosed };

struct Transfer {
  Io io;
  std::size_t bytes;  ///< moved, with kDone
};

/// One connection. Closed by its destructor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd, SSL* tls = nullptr) : fd_(fd), tls_(tls) {}
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { close(); }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  /// TLS may hold more than one read took: then the descriptor does not become readable again.
  [[nodiscard]] bool has_more() const { return tls_ != nullptr && SSL_pending(tls_) > 0; }
  [[nodiscard]] bool is_tls() const { return tls_ != nullptr; }

  [[nodiscard]] Transfer read(char* buffer, std::size_t size);
  [[nodiscard]] Transfer write(std::string_view bytes);
  /// Both parts in one system call (plain) or one after the other (TLS).
  [[nodiscard]] Transfer write(std::string_view first, std::string_view second);
  void close();

 private:
  int fd_ = -1;
  SSL* tls_ = nullptr;
};

/// A listening socket on 127.0.0.1; port 0 takes a free one. Ends the program when it cannot.
[[nodiscard]] int listen_on(std::uint16_t port);
[[nodiscard]] std::uint16_t port_of(int fd);
/// The next connection, or an unopened socket when none waits.
[[nodiscard]] Socket accept_from(int listener, SSL_CTX* tls);
/// Connects to 127.0.0.1 (which completes at once); the TLS handshake goes on with the first write.
[[nodiscard]] Socket connect_to(std::uint16_t port, SSL_CTX* tls);

[[nodiscard]] SSL_CTX* server_context(const std::string& certificate, const std::string& key);
/// Believes every certificate: the rig measures, it does not judge.
[[nodiscard]] SSL_CTX* client_context();

/// Ends the program with a sentence.
[[noreturn]] void die(const std::string& why);
/// Room for as many descriptors as the machine allows; a peer that has gone is no signal (OpenSSL
/// writes without MSG_NOSIGNAL).
void prepare_process();

}  // namespace rig
