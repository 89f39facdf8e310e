#include "http/resolver.h"

#include <netdb.h>
#include <netinet/in.h>

#include <cstring>

#include "http/bits.h"

namespace sallyport::http {
namespace {

constexpr std::chrono::seconds kKeep{30};
constexpr std::size_t kMaxKept = 256;

bool is_allowed(const addrinfo& info) {
  if (info.ai_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, info.ai_addr, sizeof address);
    std::uint32_t ip = ntohl(address.sin_addr.s_addr);
    return (ip >> 16) != 0xa9fe && ip != 0;  // 169.254.0.0/16, 0.0.0.0
  }
  sockaddr_in6 address{};
  std::memcpy(&address, info.ai_addr, sizeof address);
  const in6_addr& ip = address.sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&ip)) return !(ip.s6_addr[12] == 169 && ip.s6_addr[13] == 254);
  return !IN6_IS_ADDR_LINKLOCAL(&ip) && !IN6_IS_ADDR_UNSPECIFIED(&ip);
}

Addresses look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  Addresses addresses;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return {};
  for (const addrinfo* info = list; info != nullptr && addresses.size() < 16;
       info = info->ai_next) {
    if ((info->ai_family != AF_INET && info->ai_family != AF_INET6) || !is_allowed(*info)) continue;
    Address address;
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.size = info->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(list);
  return addresses;
}

// Ties an answer that comes from another thread to a coroutine that may have gone meanwhile.
struct Waiter {
  Signal* signal;
  Addresses addresses;
  bool answered = false;
};

struct WaiterGuard {
  std::shared_ptr<Waiter> waiter;
  explicit WaiterGuard(Signal& signal) : waiter(std::make_shared<Waiter>(Waiter{&signal, {}})) {}
  WaiterGuard(const WaiterGuard&) = delete;
  WaiterGuard& operator=(const WaiterGuard&) = delete;
  ~WaiterGuard() { waiter->signal = nullptr; }
};

}  // namespace

Resolver::Resolver() {
  std::thread([state = state_] { run(state); }).detach();
}

Resolver::~Resolver() {
  stop();
}

void Resolver::stop() {
  std::lock_guard lock(state_->mutex);
  state_->stopping = true;
  state_->queries.clear();
  state_->wake.notify_one();
}

void Resolver::ask(const std::string& host, std::uint16_t port, Done done) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  if (state.stopping) return;
  auto kept = state.kept.find({host, port});
  if (kept != state.kept.end() && std::chrono::steady_clock::now() < kept->second.until) {
    done(kept->second.addresses);
    return;
  }
  for (auto& query : state.queries) {
    if (query.host == host && query.port == port) {
      query.waiting.push_back(std::move(done));
      return;
    }
  }
  state.queries.push_back({host, port, {}});
  state.queries.back().waiting.push_back(std::move(done));
  state.wake.notify_one();
}

void Resolver::run(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    state->wake.wait(lock, [&] { return state->stopping || !state->queries.empty(); });
    if (state->stopping) return;
    std::string host = state->queries.front().host;
    std::uint16_t port = state->queries.front().port;
    lock.unlock();
    Addresses addresses = look_up(host, port);
    lock.lock();
    if (state->stopping) return;
    Query query = std::move(state->queries.front());  // others may have joined it meanwhile
    state->queries.erase(state->queries.begin());
    if (state->kept.size() >= kMaxKept) state->kept.clear();
    if (!addresses.empty()) {
      state->kept[{host, port}] = {addresses, std::chrono::steady_clock::now() + kKeep};
    }
    // Under the lock, which stop() takes: these only post to a loop.
    for (auto& done : query.waiting) done(addresses);
  }
}

Task<Addresses> Resolver::resolve(EventLoop& loop, Signal& signal, std::string host,
                                  std::uint16_t port, std::uint32_t abort) {
  signal.clear(kResolved);
  WaiterGuard guard(signal);
  ask(host, port, [&loop, waiter = guard.waiter](Addresses addresses) {
    loop.post([waiter, addresses = std::move(addresses)]() mutable {
      waiter->addresses = std::move(addresses);
      waiter->answered = true;
      if (waiter->signal != nullptr) waiter->signal->raise(kResolved);
    });
  });
  std::uint32_t why = co_await signal.wait(kResolved | abort);
  if ((why & abort) != 0) {
    signal.raise(why & abort);  // the caller looks at them
    co_return Addresses{};
  }
  co_return std::move(guard.waiter->addresses);
}

}  // namespace sallyport::http
