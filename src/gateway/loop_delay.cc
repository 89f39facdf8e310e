#include "gateway/loop_delay.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <tuple>
#include <utility>

#include "base/log.h"

namespace sallyport::gateway {
namespace {

constexpr std::uint32_t kDue = 1;
constexpr std::uint32_t kStop = 2;

timespec spec_of(std::chrono::nanoseconds time) {
  auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  timespec spec{};
  spec.tv_sec = static_cast<time_t>(seconds.count());
  spec.tv_nsec = static_cast<long>((time - seconds).count());
  return spec;
}

}  // namespace

Histogram& loop_delay_histogram(Metrics& metrics, std::string worker) {
  return metrics.histogram("sallyport_loop_delay_seconds",
                           "How late a worker's event loop came to its beats, ten a second.",
                           {{"worker", std::move(worker)}});
}

LoopDelay::LoopDelay(EventLoop& loop, Histogram& delays)
    : loop_(loop), delays_(delays), signal_(loop) {
  signal_.keep(kStop);
}

void LoopDelay::stop() {
  signal_.raise(kStop);
}

bool LoopDelay::begin() {
  timer_ = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer_) return false;
  due_ = std::chrono::steady_clock::now() + kBeat;
  itimerspec times{};
  times.it_value = spec_of(due_.time_since_epoch());  // steady_clock is CLOCK_MONOTONIC
  times.it_interval = spec_of(kBeat);
  return ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &times, nullptr) == 0;
}

void LoopDelay::count_beats(std::uint64_t beats) {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (beats > kMostBeats) {
    due_ += kBeat * static_cast<std::int64_t>(beats - kMostBeats);
    beats = kMostBeats;
  }
  for (; beats > 0; --beats, due_ += kBeat) {
    delays_.observe(std::chrono::duration_cast<std::chrono::microseconds>(now - due_));
  }
}

Task<void> LoopDelay::run() {
  std::optional<Watch> watch;
  if (begin()) watch.emplace(loop_, timer_.get());
  if (!watch || watch->error() != 0) {
    log::warning("worker.loop_delay_unknown", {{"reason", std::strerror(errno)}});
    timer_.reset();
    co_return;
  }
  watch->attach(&signal_, kDue, 0);
  while (!signal_.is_raised(kStop)) {
    std::ignore = co_await signal_.wait(kDue | kStop);
    std::uint64_t beats = 0;
    const auto got = ::read(timer_.get(), &beats, sizeof beats);
    if (got == static_cast<ssize_t>(sizeof beats)) count_beats(beats);
  }
  watch.reset();
  timer_.reset();
}

}  // namespace sallyport::gateway
