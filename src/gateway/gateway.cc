#include "gateway/gateway.h"

#include "base/mutex.h"
#include "gateway/loop_delay.h"
#include "http/listener.h"

namespace sallyport::gateway {

Result<std::unique_ptr<Gateway>> Gateway::open(const ListenSettings& listen, Shared& shared,
                                               audit::Trail& trail, const RoutesPtr& routes,
                                               const identity::SnapshotPtr& identity) {
  auto listeners = http::listen_tcp(listen.host, listen.port, listen.workers);
  if (!listeners) return std::unexpected(std::move(listeners.error()));
  std::unique_ptr<Gateway> gateway(new Gateway);
  gateway->port_ = listeners->port;
  gateway->listeners_ = std::move(listeners->sockets);
  gateway->workers_.reserve(listen.workers);
  for (unsigned i = 0; i < listen.workers; ++i) {
    gateway->workers_.push_back(
        std::make_unique<Worker>(shared, trail.worker(i), routes, identity));
  }
  std::vector<RevocationLane*> lanes;
  lanes.reserve(listen.workers);
  for (auto& worker : gateway->workers_) lanes.push_back(&worker->revocations());
  gateway->fanout_ = std::make_unique<WorkerFanout>(std::move(lanes));
  return gateway;
}

Gateway::~Gateway() = default;

void Gateway::load(const std::vector<identity::RevocationPtr>& in_force) {
  for (auto& worker : workers_) {
    for (const auto& revocation : in_force) worker->revocations().admissions().load(revocation);
  }
}

void Gateway::start() {
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->start(std::move(listeners_[i]));
}

void Gateway::show_counters(Metrics& metrics) const {
  std::vector<const Counters*> counters;
  counters.reserve(workers_.size());
  for (const auto& worker : workers_) counters.push_back(&worker->counters());
  gateway::show_counters(metrics, std::move(counters));
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->measure_delay(loop_delay_histogram(metrics, std::to_string(i)));
  }
}

std::vector<std::optional<audit::Head>> Gateway::heads(std::chrono::milliseconds patience) {
  // Shared, since a worker may answer when nobody waits any more.
  struct Gathering {
    explicit Gathering(std::size_t workers) : heads(workers), missing(workers) {}
    Mutex mutex;
    Condition changed;
    std::vector<std::optional<audit::Head>> heads GUARDED_BY(mutex);
    std::size_t missing GUARDED_BY(mutex);
  };
  auto gathering = std::make_shared<Gathering>(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->ask_head([gathering, i](std::optional<audit::Head> head) {
      MutexLock lock(gathering->mutex);
      gathering->heads[i] = std::move(head);
      --gathering->missing;
      gathering->changed.notify_one();
    });
  }
  Gathering& all = *gathering;
  const auto end = std::chrono::steady_clock::now() + patience;
  MutexLock lock(all.mutex);
  while (all.missing > 0 && all.changed.wait_until(all.mutex, end)) continue;
  return all.heads;
}

void Gateway::drain(std::chrono::milliseconds patience) {
  for (auto& worker : workers_) worker->drain();
  auto until = std::chrono::steady_clock::now() + patience;
  for (auto& worker : workers_) {
    if (!worker->wait_until_done(until)) worker->cut_all();
  }
  for (auto& worker : workers_) worker->join();
}

}  // namespace sallyport::gateway
