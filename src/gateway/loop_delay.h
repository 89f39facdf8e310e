// How late a worker's event loop runs. A timer of the kernel beats ten times a second on the loop
// itself; what a beat waits for its turn is what every connection of the worker waits. Requests pay
// nothing for it. Beats that fell into one long hold are counted each with the time it waited, so
// that a loop held for a second shows as ten late beats and not as one.
//
// Belongs to the loop's thread, from run() on. It goes after its run() has ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/event_loop.h"
#include "base/metrics.h"
#include "base/task.h"
#include "base/unique_fd.h"

namespace sallyport::gateway {

/// The histogram of one worker, `sallyport_loop_delay_seconds{worker="..."}`.
[[nodiscard]] Histogram& loop_delay_histogram(Metrics& metrics, std::string worker);

class LoopDelay {
 public:
  static constexpr std::chrono::milliseconds kBeat{100};
  /// Of one hold are counted so many beats at most: the last minute's.
  static constexpr std::uint64_t kMostBeats = 600;

  LoopDelay(EventLoop& loop, Histogram& delays);
  LoopDelay(const LoopDelay&) = delete;
  LoopDelay& operator=(const LoopDelay&) = delete;

  /// Counts until stop(). Once. Where the kernel has no timer left it counts nothing and says so.
  [[nodiscard]] Task<void> run();
  void stop();

 private:
  [[nodiscard]] bool begin();
  void count_beats(std::uint64_t beats);

  EventLoop& loop_;
  Histogram& delays_;
  Signal signal_;
  UniqueFd timer_;
  SteadyTime due_{};  ///< of the next beat
};

}  // namespace sallyport::gateway
