#include "http/resolver.h"

#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <thread>

#include "http/bits.h"
#include "http/link_local.h"

namespace sallyport::http {
namespace {

constexpr std::chrono::seconds kKeep{30};
constexpr std::size_t kMaxKept = 256;

bool is_allowed(const addrinfo& info) {
  if (is_link_local(info.ai_addr)) return false;
  if (info.ai_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, info.ai_addr, sizeof address);
    return address.sin_addr.s_addr != 0;
  }
  sockaddr_in6 address{};
  std::memcpy(&address, info.ai_addr, sizeof address);
  return !IN6_IS_ADDR_UNSPECIFIED(&address.sin6_addr);
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

Addresses Resolver::system_look_up(const std::string& host, std::uint16_t port) {
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

Resolver::Resolver(LookUp look_up) {
  state_->look_up = std::move(look_up);
}

Resolver::~Resolver() {
  stop();
}

void Resolver::stop() {
  State& state = *state_;
  MutexLock lock(state.mutex);
  state.stopping = true;
  state.asked.clear();
  state.queue.clear();
  state.wake.notify_all();
}

// `done` is called under the lock, which stop() takes as well: it only posts to a loop.
void Resolver::ask(const Name& name, Done done) {
  State& state = *state_;
  MutexLock lock(state.mutex);
  if (state.stopping) return;
  auto kept = state.kept.find(name);
  if (kept != state.kept.end() && std::chrono::steady_clock::now() < kept->second.until) {
    done(kept->second.addresses);
    return;
  }
  auto found = state.asked.find(name);
  bool full = found == state.asked.end() ? state.asked.size() >= kMaxNames
                                         : found->second.size() >= kMaxWaiting;
  if (full) {
    done({});
    return;
  }
  if (found == state.asked.end()) {
    state.queue.push_back(name);  // one that nobody asks for is passed over
    found = state.asked.emplace(name, std::vector<Done>{}).first;
  }
  found->second.push_back(std::move(done));
  wake_thread(state);
}

// One more thread as long as there may be; else a free one takes the name.
void Resolver::wake_thread(State& state) {
  if (state.idle < state.queue.size() && state.threads < kThreads) {
    try {
      std::thread([shared = state_] { run(shared); }).detach();
      ++state.threads;
    } catch (const std::exception&) {
      // No thread to be had: the name waits for one that runs, and its askers for their time limit.
    }
  }
  state.wake.notify_one();
}

void Resolver::run(const std::shared_ptr<State>& shared) {
  State* state = shared.get();
  MutexLock lock(state->mutex);
  for (;;) {
    ++state->idle;
    while (!state->stopping && state->queue.empty()) state->wake.wait(state->mutex);
    --state->idle;
    if (state->stopping) return;
    Name name = std::move(state->queue.front());
    state->queue.pop_front();
    if (!state->asked.contains(name)) continue;
    lock.unlock();
    Addresses addresses = state->look_up(name.first, name.second);
    lock.lock();
    if (state->stopping) return;
    if (state->kept.size() >= kMaxKept) state->kept.clear();
    if (!addresses.empty()) {
      state->kept[name] = {addresses, std::chrono::steady_clock::now() + kKeep};
    }
    auto waiting = state->asked.extract(name);
    if (waiting.empty()) continue;
    for (auto& done : waiting.mapped()) done(addresses);
  }
}

Task<Addresses> Resolver::resolve(EventLoop& loop, Signal& signal, std::string host,
                                  std::uint16_t port, std::uint32_t abort) {
  signal.clear(kResolved);
  WaiterGuard guard(signal);
  ask({std::move(host), port}, [&loop, waiter = guard.waiter](const Addresses& addresses) {
    // A copy that can be moved on: nothing may be thrown where the loop runs it.
    loop.post([waiter, addresses = Addresses(addresses)]() mutable {
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
