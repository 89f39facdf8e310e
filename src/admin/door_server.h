// Doors on a thread of their own: takes the connections of each door's listener and serves those
// that the door welcomes. Two of these run in a gateway: the local socket has one for itself, so
// that whoever floods a port takes nothing from it.
//
//   DoorServer server("admin-port", 5);
//   server.add(std::move(listener), door);
//   server.start();
#pragma once

#include <sys/socket.h>

#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/event_loop.h"
#include "base/task.h"
#include "http/acceptor.h"
#include "http/byte_budget.h"
#include "http/server_connection.h"
#include "http/tls.h"

namespace sallyport::admin {

/// Whoever sits at a listener. Everything on the server's thread.
class Door {
 public:
  virtual ~Door() = default;
  /// Who answers at a new connection; null: closed at once. Lives as long as the connection.
  [[nodiscard]] virtual std::unique_ptr<http::ServerHandler> welcome(
      int fd, const sockaddr_storage& peer) = 0;
  /// Null: plain HTTP.
  [[nodiscard]] virtual std::shared_ptr<const http::TlsServer> tls() { return nullptr; }
};

class DoorServer {
 public:
  /// `nice`: how far its thread stands back.
  DoorServer(std::string name, int nice) : name_(std::move(name)), nice_(nice) {}
  ~DoorServer() { stop(); }
  DoorServer(const DoorServer&) = delete;
  DoorServer& operator=(const DoorServer&) = delete;

  /// Before start(); the door outlives the server.
  void add(UniqueFd listener, Door& door);
  void start();
  void stop();
  [[nodiscard]] EventLoop& loop() { return loop_; }
  /// Of the bodies that its doors hold.
  [[nodiscard]] http::ByteBudget& bodies() { return bodies_; }

 private:
  struct Post {
    Post(EventLoop& loop, UniqueFd listener, Door& its_door)
        : acceptor(loop, std::move(listener)), door(its_door) {}
    http::Acceptor acceptor;
    Door& door;
  };
  [[nodiscard]] Task<void> accept_connections(Post& post);
  [[nodiscard]] Task<void> serve(UniqueFd fd, std::unique_ptr<http::ServerHandler> handler,
                                 std::shared_ptr<const http::TlsServer> tls);
  void end_one();

  std::string name_;
  int nice_;
  EventLoop loop_;
  http::ByteBudget bodies_{std::size_t{16} << 20};
  std::vector<std::unique_ptr<Post>> posts_;
  std::unordered_set<http::ServerConnection*> connections_;
  std::size_t running_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

/// What is said to a head that is no head, or does not end.
[[nodiscard]] http::WrittenRefusal refuse_bad_head(std::optional<http::HeadFault> fault);

}  // namespace sallyport::admin
