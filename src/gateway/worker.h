// One worker: a thread with an event loop, its listener, its connections, and the state that their
// exchanges share (worker_state.h). Workers share nothing but `Shared`.
//
// publish(), drain() and cut_all() may be called from any thread; start() and join() from the
// owner's.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <unordered_set>

#include "audit/chain.h"
#include "base/event_loop.h"
#include "gateway/loop_delay.h"
#include "gateway/revocation_fanout.h"
#include "gateway/worker_state.h"
#include "http/acceptor.h"
#include "http/server_connection.h"

namespace sallyport::gateway {

class Worker {
 public:
  Worker(Shared& shared, audit::Chain& chain, RoutesPtr routes, identity::SnapshotPtr identity);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// From start() on, how late the loop runs is counted there. Before start().
  void measure_delay(Histogram& delays) { delay_.emplace(loop_, delays); }
  void start(UniqueFd listener);
  /// Takes no more connections, lets running exchanges end; the thread ends after the last.
  void drain();
  /// Ends everything that still runs.
  void cut_all();
  /// True if the thread has ended by then.
  [[nodiscard]] bool wait_until_done(SteadyTime until);
  void join();

  /// The newest snapshot of its kind (WorkerState::adopt).
  template <typename Snapshot>
  void publish(std::shared_ptr<const Snapshot> newest) {
    loop_.post([this, newest = std::move(newest)] { state_.adopt(newest); });
  }
  /// Tells where the chain ends as it is written; nothing while the disk takes no lines. `reply`
  /// runs on the loop's thread, never if that has ended.
  void ask_head(std::function<void(std::optional<audit::Head>)> reply);

  [[nodiscard]] const Counters& counters() const { return state_.counters; }
  [[nodiscard]] const audit::Chain& chain_view() const { return chain_; }
  [[nodiscard]] RevocationLane& revocations() { return revocations_; }

 private:
  class Client;

  void take_connection(UniqueFd fd, const sockaddr_storage& peer);
  [[nodiscard]] Task<void> accept_connections();
  [[nodiscard]] Task<void> watch_delay();
  [[nodiscard]] Task<void> serve(UniqueFd fd, Source peer);
  void stop_if_done();

  Shared& shared_;
  audit::Chain& chain_;
  EventLoop loop_;
  std::unique_ptr<http::Acceptor> acceptor_;
  RevocationLane revocations_;
  WorkerState state_;
  std::unordered_set<http::ServerConnection*> connections_;
  std::optional<LoopDelay> delay_;
  bool accepting_ = false;
  bool watching_ = false;  ///< delay_ runs
  std::thread thread_;
  std::promise<void> done_;
};

}  // namespace sallyport::gateway
