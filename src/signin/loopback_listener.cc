#include "signin/loopback_listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace sallyport::signin {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxConnections = 16;
constexpr std::chrono::seconds kHeadTime{5};

struct Connection {
  UniqueFd fd;
  std::string in;
  Clock::time_point until;
};

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Bad Request";
  }
}

// No script, nothing loaded, nothing of the request repeated.
std::string page(int status, std::string_view title, std::string_view words) {
  std::string body = fmt::format(
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title>"
      "<style>body{{font:1.1rem/1.5 system-ui,sans-serif;margin:18vh auto;max-width:34rem;"
      "padding:0 "
      "1rem;text-align:center}}@media(prefers-color-scheme:dark){{body{{background:#1b1b1b;"
      "color:#eee}}}}</style></head><body><h1>{0}</h1><p>{1}</p></body></html>\n",
      title, words);
  return fmt::format(
      "HTTP/1.1 {} {}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n"
      "cache-control: no-store\r\nreferrer-policy: no-referrer\r\nx-content-type-options: "
      "nosniff\r\n"
      "content-security-policy: default-src 'none'; style-src 'unsafe-inline'; "
      "frame-ancestors 'none'\r\nconnection: close\r\n\r\n{}",
      status, reason_of(status), body.size(), body);
}

std::string page_of(LoopbackFault fault) {
  switch (fault) {
    case LoopbackFault::kPath:
      return page(404, "Nothing here", "This address waits for one answer only.");
    case LoopbackFault::kMethod:
      return page(405, "Nothing here", "This address waits for one answer only.");
    default:
      return page(400, "This is not the answer that was waited for",
                  "Go back to the terminal; the sign-in is still waiting there.");
  }
}

void answer(Connection& connection, std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::send(connection.fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) break;  // a page fits into any socket's buffer; who is gone needs none
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  ::shutdown(connection.fd.get(), SHUT_WR);
}

// True while the connection is worth keeping; a whole head is left in `in`.
bool read_some(Connection& connection, bool& whole) {
  char buffer[4096];
  ssize_t n = ::recv(connection.fd.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  connection.in.append(buffer, static_cast<std::size_t>(n));
  whole = connection.in.find("\r\n\r\n") != std::string::npos;
  return whole || connection.in.size() <= kMaxLoopbackRequest;
}

int wait_time(Clock::time_point until) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
}

}  // namespace

LoopbackListener::LoopbackListener(UniqueFd fd, std::uint16_t port)
    : fd_(std::move(fd)), host_(fmt::format("127.0.0.1:{}", port)) {}

Result<LoopbackListener> LoopbackListener::open(std::uint16_t port) {
  auto refuse = [port](int error) {
    return fail(
        kSignInPort,
        fmt::format("cannot wait for the browser on 127.0.0.1:{}: {}", port, std::strerror(error)),
        port == 0 ? "try --device" : "end the program that holds the port, or try --device");
  };
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return refuse(errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  if (port != 0) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(fd.get(), 16) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return refuse(errno);
  }
  return LoopbackListener(std::move(fd), ntohs(address.sin_port));
}

std::string LoopbackListener::redirect_uri() const {
  return "http://" + host_ + "/callback";
}

Result<Callback> LoopbackListener::wait(std::string_view state, std::chrono::seconds patience) {
  auto until = Clock::now() + patience;
  std::vector<Connection> connections;
  while (Clock::now() < until) {
    std::vector<pollfd> waits{{fd_.get(), POLLIN, 0}};
    for (const auto& connection : connections) waits.push_back({connection.fd.get(), POLLIN, 0});
    if (::poll(waits.data(), waits.size(), wait_time(until)) < 0 && errno != EINTR) break;
    for (std::size_t i = connections.size(); i-- > 0;) {
      Connection& connection = connections[i];
      bool whole = false;
      bool keep = Clock::now() < connection.until;
      if (keep && waits[i + 1].revents != 0) keep = read_some(connection, whole);
      if (whole) {
        auto callback = parse_loopback_request(connection.in, host_);
        wipe(connection.in);
        if (callback && equal_constant_time(callback->state, state)) {
          answer(connection, callback->error.empty()
                                 ? page(200, "You are signed in", "You can close this window.")
                                 : page(200, "You are not signed in",
                                        "You can close this window; the terminal says why."));
          return std::move(*callback);
        }
        answer(connection, page_of(callback ? LoopbackFault::kNoAnswer : callback.error()));
      }
      if (!keep || whole) connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
    }
    // Browsers open connections ahead of need; the oldest makes room.
    UniqueFd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) continue;
    if (connections.size() == kMaxConnections) connections.erase(connections.begin());
    connections.push_back({std::move(fd), {}, Clock::now() + kHeadTime});
  }
  return fail("sign_in.timeout",
              fmt::format("nobody signed in within {} seconds", patience.count()),
              "run `sallyport sign-in` again; on a machine without a browser, with --device");
}

}  // namespace sallyport::signin
