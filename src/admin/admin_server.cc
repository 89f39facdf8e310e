#include "admin/admin_server.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <tuple>

#include "base/address.h"
#include "base/log.h"
#include "base/url.h"
#include "http/bits.h"
#include "http/listener.h"
#include "http/refusal.h"

namespace sallyport::admin {
namespace {

constexpr std::uint32_t kStop = http::kFirstOwn;
constexpr std::uint32_t kAnswered = http::kFirstOwn << 1;
constexpr std::size_t kMaxConnections = 64;
constexpr std::chrono::milliseconds kAcceptPause{100};
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

// What a question waits for; the reply may come when nobody waits any more.
struct Waiting {
  Signal* signal;
  std::optional<Answer> answer;
};

std::string write_answer(const Answer& answer, bool keep_alive, bool to_head) {
  std::string out = fmt::format(
      "HTTP/1.1 {} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\ncache-control: no-store\r\n"
      "x-content-type-options: nosniff\r\n{}\r\n",
      answer.status, http::reason_phrase(answer.status), answer.type, answer.body.size(),
      keep_alive ? "" : "connection: close\r\n");
  if (!to_head) out += answer.body;
  return out;
}

}  // namespace

struct AdminServer::Door {
  Door(EventLoop& loop, UniqueFd listener, bool is_local)
      : fd(std::move(listener)), watch(loop, fd.get()), signal(loop), local(is_local) {
    watch.attach(&signal, http::kPeerReadable, 0);
  }
  UniqueFd fd;
  Watch watch;
  Signal signal;
  bool local;
};

Result<std::unique_ptr<AdminServer>> AdminServer::open(const std::string& socket_path,
                                                       const std::string& host, std::uint16_t port,
                                                       RouteTable routes) {
  std::unique_ptr<AdminServer> server(new AdminServer);
  server->routes_ = std::move(routes);
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
    stopping_ = true;
    for (auto& door : doors_) door->signal.raise(kStop);
    for (auto* connection : connections_) connection->signal().raise(kStop);
    if (running_ == 0) loop_.stop();
  });
  thread_.join();
  if (!socket_path_.empty()) ::unlink(socket_path_.c_str());
}

Task<void> AdminServer::accept_connections(Door& door) {
  ++running_;
  Deadline pause(loop_, door.signal, http::kTimeUp);
  while (!stopping_) {
    UniqueFd fd(::accept4(door.fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      bool welcome = connections_.size() < kMaxConnections && (!door.local || may_enter(fd.get()));
      if (welcome) spawn(serve(std::move(fd), door.local));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    bool failed = errno != EAGAIN && errno != EWOULDBLOCK;  // no descriptor left, say
    failed = failed || door.watch.error() != 0;             // then nothing will wake us
    if (failed) pause.set(loop_.now() + kAcceptPause);
    door.signal.clear(http::kPeerReadable);
    std::ignore = co_await door.signal.wait((failed ? http::kTimeUp : http::kPeerReadable) | kStop);
  }
  if (--running_ == 0) loop_.stop();
}

Task<void> AdminServer::serve(UniqueFd fd, bool local) {
  ++running_;
  try {
    http::ServerConnection client(loop_, std::move(fd), kTimes);
    client.abort_on(kStop);
    connections_.insert(&client);
    uid_t peer = local ? peer_of(client.stream().fd()).value_or(~uid_t{0}) : ~uid_t{0};
    struct Leave {
      std::unordered_set<http::ServerConnection*>& set;
      http::ServerConnection* client;
      ~Leave() { set.erase(client); }
    } leave{connections_, &client};
    while (client.stream().watch_error() == 0) {
      auto next = co_await client.next_head();
      if (next == http::ServerConnection::Next::kFault) {
        std::string text =
            write_answer({400, "text/plain", "This is not valid HTTP/1.1.\n"}, false, false);
        bool sent = co_await client.send(text);
        if (sent) co_await client.linger();
        break;
      }
      if (next != http::ServerConnection::Next::kHead) break;
      bool to_head = client.head().method == "HEAD";
      bool keep = client.head().keep_alive;
      std::optional<Answer> found;
      const Route* route = find(client.head(), local);
      if (route != nullptr && route->ask && route->method == client.head().method) {
        found = co_await ask(client, *route, peer);
        if (!found) break;
      } else {
        found = answer(client.head(), local);
      }
      std::string text = write_answer(*found, keep, to_head);
      bool sent = co_await client.send(text);
      if (!sent) break;
      bool drained = co_await client.drain();
      if (!drained || !client.keep_alive()) break;
    }
  } catch (const std::exception& error) {
    log::limited(log::Level::kError, "admin.connection_failed", {{"reason", error.what()}});
  }
  if (--running_ == 0) loop_.stop();
}

// A page in a browser may be made to ask this port by a name of its own (DNS rebinding): only the
// loopback names are answered.
bool AdminServer::host_is_ours(const http::RequestHead& head) const {
  auto url = parse_request_url(fmt::format("http://{}", http::find_field(head.fields, "host")));
  return url && url->port == port_ && (url->host == "localhost" || is_loopback_literal(url->host));
}

const Route* AdminServer::find(const http::RequestHead& head, bool local) const {
  const Route* same_path = nullptr;
  for (const auto& route : routes_) {
    if (route.path != head.path || (!local && !route.on_port)) continue;
    same_path = &route;
    if (route.method == head.method || (head.method == "HEAD" && route.method == "GET")) break;
  }
  return same_path;
}

Answer AdminServer::answer(const http::RequestHead& head, bool local) const {
  if (!local && !host_is_ours(head)) return {421, "text/plain", "Ask by a loopback address.\n"};
  const Route* route = find(head, local);
  if (route == nullptr) return {404, "text/plain", "There is nothing here.\n"};
  bool to_head = head.method == "HEAD" && route->method == "GET";
  if (!route->answer || (route->method != head.method && !to_head)) {
    return {405, "text/plain", "This method is not known here.\n"};
  }
  return route->answer();
}

// Reads the question, hands it on and sleeps until the reply is there. Nothing: the peer left, or
// the server stops; what was asked for is carried out all the same.
Task<std::optional<Answer>> AdminServer::ask(http::ServerConnection& client, const Route& route,
                                             uid_t peer) {
  http::BudgetShare share(bodies_);
  auto read = co_await client.read_body(kMaxQuestion, share);
  if (read == http::ServerConnection::BodyRead::kTooLarge) {
    co_return Answer{413, "text/plain", "The question is too long.\n"};
  }
  if (read != http::ServerConnection::BodyRead::kDone) co_return std::nullopt;
  auto waiting = std::make_shared<Waiting>(Waiting{&client.signal(), std::nullopt});
  struct Leave {
    Waiting& waiting;
    ~Leave() { waiting.signal = nullptr; }
  } leave{*waiting};
  client.signal().clear(kAnswered);
  route.ask({std::string(client.body()), name_of(peer)}, [this, waiting](Answer answer) {
    loop_.post([waiting, answer = std::move(answer)] {
      waiting->answer = answer;
      if (waiting->signal != nullptr) waiting->signal->raise(kAnswered);
    });
  });
  std::uint32_t why = co_await client.signal().wait(kAnswered | kStop | http::kPeerGone);
  client.signal().raise(why & kStop);
  co_return std::move(waiting->answer);
}

}  // namespace sallyport::admin
