#include "gateway/worker.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>
#include <utility>

#include "base/log.h"
#include "gateway/endpoints.h"

namespace sallyport::gateway {
namespace {

http::ServerTimes times_of(const Limits& limits) {
  return {limits.head, limits.body, limits.keep_alive};
}

// A connection's place among those that there may be, until somebody serves it.
class Place {
 public:
  Place(ConnectionLimits& limits, const identity::SourceAddress& address)
      : limits_(limits), address_(address), taken_(limits.enter(address)), ours_(taken_) {}
  ~Place() {
    if (ours_) limits_.leave(address_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  [[nodiscard]] bool is_taken() const { return taken_; }
  /// serve() gives it back.
  void keep() { ours_ = false; }

 private:
  ConnectionLimits& limits_;
  identity::SourceAddress address_;
  bool taken_, ours_;
};

}  // namespace

// Who answers the requests of one connection.
class Worker::Client final : public http::ServerHandler {
 public:
  Client(WorkerState& state, const Source& peer) : state_(state), peer_(peer) {}
  Task<void> answer(http::ServerStream& stream) override {
    return answer_request(state_, stream, peer_);
  }
  http::WrittenRefusal refuse_head(std::optional<http::HeadFault> fault) override {
    return gateway::refuse_head(state_, peer_, fault);
  }

 private:
  WorkerState& state_;
  const Source& peer_;
};

Worker::Worker(Shared& shared, audit::Chain& chain, RoutesPtr routes,
               identity::SnapshotPtr identity)
    : shared_(shared),
      chain_(chain),
      revocations_(loop_, shared.clock),
      state_(shared, loop_, chain, revocations_.admissions()) {
  state_.adopt(std::move(routes));
  state_.adopt(std::move(identity));
  loop_.every_second([this] { state_.every_second(); });
}

Worker::~Worker() = default;

void Worker::start(UniqueFd listener) {
  acceptor_ = std::make_unique<http::Acceptor>(loop_, std::move(listener));
  thread_ = std::thread([this] {
    accepting_ = true;
    spawn(accept_connections());
    if (delay_) spawn(watch_delay());
    loop_.run();
    revocations_.end();
    state_.newest.routes->pools.clear();
    done_.set_value();
  });
}

bool Worker::wait_until_done(SteadyTime until) {
  if (!thread_.joinable()) return true;  // never started
  return done_.get_future().wait_until(until) == std::future_status::ready;
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::drain() {
  loop_.post([this] {
    if (std::exchange(state_.draining, true)) return;
    acceptor_->stop();
    for (auto* connection : connections_) connection->close_when_idle();
    stop_if_done();
  });
}

void Worker::cut_all() {
  loop_.post([this] {
    for (auto* connection : connections_) connection->raise(kCut);
  });
}

void Worker::stop_if_done() {
  if (!state_.draining || accepting_ || !connections_.empty()) return;
  if (watching_) return delay_->stop();  // comes back here
  loop_.stop();
}

void Worker::ask_head(std::function<void(std::optional<audit::Head>)> reply) {
  loop_.post([this, reply = std::move(reply)] { reply(state_.record.head()); });
}

Task<void> Worker::accept_connections() {
  co_await acceptor_->run(
      [this](UniqueFd fd, const sockaddr_storage& peer) { take_connection(std::move(fd), peer); });
  accepting_ = false;
  stop_if_done();
}

Task<void> Worker::watch_delay() {
  watching_ = true;
  co_await delay_->run();
  watching_ = false;
  stop_if_done();
}

// What is thrown (there is no memory to begin with it) costs this connection alone.
void Worker::take_connection(UniqueFd fd, const sockaddr_storage& peer) {
  try {
    Source source = source_of_peer(peer);
    Place place(shared_.connections, source.address);
    if (!place.is_taken()) {
      state_.counters.connections_refused.add();
      log::limited(log::Level::kWarning, "connection.refused_limit", {{"source", source.text}});
      return;
    }
    int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    spawn(serve(std::move(fd), std::move(source)));
    place.keep();
  } catch (const std::exception& error) {
    state_.counters.connections_refused.add();
    log::limited(log::Level::kError, "connection.failed", {{"reason", error.what()}});
  }
}

Task<void> Worker::serve(UniqueFd fd, Source peer) {
  state_.counters.connections_opened.add();
  try {
    auto routes = state_.newest.routes->routes;
    http::ServerConnection connection(loop_, std::move(fd), times_of(routes->limits), kCut);
    connections_.insert(&connection);
    struct Leave {
      std::unordered_set<http::ServerConnection*>& set;
      http::ServerConnection* connection;
      ~Leave() { set.erase(connection); }
    } leave{connections_, &connection};
    const int unwatched = connection.watch_error();
    http::SslPtr tls;
    if (unwatched == 0 && routes->tls) tls = routes->tls->session(connection.fd());
    routes.reset();
    if (state_.draining) connection.close_when_idle();
    Client client(state_, peer);
    if (unwatched == 0) {
      co_await connection.serve(std::move(tls), client);
    } else {
      state_.counters.connections_refused.add();
      log::once_a_minute(
          log::Level::kError, "connection.unwatched",
          {{"reason", std::strerror(unwatched)}, {"next_step", "raise fs.epoll.max_user_watches"}});
    }
  } catch (const std::exception& error) {
    log::limited(log::Level::kError, "connection.failed", {{"reason", error.what()}});
  }
  shared_.connections.leave(peer.address);
  state_.counters.connections_closed.add();
  stop_if_done();
}

}  // namespace sallyport::gateway
