// Takes the connections of one listening socket until it is told to stop. Where the process has no
// descriptor left it pauses and tries again, since nothing would wake it. Belongs to one loop.
//
//   Acceptor acceptor(loop, std::move(listener));
//   spawn(acceptor.run([&](UniqueFd fd, const sockaddr_storage& peer) { ... }));
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>

#include "base/event_loop.h"
#include "base/task.h"
#include "base/unique_fd.h"

namespace sallyport::http {

class Acceptor {
 public:
  using OnConnection = std::function<void(UniqueFd fd, const sockaddr_storage& peer)>;

  /// On the loop's thread.
  Acceptor(EventLoop& loop, UniqueFd listener);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// Ends after stop(); the listener is closed then. `on_connection` must not throw. Once.
  [[nodiscard]] Task<void> run(OnConnection on_connection);
  void stop();

 private:
  EventLoop& loop_;
  UniqueFd listener_;
  Signal signal_;
  std::unique_ptr<Watch> watch_;
  bool stopping_ = false;
};

}  // namespace sallyport::http
