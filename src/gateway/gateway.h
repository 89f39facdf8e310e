// The data plane as a whole: the listening sockets and the workers behind them. Made at start,
// drained at the end; publish() may be called from any thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "audit/trail.h"
#include "gateway/revocation_fanout.h"
#include "gateway/settings.h"
#include "gateway/worker.h"

namespace sallyport::gateway {

class Gateway {
 public:
  /// Binds the address; takes no connection before start(). Errors: listen.in_use,
  /// listen.permission, listen.failed.
  [[nodiscard]] static Result<std::unique_ptr<Gateway>> open(const ListenSettings& listen,
                                                             Shared& shared, audit::Trail& trail,
                                                             const RoutesPtr& routes,
                                                             const identity::SnapshotPtr& identity);
  ~Gateway();

  /// The revocations that are in force. Before start().
  void load(const std::vector<identity::RevocationPtr>& in_force);
  /// To all workers; for the revocation register.
  [[nodiscard]] identity::RevocationFanout& fanout() { return *fanout_; }
  void start();
  /// The newest snapshot of its kind, to all workers.
  template <typename Snapshot>
  void publish(const std::shared_ptr<const Snapshot>& newest) {
    for (auto& worker : workers_) worker->publish(newest);
  }
  /// What the workers count, all of them together, and how late each one's loop runs. They live as
  /// long as the metrics are rendered, and these as long as the workers. Before start().
  void show_counters(Metrics& metrics) const;
  /// Takes no more connections and waits for running exchanges; after `patience` cuts the rest.
  void drain(std::chrono::milliseconds patience);

  /// The end of each worker's chain; nothing for one that does not answer within `patience` or
  /// cannot write. Any thread but a worker's.
  [[nodiscard]] std::vector<std::optional<audit::Head>> heads(std::chrono::milliseconds patience);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Worker>>& workers() const { return workers_; }

 private:
  Gateway() = default;
  std::uint16_t port_ = 0;
  std::vector<UniqueFd> listeners_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<WorkerFanout> fanout_;
};

}  // namespace sallyport::gateway
