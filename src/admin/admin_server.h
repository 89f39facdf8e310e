// The administrator's side on one thread of its own: a UNIX socket whose peers are known by their
// uid (root and the gateway's own), and a loopback port for /metrics alone. What answers where is a
// visible table (RouteTable), filled in app/. A route answers at once, or takes the question (its
// body, and who asks) and answers later from another thread.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "base/task.h"
#include "http/byte_budget.h"
#include "http/server_connection.h"

namespace sallyport::admin {

struct Answer {
  int status = 200;
  std::string type = "application/json";
  std::string body;
};

/// What somebody asks by the local socket.
struct Question {
  std::string body;
  std::string who;  ///< the peer by the kernel's word: "root (uid 0)"
};
using Reply = std::function<void(Answer)>;

struct Route {
  std::string method;
  std::string path;
  bool on_port = false;  ///< also on the loopback port, without knowing who asks
  std::function<Answer()> answer;
  /// In place of `answer`, by the local socket alone. Calls the reply once, from any thread, while
  /// the server lives.
  std::function<void(Question, Reply)> ask = nullptr;
};
using RouteTable = std::vector<Route>;

class AdminServer {
 public:
  static constexpr std::size_t kMaxQuestion = std::size_t{1} << 20;  ///< bytes

  /// Binds; an empty socket path or host leaves that one out. Errors: listen.*.
  [[nodiscard]] static Result<std::unique_ptr<AdminServer>> open(const std::string& socket_path,
                                                                 const std::string& host,
                                                                 std::uint16_t port,
                                                                 RouteTable routes);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  void start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  AdminServer() = default;
  struct Door;
  [[nodiscard]] Task<void> accept_connections(Door& door);
  [[nodiscard]] Task<void> serve(UniqueFd fd, bool local);
  [[nodiscard]] const Route* find(const http::RequestHead& head, bool local) const;
  [[nodiscard]] Answer answer(const http::RequestHead& head, bool local) const;
  [[nodiscard]] Task<std::optional<Answer>> ask(http::ServerConnection& client, const Route& route,
                                                uid_t peer);
  [[nodiscard]] bool host_is_ours(const http::RequestHead& head) const;

  EventLoop loop_;
  RouteTable routes_;
  http::ByteBudget bodies_{kMaxQuestion * 16};
  std::string socket_path_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Door>> doors_;
  std::unordered_set<http::ServerConnection*> connections_;
  std::size_t running_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sallyport::admin
