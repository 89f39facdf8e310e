// One thread's event loop: readiness of descriptors (epoll, edge-triggered), deadlines, and work
// posted by other threads. Coroutines sleep on a Signal; watches and deadlines raise its bits.
//
//   EventLoop loop;
//   Signal signal(loop);
//   Watch watch(loop, fd, kReadable, kWritable);  watch.attach(&signal);
//   Deadline deadline(loop, signal, kTimeout);    deadline.set(loop.now() + 10s);
//   std::uint32_t why = co_await signal.wait(kReadable | kTimeout);
//
// What ends everything that somebody might still wait for (the peer is gone, the exchange is cut)
// is said to the signal once, with keep(): such a bit is told to every wait and stays raised.
//
// Everything but post() and stop() belongs to the loop's thread. A turn: wait for events, run what
// they woke, run the end-of-turn hooks (the audit chain writes its batch there), run what these
// woke. Why this and not Asio: docs/adr/0001-event-loop.md.
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sallyport {

class EventLoop;

/// Bits that were raised and the one coroutine that sleeps on them: a second one ends the process,
/// since the first would never wake.
class Signal {
 public:
  explicit Signal(EventLoop& loop) : loop_(loop) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  /// Adds bits; schedules the sleeper if it waits for one of them.
  void raise(std::uint32_t bits);
  /// These bits stay raised when a wait has told them, until clear().
  void keep(std::uint32_t bits) { kept_ |= bits; }
  /// Takes bits back without waiting.
  void clear(std::uint32_t bits) { raised_ &= ~bits; }
  [[nodiscard]] bool is_raised(std::uint32_t bits) const { return (raised_ & bits) != 0; }

  struct Awaiter {
    Signal& signal;
    std::uint32_t mask;
    [[nodiscard]] bool await_ready() const { return (signal.raised_ & mask) != 0; }
    void await_suspend(std::coroutine_handle<> sleeper) const {
      SALLYPORT_CHECK(!signal.sleeper_);
      signal.mask_ = mask;
      signal.sleeper_ = sleeper;
    }
    /// The bits of the mask that were raised; they are taken back, but for the kept ones.
    [[nodiscard]] std::uint32_t await_resume() const {
      std::uint32_t bits = signal.raised_ & mask;
      signal.raised_ &= ~(bits & ~signal.kept_);
      return bits;
    }
  };
  [[nodiscard]] Awaiter wait(std::uint32_t mask) { return {*this, mask}; }

 private:
  EventLoop& loop_;
  std::coroutine_handle<> sleeper_;
  std::uint32_t raised_ = 0;
  std::uint32_t mask_ = 0;
  std::uint32_t kept_ = 0;
};

/// Readiness of one descriptor, which somebody else owns. The two flags are hints: true until a
/// read or write found nothing more to do, so that a waiter costs no system call. The kernel may
/// have no room for one more (epoll_ctl(2): ENOSPC, ENOMEM): then error() says so, nothing is ever
/// raised, and what is to be watched has to be closed.
class Watch {
 public:
  Watch(EventLoop& loop, int fd);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Why the descriptor is not watched; 0 if it is.
  [[nodiscard]] int error() const { return error_; }

  /// Events raise these bits of `signal` from now on; null: they only set the flags.
  void attach(Signal* signal, std::uint32_t read_bit, std::uint32_t write_bit,
              std::uint32_t hang_up_bit = 0);

  bool readable = false;
  bool writable = true;
  bool hung_up = false;  ///< the peer closed or failed; `readable` then stays true

 private:
  friend class EventLoop;
  EventLoop& loop_;
  int fd_;
  int error_ = 0;
  Signal* signal_ = nullptr;
  std::uint32_t read_bit_ = 0;
  std::uint32_t write_bit_ = 0;
  std::uint32_t hang_up_bit_ = 0;
};

/// A time limit that raises a bit. Moving it later costs a store; precision is one tick (32 ms).
class Deadline {
 public:
  Deadline(EventLoop& loop, Signal& signal, std::uint32_t bit)
      : loop_(loop), signal_(&signal), bit_(bit) {}
  ~Deadline() { unlink(); }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// Takes back a bit that an earlier time raised, so that nobody is woken for that one.
  void set(SteadyTime at);
  void clear() {
    at_ = SteadyTime::max();
    signal_->clear(bit_);
  }
  [[nodiscard]] bool is_set() const { return at_ != SteadyTime::max(); }

 private:
  friend class EventLoop;
  void unlink();
  EventLoop& loop_;
  Signal* signal_;
  std::uint32_t bit_;
  SteadyTime at_ = SteadyTime::max();
  SteadyTime slot_time_{};  ///< when the wheel looks at it
  Deadline* next_ = nullptr;
  Deadline** link_ = nullptr;  ///< what points here; null: not in the wheel
  std::uint32_t slot_ = 0;
};

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs until stop(); returns with everything that was woken before it run.
  void run();
  /// From any thread.
  void stop();
  /// Runs the function on the loop's thread in its next turn. From any thread; order is kept.
  void post(std::function<void()> run);
  /// `co_await loop.next_turn()` lets everybody else run first.
  struct NextTurn {
    EventLoop& loop;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      loop.post([waiting] { waiting.resume(); });
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] NextTurn next_turn() { return {*this}; }
  /// Called at the end of each turn that ran anything; it may wake coroutines.
  void at_end_of_turn(std::function<void()> hook) { hooks_.push_back(std::move(hook)); }
  /// Called about once a second.
  void every_second(std::function<void()> hook) { seconds_.push_back(std::move(hook)); }

  /// The time at the start of this turn.
  [[nodiscard]] SteadyTime now() const { return now_; }

  /// Resumes the coroutine later in this turn. Without memory for its place it would never wake: that
  /// ends the process.
  void schedule(std::coroutine_handle<> sleeper) noexcept { ready_.push_back(sleeper); }

 private:
  friend class Watch;
  friend class Deadline;
  static constexpr std::size_t kSlots = 1024;
  static constexpr std::chrono::milliseconds kTick{32};

  void turn();
  void run_ready();
  void run_posted();
  void run_deadlines();
  void link(Deadline& deadline);
  [[nodiscard]] int wait_time() const;
  [[nodiscard]] std::uint64_t tick_of(SteadyTime time) const;

  UniqueFd epoll_;
  UniqueFd wake_;
  SteadyTime start_;
  SteadyTime now_;
  SteadyTime next_second_;
  std::uint64_t tick_ = 0;  ///< the last tick whose slot was looked at
  std::array<Deadline*, kSlots> wheel_{};
  std::array<std::uint64_t, kSlots / 64> occupied_{};
  std::vector<std::coroutine_handle<>> ready_;
  std::vector<std::coroutine_handle<>> running_;
  std::vector<std::function<void()>> hooks_;
  std::vector<std::function<void()>> seconds_;

  Mutex posted_mutex_;
  std::vector<std::function<void()>> posted_ GUARDED_BY(posted_mutex_);
  bool stopping_ GUARDED_BY(posted_mutex_) = false;
};

}  // namespace sallyport
