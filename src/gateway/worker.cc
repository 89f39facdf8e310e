#include "gateway/worker.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <tuple>

#include "base/log.h"
#include "gateway/exchange.h"
#include "gateway/refusals.h"

namespace sallyport::gateway {
namespace {

constexpr std::chrono::seconds kKeyWait{2};
constexpr std::chrono::seconds kCredentialWait{5};
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::size_t kAcceptsPerTurn = 64;
constexpr std::size_t kPipelinedPerTurn = 8;
constexpr std::size_t kRandomBytes = 4096;

http::ServerTimes times_of(const Limits& limits) {
  return {limits.head, limits.body, limits.keep_alive};
}

void raise_all(std::vector<Signal*>& waiters, std::uint32_t bit) {
  std::vector<Signal*> now;
  now.swap(waiters);
  for (Signal* waiter : now) waiter->raise(bit);
  now.clear();
  if (waiters.empty()) waiters.swap(now);  // keeps its memory
}

// Keeps a signal in a list for as long as its coroutine waits.
struct Listed {
  std::vector<Signal*>& list;
  Signal* signal;
  Listed(std::vector<Signal*>& in, Signal& waiting) : list(in), signal(&waiting) {
    list.push_back(signal);
  }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;
  ~Listed() { std::erase(list, signal); }
};

}  // namespace

Worker::Worker(Shared& shared, audit::Chain& chain, RoutesPtr routes,
               identity::SnapshotPtr identity)
    : shared_(shared),
      chain_(chain),
      accept_signal_(loop_),
      tokens_(std::make_unique<identity::VerifiedTokenCache>(routes->limits.verified_tokens,
                                                             shared.cache_key)),
      revocations_(loop_, shared.clock),
      identity_(std::move(identity)),
      random_(kRandomBytes),
      random_used_(kRandomBytes) {
  routes_ = make_routes(std::move(routes));
  loop_.at_end_of_turn([this] { write_records(); });
  loop_.every_second([this] {
    for (auto& pool : routes_->pools) pool->sweep();
    http::Buffer::give_back_unused();
    counts_.cached_tokens.store(tokens_->size(), std::memory_order_relaxed);
    counts_.record_accepting.store(chain_.accepting(), std::memory_order_relaxed);
    if (chain_.pending()) write_records();  // after a failure: try again
  });
  chain_.on_synced([this](std::uint64_t, bool ok) {
    loop_.post([this, ok] {
      sync_ok_ = sync_ok_ && ok;
      raise_all(sync_waiters_, kSynced);
    });
  });
}

// The sync thread outlives the workers: after this call it does not know this one any more.
Worker::~Worker() {
  chain_.on_synced({});
}

std::shared_ptr<WorkerRoutes> Worker::make_routes(RoutesPtr routes) {
  auto made = std::make_shared<WorkerRoutes>();
  for (const auto& upstream : routes->upstreams) {
    made->pools.push_back(
        std::make_unique<http::ClientPool>(loop_, shared_.resolver, upstream->destination()));
  }
  made->routes = std::move(routes);
  return made;
}

void Worker::start(UniqueFd listener) {
  listener_ = std::move(listener);
  thread_ = std::thread([this] {
    listener_watch_ = std::make_unique<Watch>(loop_, listener_.get());
    listener_watch_->attach(&accept_signal_, http::kPeerReadable, 0);
    accepting_ = true;
    spawn(accept_connections());
    loop_.run();
    revocations_.end();
    routes_->pools.clear();
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
    if (draining_) return;
    draining_ = true;
    accept_signal_.raise(kCut);
    for (auto* connection : connections_) connection->close_when_idle();
    stop_if_done();
  });
}

void Worker::cut_all() {
  loop_.post([this] {
    for (auto* connection : connections_) connection->signal().raise(kCut);
  });
}

void Worker::stop_if_done() {
  if (draining_ && !accepting_ && connections_.empty()) loop_.stop();
}

void Worker::publish_routes(RoutesPtr routes) {
  loop_.post([this, routes = std::move(routes)]() mutable {
    if (routes->limits.verified_tokens != tokens_->capacity()) {
      tokens_ = std::make_unique<identity::VerifiedTokenCache>(routes->limits.verified_tokens,
                                                               shared_.cache_key);
    }
    routes_ = make_routes(std::move(routes));
  });
}

void Worker::publish_identity(identity::SnapshotPtr identity) {
  loop_.post([this, identity = std::move(identity)]() mutable { identity_ = std::move(identity); });
}

void Worker::publish_credentials(upstream::CredentialsPtr credentials) {
  loop_.post([this, credentials = std::move(credentials)]() mutable {
    credentials_ = std::move(credentials);
  });
}

void Worker::ask_head(std::function<void(std::optional<audit::Head>)> reply) {
  loop_.post([this, reply = std::move(reply)] {
    write_records();
    reply(chain_.pending() ? std::nullopt : std::optional(chain_.head()));
  });
}

const upstream::CredentialPtr& Worker::credential_of(const upstream::Upstream& at) const {
  const auto& fixed = at.fixed_credential();
  return fixed ? fixed : credentials_->find(at.credential_id());
}

bool Worker::any_credential() const {
  const auto& upstreams = routes_->routes->upstreams;
  return std::ranges::any_of(upstreams,
                             [&](const auto& one) { return credential_of(*one) != nullptr; });
}

std::string_view Worker::date() {
  auto second = unix_seconds(shared_.clock.wall());
  if (second != date_second_) {
    date_second_ = second;
    date_ = http::http_date(std::chrono::sys_seconds{std::chrono::seconds{second}});
  }
  return date_;
}

std::string Worker::make_request_id() {
  // Ids need to be unique, not secret: randomness is drawn in blocks.
  struct Drawn final : Entropy {
    Worker& worker;
    explicit Drawn(Worker& of) : worker(of) {}
    void fill(std::span<std::uint8_t> bytes) override {
      if (worker.random_used_ + bytes.size() > worker.random_.size()) {
        worker.shared_.entropy.fill(worker.random_);
        worker.random_used_ = 0;
      }
      std::memcpy(bytes.data(), worker.random_.data() + worker.random_used_, bytes.size());
      worker.random_used_ += bytes.size();
    }
  } drawn(*this);
  return make_uuid7(shared_.clock.wall(), drawn);
}

// The end of a turn: one write for all records that the turn's exchanges appended.
void Worker::write_records() {
  if (!chain_.pending()) return;
  auto written = chain_.flush();
  raise_all(record_waiters_, written ? kRecorded : kRecordFailed);
}

Task<bool> Worker::recorded(Signal& signal) {
  signal.clear(kRecorded | kRecordFailed);
  record_waiters_.push_back(&signal);  // the turn's end always answers
  std::uint32_t why = co_await signal.wait(kRecorded | kRecordFailed);
  co_return (why & kRecorded) != 0;
}

Task<bool> Worker::synced(Signal& signal, std::uint64_t sequence) {
  while (chain_.synced_sequence() < sequence) {
    if (!sync_ok_) co_return false;
    signal.clear(kSynced);
    Listed listed(sync_waiters_, signal);
    std::uint32_t why = co_await signal.wait(kSynced | kCut);
    if ((why & kCut) != 0) {
      signal.raise(kCut);
      co_return false;
    }
  }
  co_return true;
}

Task<bool> Worker::keys_fetched(Signal& signal, std::string_view issuer, std::string_view key_id) {
  signal.clear(kKeysFetched | kLimit);
  // Each is woken for its own key alone: who is told of another's looks once, and too early.
  std::uint64_t number = ++last_key_waiter_;
  bool started = shared_.keys.refresh_for_unknown_key(issuer, key_id, [this, number] {
    loop_.post([this, number] {
      if (auto found = key_waiters_.find(number); found != key_waiters_.end()) {
        found->second->raise(kKeysFetched);
      }
    });
  });
  if (!started) co_return false;
  struct KeyWaiter {
    std::unordered_map<std::uint64_t, Signal*>& all;
    std::uint64_t number;
    ~KeyWaiter() { all.erase(number); }
  } waiter{key_waiters_, number};
  key_waiters_.emplace(number, &signal);
  Deadline limit(loop_, signal, kLimit);
  limit.set(loop_.now() + kKeyWait);
  std::uint32_t why = co_await signal.wait(kKeysFetched | kLimit | http::kPeerGone | kCut);
  signal.raise(why & (http::kPeerGone | kCut));
  co_return (why & kKeysFetched) != 0;
}

Task<bool> Worker::credential_renewed(Signal& signal, const upstream::Upstream& at,
                                      std::uint64_t serial) {
  auto is_newer = [&] {
    const auto& now = credential_of(at);
    return now != nullptr && now->serial() != serial;
  };
  if (at.fixed_credential()) co_return false;
  if (is_newer()) co_return true;
  signal.clear(kCredentialCame | kLimit);
  // The owner of a request may be gone when its source answers: the flag is the call's own.
  auto settled = std::make_shared<bool>(false);
  bool started = shared_.credentials.renew(at.credential_id(), serial, [this, settled] {
    loop_.post([this, settled] {
      *settled = true;
      raise_all(credential_waiters_, kCredentialCame);
    });
  });
  if (!started) co_return false;
  Listed listed(credential_waiters_, signal);
  Deadline limit(loop_, signal, kLimit);
  limit.set(loop_.now() + kCredentialWait);
  while (!*settled) {
    std::uint32_t why = co_await signal.wait(kCredentialCame | kLimit | http::kPeerGone | kCut);
    signal.raise(why & (http::kPeerGone | kCut));
    if ((why & (http::kPeerGone | kCut)) != 0) co_return false;
    if ((why & kLimit) != 0) break;
    // Another provider's credential: we were taken off the list.
    if (!*settled) credential_waiters_.push_back(&signal);
  }
  co_return is_newer();
}

Task<void> Worker::accept_connections() {
  Deadline pause(loop_, accept_signal_, http::kTimeUp);
  std::size_t accepted = 0;
  while (!draining_) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    UniqueFd fd(::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      Source source = source_of_peer(peer);
      if (!shared_.connections.enter(source.address)) {
        shared_.instruments.connections_refused.add();
        log::limited(log::Level::kWarning, "connection.refused_limit", {{"source", source.text}});
        continue;
      }
      int on = 1;
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      spawn(serve(std::move(fd), std::move(source)));
      if (++accepted % kAcceptsPerTurn == 0) co_await loop_.next_turn();
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    bool failed = errno != EAGAIN && errno != EWOULDBLOCK;
    if (failed) {
      log::once_a_minute(log::Level::kError, "connection.accept_failed",
                         {{"reason", std::strerror(errno)}, {"next_step", "raise LimitNOFILE"}});
    }
    failed = failed || listener_watch_->error() != 0;  // then nothing will wake us
    if (failed) pause.set(loop_.now() + kAcceptPause);
    accept_signal_.clear(http::kPeerReadable);
    std::ignore =
        co_await accept_signal_.wait(failed ? http::kTimeUp | kCut : http::kPeerReadable | kCut);
  }
  listener_watch_.reset();
  listener_.reset();
  accepting_ = false;
  stop_if_done();
}

Task<void> Worker::serve(UniqueFd fd, Source peer) {
  shared_.instruments.connections.add(1);
  counts_.connections.fetch_add(1, std::memory_order_relaxed);
  try {
    auto routes = routes_->routes;
    http::ServerConnection client(loop_, std::move(fd), times_of(routes->limits));
    client.abort_on(kCut);
    connections_.insert(&client);
    struct Leave {
      std::unordered_set<http::ServerConnection*>& set;
      http::ServerConnection* client;
      ~Leave() { set.erase(client); }
    } leave{connections_, &client};
    bool open = client.stream().watch_error() == 0;
    if (!open) {
      shared_.instruments.connections_refused.add();
      log::once_a_minute(log::Level::kError, "connection.unwatched",
                         {{"reason", std::strerror(client.stream().watch_error())},
                          {"next_step", "raise fs.epoll.max_user_watches"}});
    }
    if (open && routes->tls)
      open = co_await client.accept_tls(routes->tls->session(client.stream().fd()));
    routes.reset();
    if (draining_) client.close_when_idle();
    if (open) co_await serve_requests(client, peer);
  } catch (const std::exception& error) {
    scratch_.clear();  // half an answer of this connection must not reach another one
    log::limited(log::Level::kError, "connection.failed", {{"reason", error.what()}});
  }
  shared_.connections.leave(peer.address);
  shared_.instruments.connections.add(-1);
  counts_.connections.fetch_sub(1, std::memory_order_relaxed);
  stop_if_done();
}

Task<void> Worker::serve_requests(http::ServerConnection& client, const Source& peer) {
  using Next = http::ServerConnection::Next;
  for (std::size_t pipelined = 0;;) {
    Next next = co_await client.next_head();
    if (next == Next::kClosed) co_return;
    if (next == Next::kHead) {
      co_await run_exchange(*this, client, peer);
    } else {
      auto refusal =
          next == Next::kSlow ? refusal_of(Cause::kHeadSlow) : refusal_of(client.fault());
      shared_.side.note(peer.text, refusal.code);
      shared_.instruments.refused_stranger.add();
      counts_.refused.fetch_add(1, std::memory_order_relaxed);
      std::string answer = http::write_refusal(refusal, make_request_id(), date(), false);
      bool sent = co_await client.send(answer);
      if (!sent) co_return;
    }
    if (!client.keep_alive()) {
      co_await client.linger();
      co_return;
    }
    // Whoever sends requests without waiting for answers lets everybody else go first.
    if (client.has_next() && ++pipelined % kPipelinedPerTurn == 0) co_await loop_.next_turn();
  }
}

}  // namespace sallyport::gateway
