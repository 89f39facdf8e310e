// The other side of a connection: a client that says and hears as a test wrote it down, over loopback
// or as one end of a pair. Header-only, never part of the program.
//
//   TestLine line;
//   ServerConnection connection(loop, std::move(line.ours), times, 0);
//   std::thread client([&] { line.say("GET / ..."); heard = line.hear(); line.leave(); });
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/unique_fd.h"

namespace sallyport::http {

/// The other side of a connection. It waits for ten seconds at most: longer is a defect.
struct TestPeer {
  TestPeer() = default;
  explicit TestPeer(UniqueFd fd) : theirs(std::move(fd)) {
    const timeval limit{10, 0};
    ::setsockopt(theirs.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  [[nodiscard]] static TestPeer connect(std::uint16_t port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) return {};
    return TestPeer(std::move(fd));
  }

  /// Waits until all of it is taken; false: nobody is there any more.
  bool say(std::string_view text) const {
    while (!text.empty()) {
      ssize_t n = ::send(theirs.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  /// Everything up to the end, or up to and with `until`.
  [[nodiscard]] std::string hear(std::string_view until = {}) const {
    std::string all;
    char bytes[4096];
    while (until.empty() || !all.ends_with(until)) {
      ssize_t n = ::recv(theirs.get(), bytes, sizeof bytes, 0);
      if (n <= 0) break;
      all.append(bytes, static_cast<std::size_t>(n));
    }
    return all;
  }
  /// Says nothing more, and hears on.
  void half_close() const { ::shutdown(theirs.get(), SHUT_WR); }
  void leave() { theirs.reset(); }

  UniqueFd theirs;  ///< none: nobody listens
};

/// Two ends of one connection: the peer's, and ours, which does not block.
struct TestLine : TestPeer {
  TestLine() : TestLine(ends_of_a_pair()) {}

  UniqueFd ours;

 private:
  struct Ends {
    UniqueFd ours, theirs;
  };
  static Ends ends_of_a_pair() {
    int ends[2];
    SALLYPORT_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    SALLYPORT_CHECK(::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
  }
  explicit TestLine(Ends ends) : TestPeer(std::move(ends.theirs)), ours(std::move(ends.ours)) {}
};

inline std::size_t times_in(std::string_view text, std::string_view what) {
  std::size_t times = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) {
    ++times;
  }
  return times;
}

}  // namespace sallyport::http
