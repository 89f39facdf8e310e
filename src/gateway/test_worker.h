// A worker as the program has it, on its own thread and a free port of loopback, with a chain of its
// own and what a house lends it. Header-only, never part of the program.
//
//   WorkerHouse at;
//   at.house.provider.on_connection({read_request(), say(http_answer(200, whole_answer()))});
//   at.start();
//   auto client = at.connect();
//   client.say(at.request(message("claude-sonnet-5")));
//   EXPECT_EQ(at.stop(), true);                          // drained
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "gateway/test_house.h"
#include "gateway/worker.h"
#include "http/listener.h"
#include "http/test_line.h"

namespace sallyport::gateway {

class WorkerHouse {
 public:
  /// Before start() the house may be furnished otherwise: its provider, limits, snapshots.
  WorkerHouse() {
    house.limits.connect = house.limits.first_byte = house.limits.first_byte_stream =
        house.limits.silence = std::chrono::seconds(10);
    house.configure();
    house.process.segment_bytes = std::size_t{8} << 20;
  }
  ~WorkerHouse() {
    if (worker) std::ignore = stop(std::chrono::milliseconds(0));
  }
  WorkerHouse(const WorkerHouse&) = delete;
  WorkerHouse& operator=(const WorkerHouse&) = delete;

  void start() {
    auto made = audit::Chain::create(house.process.parts(), "1");
    SALLYPORT_CHECK(made.has_value());
    chain = std::move(*made);
    auto listeners = http::listen_tcp("127.0.0.1", 0, 1);
    SALLYPORT_CHECK(listeners.has_value());
    port = listeners->port;
    house.provider.start();
    const auto& newest = house.worker.newest;
    worker = std::make_unique<Worker>(house.shared, *chain, newest.routes->routes, newest.identity);
    worker->start(std::move(listeners->sockets.front()));
  }
  /// As the program ends it; false: it had to be cut.
  bool stop(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    worker->drain();
    const bool drained = worker->wait_until_done(std::chrono::steady_clock::now() + patience);
    if (!drained) worker->cut_all();
    worker->join();
    ended = worker->counters().exchanges() == 0 && worker->counters().connections() == 0;
    worker.reset();
    return drained;
  }
  /// Runs the function on the worker's thread and waits for it.
  void on_its_thread(const std::function<void()>& function) {
    std::promise<void> done;
    worker->ask_head([&](const std::optional<audit::Head>&) {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  [[nodiscard]] http::TestPeer connect() const { return http::TestPeer::connect(port); }
  [[nodiscard]] std::string request(const std::string& body) const {
    return "POST /v1/messages HTTP/1.1\r\nhost: a\r\nauthorization: Bearer " + house.token +
           "\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  }
  /// The record as it lies on the disk; after stop(), or on the worker's thread.
  [[nodiscard]] std::vector<std::string> lines() {
    return audit::lines_of(house.folder.path(), *chain);
  }

  House house;
  std::unique_ptr<audit::Chain> chain;
  std::unique_ptr<Worker> worker;
  std::uint16_t port = 0;
  bool ended = false;  ///< with its last exchange and connection counted as over
};

}  // namespace sallyport::gateway
