// Names to addresses without stopping a loop: getaddrinfo on one thread of its own, answers kept
// for half a minute. Link-local and unspecified addresses are left out: no configured provider
// lives there, but a cloud's metadata service does.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/event_loop.h"
#include "base/task.h"

namespace sallyport::http {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};
using Addresses = std::vector<Address>;

class Resolver {
 public:
  Resolver();
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Drops what is asked for; afterwards nothing is posted to any loop. Before the loops end.
  void stop();

  /// The addresses of a name or literal, in the system's order; empty if there are none or if
  /// `abort` bits of the signal came first. Called on `loop`'s thread; uses the bit kResolved.
  [[nodiscard]] Task<Addresses> resolve(EventLoop& loop, Signal& signal, std::string host,
                                        std::uint16_t port, std::uint32_t abort);

 private:
  using Done = std::function<void(Addresses)>;
  struct Query {
    std::string host;
    std::uint16_t port;
    std::vector<Done> waiting;
  };
  struct Kept {
    Addresses addresses;
    SteadyTime until;
  };

  /// Shared with the thread, which may sit in a look-up for longer than anybody wants to wait.
  struct State {
    std::mutex mutex;
    std::condition_variable wake;
    std::map<std::pair<std::string, std::uint16_t>, Kept> kept;
    std::vector<Query> queries;
    bool stopping = false;
  };
  void ask(const std::string& host, std::uint16_t port, Done done);
  static void run(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace sallyport::http
