// Names to addresses without stopping a loop: getaddrinfo on a few threads of its own, so that a
// name whose servers are silent keeps nobody waiting for another name. One look-up a name at a
// time, a bounded queue of names, answers kept for half a minute. Link-local and unspecified
// addresses are left out: no configured provider lives there, but a cloud's metadata service does.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/mutex.h"
#include "base/task.h"

namespace sallyport::http {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};
using Addresses = std::vector<Address>;

class Resolver {
 public:
  static constexpr std::size_t kThreads = 4;         ///< look-ups at once
  static constexpr std::size_t kMaxNames = 64;       ///< looked up or waiting for it
  static constexpr std::size_t kMaxWaiting = 16384;  ///< for one name

  /// Called on a thread of the resolver's; may take long. Empty: there are none.
  using LookUp = std::function<Addresses(const std::string& host, std::uint16_t port)>;
  explicit Resolver(LookUp look_up = system_look_up);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Drops what is asked for; afterwards nothing is posted to any loop. Before the loops end.
  void stop();

  /// getaddrinfo, without the addresses that may not be used.
  [[nodiscard]] static Addresses system_look_up(const std::string& host, std::uint16_t port);

  /// The addresses of a name or literal, in the system's order; empty if there are none, if too
  /// many wait, or if `abort` bits of the signal came first. Called on `loop`'s thread; uses the
  /// bit kResolved.
  [[nodiscard]] Task<Addresses> resolve(EventLoop& loop, Signal& signal, std::string host,
                                        std::uint16_t port, std::uint32_t abort);

 private:
  using Name = std::pair<std::string, std::uint16_t>;
  using Done = std::function<void(const Addresses&)>;
  struct Kept {
    Addresses addresses;
    SteadyTime until;
  };

  /// Shared with the threads, which may sit in a look-up for longer than anybody wants to wait.
  struct State {
    LookUp look_up;
    Mutex mutex;
    Condition wake;
    std::map<Name, Kept> kept GUARDED_BY(mutex);
    std::map<Name, std::vector<Done>> asked GUARDED_BY(mutex);  ///< who waits, by name
    /// Of `asked`: those that no thread has taken yet; one that nobody asks for may be among them.
    std::deque<Name> queue GUARDED_BY(mutex);
    std::size_t threads GUARDED_BY(mutex) = 0;
    std::size_t idle GUARDED_BY(mutex) = 0;
    bool stopping GUARDED_BY(mutex) = false;
  };
  void ask(const Name& name, Done done);
  void wake_thread(State& state) REQUIRES(state.mutex);
  static void run(const std::shared_ptr<State>& shared);

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace sallyport::http
