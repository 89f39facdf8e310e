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

  void ask(const std::string& host, std::uint16_t port, Done done);
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::pair<std::string, std::uint16_t>, Kept> kept_;
  std::vector<Query> queries_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sallyport::http
