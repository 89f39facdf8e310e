#include "admin/admin_server.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "admin/routes.h"
#include "base/address.h"
#include "base/log.h"
#include "base/url.h"
#include "http/bits.h"
#include "http/listener.h"

namespace sallyport::admin {
namespace {

constexpr std::uint32_t kStop = http::kFirstOwn;
constexpr std::size_t kMaxConnections = 64;
constexpr std::size_t kBodies = kMaxQuestion * 16;
constexpr http::ServerTimes kTimes{std::chrono::seconds(5), std::chrono::seconds(5),
                                   std::chrono::seconds(15)};

// Who is at the other end of a UNIX socket: the kernel's word (SO_PEERCRED).
std::optional<uid_t> peer_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

bool may_enter(int fd) {
  auto peer = peer_of(fd);
  if (!peer) return false;
  if (*peer == 0 || *peer == ::geteuid()) return true;
  log::limited(log::Level::kWarning, "admin.peer_refused", {{"uid", std::uint64_t{*peer}}});
  return false;
}

std::string name_of(uid_t uid) {
  std::array<char, 4096> room;
  passwd entry{};
  passwd* found = nullptr;
  bool known = ::getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr;
  return known ? fmt::format("{} (uid {})", entry.pw_name, uid) : fmt::format("uid {}", uid);
}

}  // namespace

struct AdminServer::Door {
  Door(EventLoop& loop, UniqueFd listener, bool is_local)
      : acceptor(loop, std::move(listener)), local(is_local) {}
  http::Acceptor acceptor;
  bool local;
};

// Who answers the requests of one connection.
class AdminServer::Peer final : public http::ServerHandler {
 public:
  Peer(AdminServer& server, bool local, std::string who)
      : server_(server), local_(local), who_(std::move(who)) {}

  Task<void> answer(http::ServerStream& stream) override {
    Call call{server_.loop_, stream, server_.services_, server_.bodies_, who_};
    if (!local_ && !server_.host_is_ours(stream.head())) {
      co_await send(call, {421, "text/plain", "Ask by a loopback address.\n"});
      co_return;
    }
    co_await answer_by(local_ ? socket_routes() : port_routes(), call);
  }

  http::WrittenRefusal refuse_head(std::optional<http::HeadFault> fault) override {
    http::AnswerHead head(fault ? 400 : 408);
    head.add("content-type", "text/plain").add("cache-control", "no-store");
    return {std::move(head),
            fault ? "This is not valid HTTP/1.1.\n" : "The request did not arrive in time.\n"};
  }

 private:
  AdminServer& server_;
  bool local_;
  std::string who_;
};

AdminServer::AdminServer(Services services) : services_(std::move(services)), bodies_(kBodies) {}

Result<std::unique_ptr<AdminServer>> AdminServer::open(const std::string& socket_path,
                                                       const std::string& host, std::uint16_t port,
                                                       Services services) {
  std::unique_ptr<AdminServer> server(new AdminServer(std::move(services)));
  if (!socket_path.empty()) {
    auto socket = http::listen_unix(socket_path);
    if (!socket) return fail(std::move(socket.error()), "for admin.socket");
    server->socket_path_ = socket_path;
    server->doors_.push_back(std::make_unique<Door>(server->loop_, std::move(*socket), true));
  }
  if (!host.empty()) {
    auto tcp = http::listen_tcp(host, port, 1);
    if (!tcp) return fail(std::move(tcp.error()), "for admin.listen");
    server->port_ = tcp->port;
    server->doors_.push_back(
        std::make_unique<Door>(server->loop_, std::move(tcp->sockets.front()), false));
  }
  return server;
}

AdminServer::~AdminServer() {
  stop();
}

void AdminServer::start() {
  thread_ = std::thread([this] {
    for (auto& door : doors_) spawn(accept_connections(*door));
    loop_.run();
  });
}

void AdminServer::stop() {
  if (!thread_.joinable()) return;
  loop_.post([this] {
    for (auto& door : doors_) door->acceptor.stop();
    for (auto* connection : connections_) connection->raise(kStop);
    if (running_ == 0) loop_.stop();
  });
  thread_.join();
  if (!socket_path_.empty()) ::unlink(socket_path_.c_str());
}

void AdminServer::end_one() {
  if (--running_ == 0) loop_.stop();
}

Task<void> AdminServer::accept_connections(Door& door) {
  ++running_;
  co_await door.acceptor.run([this, local = door.local](UniqueFd fd, const sockaddr_storage&) {
    take_connection(std::move(fd), local);
  });
  end_one();
}

void AdminServer::take_connection(UniqueFd fd, bool local) {
  bool welcome = connections_.size() < kMaxConnections && (!local || may_enter(fd.get()));
  if (welcome) spawn(serve(std::move(fd), local));
}

Task<void> AdminServer::serve(UniqueFd fd, bool local) {
  ++running_;
  try {
    auto peer = local ? peer_of(fd.get()) : std::nullopt;
    http::ServerConnection connection(loop_, std::move(fd), kTimes, kStop);
    connections_.insert(&connection);
    struct Leave {
      std::unordered_set<http::ServerConnection*>& set;
      http::ServerConnection* connection;
      ~Leave() { set.erase(connection); }
    } leave{connections_, &connection};
    Peer handler(*this, local, peer ? name_of(*peer) : std::string());
    if (connection.watch_error() == 0) co_await connection.serve(nullptr, handler);
  } catch (const std::exception& error) {
    log::limited(log::Level::kError, "admin.connection_failed", {{"reason", error.what()}});
  }
  end_one();
}

// A page in a browser may be made to ask this port by a name of its own (DNS rebinding): only the
// loopback names are answered.
bool AdminServer::host_is_ours(const http::RequestHead& head) const {
  auto url = parse_request_url(fmt::format("http://{}", http::find_field(head.fields, "host")));
  return url && url->port == port_ && (url->host == "localhost" || is_loopback_literal(url->host));
}

}  // namespace sallyport::admin
