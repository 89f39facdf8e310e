#include "wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

namespace rig {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void send_at_once(int fd) {
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

SSL* start_tls(SSL_CTX* context, int fd, bool accept) {
  if (context == nullptr) return nullptr;
  SSL* tls = SSL_new(context);
  if (tls == nullptr || SSL_set_fd(tls, fd) != 1) die("cannot start TLS");
  if (accept) {
    SSL_set_accept_state(tls);
  } else {
    SSL_set_connect_state(tls);
  }
  return tls;
}

Transfer tls_result(SSL* tls, int result, std::size_t bytes) {
  if (result == 1) return {Io::kDone, bytes};
  int why = SSL_get_error(tls, result);
  ERR_clear_error();
  bool later = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
  return {later ? Io::kLater : Io::kClosed, 0};
}

Transfer plain_result(ssize_t result) {
  if (result > 0) return {Io::kDone, static_cast<std::size_t>(result)};
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return {Io::kLater, 0};
  return {Io::kClosed, 0};
}

SSL_CTX* context_for(const SSL_METHOD* method) {
  SSL_CTX* context = SSL_CTX_new(method);
  if (context == nullptr) die("cannot make a TLS context");
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

std::int64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

Socket::Socket(Socket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), tls_(std::exchange(other.tls_, nullptr)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    tls_ = std::exchange(other.tls_, nullptr);
  }
  return *this;
}

void Socket::close() {
  if (tls_ != nullptr) SSL_free(std::exchange(tls_, nullptr));
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Transfer Socket::read(char* buffer, std::size_t size) {
  if (tls_ == nullptr) return plain_result(::recv(fd_, buffer, size, 0));
  std::size_t bytes = 0;
  int result = SSL_read_ex(tls_, buffer, size, &bytes);
  return tls_result(tls_, result, bytes);
}

Transfer Socket::write(std::string_view bytes) {
  if (tls_ == nullptr) return plain_result(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  std::size_t written = 0;
  int result = SSL_write_ex(tls_, bytes.data(), bytes.size(), &written);
  return tls_result(tls_, result, written);
}

Transfer Socket::write(std::string_view first, std::string_view second) {
  if (tls_ != nullptr) {
    Transfer part = write(first);
    if (part.io != Io::kDone || part.bytes < first.size()) return part;
    Transfer rest = write(second);
    if (rest.io == Io::kClosed) return rest;
    return {Io::kDone, part.bytes + rest.bytes};
  }
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  return plain_result(::sendmsg(fd_, &message, MSG_NOSIGNAL));
}

int listen_on(std::uint16_t port) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = loopback(port);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 4096) != 0) {
    die("cannot listen on port " + std::to_string(port) + ": " + std::strerror(errno));
  }
  return fd;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

Socket accept_from(int listener, SSL_CTX* tls) {
  int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return {};
  send_at_once(fd);
  return Socket(fd, start_tls(tls, fd, true));
}

Socket connect_to(std::uint16_t port, SSL_CTX* tls) {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die(std::string("cannot open a socket: ") + std::strerror(errno));
  sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    ::close(fd);
    return {};
  }
  send_at_once(fd);
  return Socket(fd, start_tls(tls, fd, false));
}

SSL_CTX* server_context(const std::string& certificate, const std::string& key) {
  SSL_CTX* context = context_for(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    die("cannot use the certificate " + certificate + " with the key " + key);
  }
  return context;
}

SSL_CTX* client_context() {
  SSL_CTX* context = context_for(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  return context;
}

void die(const std::string& why) {
  std::fprintf(stderr, "rig: %s\n", why.c_str());
  std::exit(1);
}

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace rig
