#include "http/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "base/address.h"

namespace sallyport::http {
namespace {

constexpr int kBacklog = 4096;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

bool make_address(const std::string& host, std::uint16_t port, SocketAddress& address) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof *v4;
    return true;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof *v6;
    return true;
  }
  return false;
}

std::uint16_t bound_port(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  if (address.storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port);
  }
  return ntohs(reinterpret_cast<sockaddr_in*>(&address.storage)->sin_port);
}

std::unexpected<Error> bind_failed(const std::string& where, int error) {
  if (error == EADDRINUSE) {
    return fail("listen.in_use", fmt::format("{} is in use by another process", where),
                "stop that process or choose another port");
  }
  if (error == EACCES) {
    return fail("listen.permission", fmt::format("this process may not listen on {}", where),
                "choose a port above 1023 or grant CAP_NET_BIND_SERVICE");
  }
  return fail("listen.failed", fmt::format("cannot listen on {}: {}", where, std::strerror(error)),
              "check that the address belongs to this machine");
}

std::unexpected<Error> socket_failed(const std::string& path, int error) {
  if (error == EADDRINUSE) {
    return fail("listen.in_use", fmt::format("another process answers at the socket {}", path),
                "stop that process or choose another path");
  }
  if (error == EEXIST) {
    return fail("listen.failed", fmt::format("{} is there and is no socket", path),
                "choose another path, or take that file away");
  }
  if (error == ENOENT) {
    return fail("listen.failed", fmt::format("the folder of the socket {} does not exist", path),
                "create the folder");
  }
  if (error == EACCES || error == EPERM) {
    return fail("listen.permission", fmt::format("this process may not create {}", path),
                "let the gateway's user write to its folder");
  }
  return fail("listen.failed", fmt::format("cannot listen on {}: {}", path, std::strerror(error)),
              "choose another path");
}

Result<UniqueFd> bind_tcp(const std::string& host, std::uint16_t port, bool share) {
  SocketAddress address;
  std::string where = format_address(host, port);
  if (!make_address(host, port, address)) {
    return fail("listen.failed", fmt::format("{} is not an IP address", host),
                "write an address such as 0.0.0.0 or ::1");
  }
  UniqueFd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return bind_failed(where, errno);
  int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (share) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address.storage), address.size) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return bind_failed(where, errno);
  }
  return fd;
}

}  // namespace

Result<TcpListeners> listen_tcp(const std::string& host, std::uint16_t port, unsigned count) {
  TcpListeners listeners;
  auto first = bind_tcp(host, port, false);
  if (!first) return std::unexpected(std::move(first.error()));
  listeners.port = bound_port(first->get());
  if (count == 1) {
    listeners.sockets.push_back(std::move(*first));
    return listeners;
  }
  first->reset();
  for (unsigned i = 0; i < count; ++i) {
    auto next = bind_tcp(host, listeners.port, true);
    if (!next) return std::unexpected(std::move(next.error()));
    listeners.sockets.push_back(std::move(*next));
  }
  return listeners;
}

Result<UniqueFd> listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail("listen.failed", fmt::format("the socket path {} is too long", path),
                fmt::format("use a path of at most {} bytes", sizeof address.sun_path - 1));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size());
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return socket_failed(path, errno);
  if (::connect(fd.get(), generic, sizeof address) == 0) return socket_failed(path, EADDRINUSE);
  struct stat info{};
  if (::lstat(path.c_str(), &info) == 0) {
    if (!S_ISSOCK(info.st_mode)) return socket_failed(path, EEXIST);
    ::unlink(path.c_str());  // of a process that is gone
  }
  fd = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return socket_failed(path, errno);
  // The mode has to be right before anybody can connect.
  ::fchmod(fd.get(), 0600);
  if (::bind(fd.get(), generic, sizeof address) != 0) return socket_failed(path, errno);
  ::chmod(path.c_str(), 0600);
  if (::listen(fd.get(), kBacklog) != 0) return socket_failed(path, errno);
  return fd;
}

}  // namespace sallyport::http
