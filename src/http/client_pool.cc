#include "http/client_pool.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <tuple>

#include "base/address.h"

namespace sallyport::http {
namespace {

constexpr std::uint32_t kProviderBits = kProviderReadable | kProviderWritable;

UniqueFd open_to(const Address& address, int& error) {
  UniqueFd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) {
    error = errno;
    return {};
  }
  int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 &&
      errno != EINPROGRESS) {
    error = errno;
    return {};
  }
  return fd;
}

int socket_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

ConnectFault ended_by(const Signal& signal, std::uint32_t abort) {
  return signal.is_raised(abort) ? ConnectFault::kAborted : ConnectFault::kTooLate;
}

}  // namespace

std::string_view describe(ConnectFault fault) {
  switch (fault) {
    case ConnectFault::kResolve:
      return "the name has no address that may be used";
    case ConnectFault::kRefused:
      return "no address accepted the connection";
    case ConnectFault::kTls:
      return "the TLS handshake failed";
    case ConnectFault::kProxy:
      return "the proxy did not open the way";
    case ConnectFault::kTooLate:
      return "no connection in time";
    case ConnectFault::kAborted:
      return "given up";
  }
  return "unknown";
}

ClientConnectionPtr ClientPool::take_idle() {
  while (!idle_.empty()) {
    ClientConnectionPtr connection = std::move(idle_.back());  // the warmest first
    idle_.pop_back();
    // Anything to read on an idle connection is a close or an answer to nothing.
    if (connection->stream.watch().hung_up || connection->stream.maybe_readable()) {
      char byte = 0;
      if (connection->stream.read({&byte, 1}).io != Io::kWaitRead) continue;
    }
    connection->reused = true;
    return connection;
  }
  return nullptr;
}

void ClientPool::give_back(ClientConnectionPtr connection) {
  connection->stream.watch().attach(nullptr, 0, 0);
  if (idle_.size() >= kMaxIdle || connection->stream.watch().hung_up) return;
  connection->in.release();
  connection->parser.reset();
  connection->idle_since = loop_.now();
  idle_.push_back(std::move(connection));
}

void ClientPool::sweep() {
  std::erase_if(idle_, [&](const ClientConnectionPtr& connection) {
    return connection->stream.watch().hung_up || loop_.now() - connection->idle_since > kIdleTime;
  });
}

Task<Connected> ClientPool::connect(Signal& signal, std::uint32_t abort) {
  signal.clear(kTimeUp);
  Deadline limit(loop_, signal, kTimeUp);
  limit.set(loop_.now() + destination_->connect_limit);
  Connected made = co_await open_socket(signal, abort);
  Fault fault;
  if (made && destination_->proxy) fault = co_await ask_proxy(**made, signal, abort);
  if (made && !fault && destination_->url.is_https()) {
    fault = co_await start_tls(**made, signal, abort);
  }
  limit.clear();
  if (fault) made = std::unexpected(std::move(*fault));
  co_return made;
}

Task<Connected> ClientPool::open_socket(Signal& signal, std::uint32_t abort) {
  const Url& first = destination_->proxy ? *destination_->proxy : destination_->url;
  Addresses addresses =
      co_await resolver_.resolve(loop_, signal, first.host, first.port, abort | kTimeUp);
  ConnectFailure failure{ended_by(signal, abort), first.host};
  if (signal.is_raised(abort | kTimeUp)) co_return std::unexpected(std::move(failure));
  failure.fault = addresses.empty() ? ConnectFault::kResolve : ConnectFault::kRefused;
  for (const auto& address : addresses) {
    int error = 0;
    ClientConnectionPtr connection;
    UniqueFd fd = open_to(address, error);
    if (fd) {
      connection = std::make_unique<ClientConnection>(loop_, std::move(fd));
      connection->stream.watch().writable = false;
      connection->stream.watch().attach(&signal, kProviderReadable, kProviderWritable);
      error = connection->stream.watch_error();
    }
    if (connection && error == 0) {
      signal.clear(kProviderBits);
      std::uint32_t why = co_await signal.wait(kProviderWritable | kTimeUp | abort);
      if ((why & (kTimeUp | abort)) != 0) {
        failure.fault = (why & abort) != 0 ? ConnectFault::kAborted : ConnectFault::kTooLate;
        co_return std::unexpected(std::move(failure));
      }
      error = socket_error(connection->stream.fd());
      if (error == 0) co_return connection;
    }
    failure.detail = fmt::format("{}: {}", first.authority(), std::strerror(error));
  }
  co_return std::unexpected(std::move(failure));
}

Task<ClientPool::Fault> ClientPool::ask_proxy(ClientConnection& connection, Signal& signal,
                                              std::uint32_t abort) {
  const Url& target = destination_->url;
  std::string name = format_address(target.host, target.port);
  std::string request = fmt::format("CONNECT {} HTTP/1.1\r\nHost: {}\r\n\r\n", name, name);
  const std::string& proxy = destination_->proxy->host;
  const std::string_view piece = request;
  WriteProgress at;
  if (connection.stream.write({&piece, 1}, at).io != Io::kDone) {
    co_return ConnectFailure{ConnectFault::kProxy, proxy};
  }
  connection.parser.reset(true);  // a successful CONNECT has no body (RFC 9110 9.3.6)
  ReadsPerTurn reads;
  while (!connection.parser.head_done()) {
    if (reads.spent(loop_.now())) co_await loop_.next_turn();
    if (!connection.stream.maybe_readable()) {
      signal.clear(kProviderReadable);
      std::ignore = co_await signal.wait(kProviderReadable | kTimeUp | abort);
    }
    if (signal.is_raised(abort | kTimeUp)) co_return ConnectFailure{ended_by(signal, abort), proxy};
    auto got = connection.stream.read(connection.in.room());
    if (got.io == Io::kWaitRead) continue;
    if (got.io != Io::kDone) co_return ConnectFailure{ConnectFault::kProxy, proxy};
    connection.in.filled(got.count);
    auto used = connection.parser.feed(connection.in.content());
    if (!used) co_return ConnectFailure{ConnectFault::kProxy, proxy};
    connection.in.consume(*used);
  }
  int status = connection.parser.head().status;
  if (status < 200 || status > 299 || !connection.in.empty()) {
    co_return ConnectFailure{ConnectFault::kProxy,
                             fmt::format("the proxy {} answered {} to CONNECT {}",
                                         destination_->proxy->authority(), status, name)};
  }
  connection.parser.reset();
  connection.in.release();
  co_return std::nullopt;
}

Task<ClientPool::Fault> ClientPool::start_tls(ClientConnection& connection, Signal& signal,
                                              std::uint32_t abort) {
  const Url& url = destination_->url;
  connection.stream.start_tls(destination_->trust->session(connection.stream.fd(), url.host));
  for (;;) {
    Io io = connection.stream.handshake();
    if (io == Io::kDone) co_return std::nullopt;
    if (io == Io::kClosed || io == Io::kFailed) {
      co_return ConnectFailure{ConnectFault::kTls, fmt::format("{}: {}", url.authority(),
                                                               connection.stream.tls_failure())};
    }
    std::uint32_t bit = io == Io::kWaitRead ? kProviderReadable : kProviderWritable;
    signal.clear(bit);
    std::uint32_t why = co_await signal.wait(bit | kTimeUp | abort);
    if ((why & (kTimeUp | abort)) != 0) {
      auto fault = (why & abort) != 0 ? ConnectFault::kAborted : ConnectFault::kTooLate;
      co_return ConnectFailure{fault, url.host};
    }
  }
}

}  // namespace sallyport::http
