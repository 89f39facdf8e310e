// Carries revocations to all workers and waits until each has applied them (identity/revocation.h).
// Each worker has a lane; apply() posts to its loop, a slice of the changes a turn, so that a worker
// serves its requests between the slices of a great revocation. A worker that has ended admits nobody and is
// not waited for.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "gateway/admissions.h"

namespace sallyport::gateway {

/// A worker's end: its loop and what it knows of admissions. Owned by the worker.
class RevocationLane {
 public:
  RevocationLane(EventLoop& loop, Clock& clock) : loop_(loop), clock_(clock) {}

  /// On the loop's thread.
  [[nodiscard]] Admissions& admissions() { return admissions_; }
  /// The loop does not run any more. Any thread.
  void end() { ended_.store(true, std::memory_order_release); }

 private:
  friend class WorkerFanout;
  EventLoop& loop_;
  Clock& clock_;
  Admissions admissions_;
  std::atomic<bool> ended_{false};
};

class WorkerFanout final : public identity::RevocationFanout {
 public:
  /// The lanes outlive this object, and every apply().
  explicit WorkerFanout(std::vector<RevocationLane*> lanes) : lanes_(std::move(lanes)) {}

  /// So many changes a worker applies in one turn of its loop.
  static constexpr std::size_t kSlice = 64;

  /// From one thread at a time, not a worker's.
  [[nodiscard]] std::vector<identity::RevocationEffect> apply(
      const std::vector<identity::RevocationChange>& changes) override;
  /// From any number of threads, not a worker's. Each has an id of its own.
  [[nodiscard]] identity::RevocationReach preview(
      const std::vector<identity::RevocationPtr>& revocations) override;

 private:
  struct Gathering;
  struct Counting;
  static void apply_from(const std::shared_ptr<Gathering>& gathering, RevocationLane& lane,
                         std::size_t index, std::size_t first);
  template <typename Work>
  void wait_for_all(Work& work) const;
  std::vector<RevocationLane*> lanes_;
};

}  // namespace sallyport::gateway
