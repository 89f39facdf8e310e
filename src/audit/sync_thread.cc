#include "audit/sync_thread.h"

#include <algorithm>

#include "audit/segments.h"
#include "base/check.h"

namespace sallyport::audit {
namespace {

constexpr std::chrono::seconds kSpareRetry{1};
constexpr std::chrono::milliseconds kUnaskedPause{100};  // `each`: for what nobody waits for

}  // namespace

SyncThread::SyncThread(std::chrono::milliseconds interval)
    : interval_(interval), thread_([this] { run(); }) {}

SyncThread::~SyncThread() {
  {
    MutexLock lock(wake_mutex_);
    stop_ = true;
    changed_.notify_one();
  }
  thread_.join();
  SALLYPORT_CHECK(chains_.empty());
}

void SyncThread::add(Segments& segments) {
  {
    MutexLock lock(round_mutex_);
    chains_.push_back(&segments);
  }
  wake();
}

void SyncThread::remove(Segments& segments) {
  MutexLock lock(round_mutex_);
  std::erase(chains_, &segments);
}

void SyncThread::wake() {
  MutexLock lock(wake_mutex_);
  woken_ = true;
  changed_.notify_one();
}

void SyncThread::set_interval(std::chrono::milliseconds interval) {
  interval_.store(interval);
  sweep_asked_.store(true);
  wake();
}

std::chrono::milliseconds SyncThread::pause() const {
  auto interval = interval_.load();
  return interval.count() > 0 ? interval : kUnaskedPause;
}

void SyncThread::run() {
  for (;;) {
    rest();
    {
      MutexLock lock(wake_mutex_);
      if (stop_) return;
      woken_ = false;
    }
    round();
  }
}

// Until somebody asks, or the interval has passed and something was written. Without anything
// written it sleeps until note_written(): `asleep_` is set before the chains are looked at and a
// writer looks at it after its write, so one of the two sees the other.
void SyncThread::rest() {
  MutexLock lock(wake_mutex_);
  auto end = std::chrono::steady_clock::now() + pause();
  while (!woken_ && !stop_ && changed_.wait_until(wake_mutex_, end)) continue;
  if (woken_ || stop_) return;
  asleep_.store(true);
  lock.unlock();
  bool busy = work_left();
  lock.lock();
  while (!busy && !woken_ && !stop_) changed_.wait(wake_mutex_);
  asleep_.store(false);
}

bool SyncThread::work_left() {
  MutexLock lock(round_mutex_);
  return std::ranges::any_of(chains_, [](Segments* segments) {
    return segments->spare_wanted() || segments->sync_requested() || segments->dirty();
  });
}

// Chains whose workers wait come first; the others when the pause is over.
void SyncThread::round() {
  MutexLock lock(round_mutex_);
  auto now = std::chrono::steady_clock::now();
  for (auto* segments : chains_) {
    if (segments->sync_requested()) segments->sync();
  }
  bool asked = sweep_asked_.exchange(false);
  if (asked || now >= last_sweep_ + pause()) {
    last_sweep_ = now;
    for (auto* segments : chains_) {
      if (segments->dirty()) segments->sync();
    }
  }
  if (now < next_spare_) return;
  for (auto* segments : chains_) {
    if (segments->spare_wanted() && !segments->prepare_spare()) next_spare_ = now + kSpareRetry;
  }
}

}  // namespace sallyport::audit
