#include "gateway/revocation_fanout.h"

#include <algorithm>
#include <span>

#include "base/mutex.h"

namespace sallyport::gateway {

using identity::RevocationChange;
using identity::RevocationEffect;

namespace {
constexpr std::chrono::milliseconds kLookForEnded{20};
}

// What the workers bring together. Shared, since a worker that ended keeps what was posted to it.
struct WorkerFanout::Gathering {
  explicit Gathering(const std::vector<RevocationChange>& from, std::size_t lanes)
      : changes(from), effects(from.size()), done(lanes, false) {}

  const std::vector<RevocationChange> changes;
  Mutex mutex;
  Condition changed;
  std::vector<RevocationEffect> effects GUARDED_BY(mutex);
  std::vector<bool> done GUARDED_BY(mutex);

  /// From `first` on a slice; true: it was the lane's last.
  bool apply_slice(Admissions& admissions, WallTime now, std::size_t lane, std::size_t first) {
    const std::size_t count = std::min(kSlice, changes.size() - first);
    auto own = admissions.apply(std::span(changes).subspan(first, count), now);
    MutexLock lock(mutex);
    for (std::size_t i = 0; i < count; ++i) {
      RevocationEffect& effect = effects[first + i];
      effect.cut += own[i].cut;
      if (own[i].last_admitted <= effect.last_admitted) continue;
      effect.last_admitted = own[i].last_admitted;
      effect.last_request = std::move(own[i].last_request);
    }
    if (first + count < changes.size()) return false;
    done[lane] = true;
    changed.notify_one();
    return true;
  }
};

struct WorkerFanout::Counting {
  Counting(const std::vector<identity::RevocationPtr>& from, std::size_t lanes)
      : done(lanes, false) {
    for (const auto& revocation : from) revocations.add(revocation);
  }

  identity::RevocationTable revocations;  ///< as it was made: the workers only look
  Mutex mutex;
  Condition changed;
  identity::RevocationReach reach GUARDED_BY(mutex);
  std::vector<bool> done GUARDED_BY(mutex);

  void count_at(const Admissions& admissions, WallTime now, std::size_t lane) {
    identity::RevocationReach own = admissions.preview(revocations, now);
    MutexLock lock(mutex);
    reach.streams += own.streams;
    reach.persons.merge(own.persons);
    done[lane] = true;
    changed.notify_one();
  }
};

std::vector<RevocationEffect> WorkerFanout::apply(const std::vector<RevocationChange>& changes) {
  auto gathering = std::make_shared<Gathering>(changes, lanes_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    RevocationLane& lane = *lanes_[i];
    lane.loop_.post([gathering, &lane, i] { apply_from(gathering, lane, i, 0); });
  }
  wait_for_all(*gathering);
  MutexLock lock(gathering->mutex);
  return gathering->effects;
}

// On the lane's loop. What comes next is posted behind what waits there already.
void WorkerFanout::apply_from(const std::shared_ptr<Gathering>& gathering, RevocationLane& lane,
                              std::size_t index, std::size_t first) {
  if (gathering->apply_slice(lane.admissions_, lane.clock_.wall(), index, first)) return;
  lane.loop_.post([gathering, &lane, index, next = first + kSlice] {
    apply_from(gathering, lane, index, next);
  });
}

identity::RevocationReach WorkerFanout::preview(
    const std::vector<identity::RevocationPtr>& revocations) {
  auto counting = std::make_shared<Counting>(revocations, lanes_.size());
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    RevocationLane& lane = *lanes_[i];
    lane.loop_.post(
        [counting, &lane, i] { counting->count_at(lane.admissions_, lane.clock_.wall(), i); });
  }
  wait_for_all(*counting);
  MutexLock lock(counting->mutex);
  return counting->reach;
}

// Until each worker has done its part, or has ended.
template <typename Work>
void WorkerFanout::wait_for_all(Work& work) const {
  MutexLock lock(work.mutex);
  auto all_done = [&]() REQUIRES(work.mutex) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      if (!work.done[i] && !lanes_[i]->ended_.load(std::memory_order_acquire)) return false;
    }
    return true;
  };
  while (!all_done()) {
    // An end is not announced: whether it has come is looked at now and then.
    bool told =
        work.changed.wait_until(work.mutex, std::chrono::steady_clock::now() + kLookForEnded);
    (void)told;
  }
}

}  // namespace sallyport::gateway
