// The administrator's side on one thread of its own: a UNIX socket whose peers are known by their
// uid (root and the gateway's own), and a loopback port for /metrics alone. What answers where
// stands in routes.cc.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "admin/call.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/task.h"
#include "http/acceptor.h"
#include "http/byte_budget.h"
#include "http/server_connection.h"

namespace sallyport::admin {

class AdminServer {
 public:
  /// Binds; an empty socket path or host leaves that one out. Errors: listen.*.
  [[nodiscard]] static Result<std::unique_ptr<AdminServer>> open(const std::string& socket_path,
                                                                 const std::string& host,
                                                                 std::uint16_t port,
                                                                 Services services);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  void start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  struct Door;
  class Peer;

  explicit AdminServer(Services services);
  void take_connection(UniqueFd fd, bool local);
  [[nodiscard]] Task<void> accept_connections(Door& door);
  [[nodiscard]] Task<void> serve(UniqueFd fd, bool local);
  [[nodiscard]] bool host_is_ours(const http::RequestHead& head) const;
  void end_one();

  EventLoop loop_;
  Services services_;
  http::ByteBudget bodies_;
  std::string socket_path_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Door>> doors_;
  std::unordered_set<http::ServerConnection*> connections_;
  std::size_t running_ = 0;
  std::thread thread_;
};

}  // namespace sallyport::admin
