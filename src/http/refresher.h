// Keeps things fresh that come from elsewhere: key sets, credentials, lists. It knows when: timers,
// one fetch at a time for each thing, pauses after failures, an early fetch at most once in a time
// for those who need a newer one now, who waits for it, and what is told once the lock is given
// back. Its owner knows what: where a thing is fetched, what an answer means, how long it is good.
//
//   MutexLock lock(refresher.mutex());           // guards the items and the owner's own data
//   refresher.begin(item, effects);              // run(effects) then calls the owner's
//   fetch(ticket) if (Refresher::Item* item = refresher.end(ticket)) refresher.schedule(*item,
//   hours(1));
//
// Any thread may take the mutex, post() and stop(). Everything of the owner's (fetch, publish,
// events, those who waited) runs on the FetchThread, without the mutex, one piece of work at a time
// and none after stop() has returned. Memory is bounded by the items and kMostWaiters for each.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "http/fetch.h"

namespace sallyport::http {

class Refresher {
 public:
  /// What a service that keeps something fresh needs of the process; all of it outlives the
  /// service.
  struct Needs {
    Fetcher& fetcher;
    Clock& clock;
    Entropy& entropy;
    Metrics& metrics;
  };

  static constexpr std::size_t kMostWaiters = 4096;  ///< for one item; beyond, the answer is no

  /// One fetch of one item. An answer that comes with any but the item's newest is dropped.
  struct Ticket {
    std::uint64_t item = 0;
    std::uint64_t round = 0;
  };

  /// The state of one thing that is kept fresh. Made by add(); with the mutex.
  class Item {
   public:
    [[nodiscard]] std::uint64_t id() const { return id_; }  ///< never used twice
    [[nodiscard]] bool is_fetching() const { return fetching_; }
    [[nodiscard]] bool is_early() const { return early_; }  ///< the newest fetch, not by the clock
    [[nodiscard]] unsigned failures() const { return failures_; }  ///< in a row
    /// Of the newest answer; without code after a success and before the first.
    [[nodiscard]] const Error& last_error() const { return last_error_; }
    [[nodiscard]] bool has_waiters() const { return !waiters_.empty(); }

   private:
    friend class Refresher;
    struct Waiter {
      std::string what;
      std::function<void()> done;
    };
    std::uint64_t id_ = 0;
    std::uint64_t round_ = 0;
    std::uint64_t timer_ = 0;  ///< only the newest timer counts
    bool fetching_ = false;
    bool early_ = false;
    unsigned failures_ = 0;
    Error last_error_;
    std::optional<SteadyTime> last_early_;
    std::vector<Waiter> waiters_;
  };

  /// What is left to do once the mutex is given back, in this order.
  struct Effects {
    std::vector<std::function<void()>> events;
    bool publish = false;  ///< the owner's publish()
    std::vector<std::function<void()>> done;
    std::vector<Ticket> fetches;  ///< filled by begin() and ask_early()
  };

  struct Owner {
    /// Begins a fetch. Its answer comes on the thread, perhaps at once, through while_alive().
    std::function<void(Ticket)> fetch;
    /// Takes the mutex, makes a snapshot of the owner's data, and hands it out without the mutex.
    std::function<void()> publish;
  };

  Refresher(FetchThread& thread, Clock& clock, Owner owner);
  ~Refresher();  ///< stop()
  Refresher(const Refresher&) = delete;
  Refresher& operator=(const Refresher&) = delete;

  [[nodiscard]] Mutex& mutex() const RETURN_CAPABILITY(mutex_) { return mutex_; }

  // Without the mutex.

  /// On the thread, in a later turn. Any thread.
  void post(std::function<void()> work);
  void post(Effects effects);
  /// At once. On the thread, within work that came through post() or while_alive().
  void run(Effects effects) EXCLUDES(mutex_);
  /// Waits for a piece of work that runs; nothing of the owner's runs afterwards. Terminates the
  /// process when it is called from within such a piece of work, which would wait for itself.
  void stop();

  /// `work` as a callback that can be left with the Fetcher: it does nothing after stop().
  template <typename Work>
  [[nodiscard]] auto while_alive(Work work) {
    return [life = life_, work = std::move(work)](auto&&... arguments) mutable {
      std::lock_guard lock(life->mutex);
      if (life->stopped) return;
      ++life->depth;
      work(std::forward<decltype(arguments)>(arguments)...);
      --life->depth;
    };
  }

  // With the mutex.

  [[nodiscard]] Item& add() REQUIRES(mutex_);
  /// Releases those who wait; an answer that is on its way is dropped.
  void remove(Item& item, Effects& effects) REQUIRES(mutex_);

  /// A fetch by the clock or for new settings. One that runs already is overtaken.
  void begin(Item& item, Effects& effects) REQUIRES(mutex_);
  /// The item if this is the answer to its newest fetch, which has ended with it; else null.
  [[nodiscard]] Item* end(const Ticket& ticket) REQUIRES(mutex_);
  /// The next fetch by the clock; takes the place of one that was set before.
  void schedule(Item& item, std::chrono::milliseconds delay) REQUIRES(mutex_);

  /// True: it had failed before, and somebody should be told that it is well again.
  [[nodiscard]] bool succeeded(Item& item) REQUIRES(mutex_);
  /// True: the first failure in a row, or one with another code: it is to be told. One line when
  /// it starts and one when the cause changes, not one a retry.
  [[nodiscard]] bool failed(Item& item, Error error) REQUIRES(mutex_);

  enum class Asked : std::uint8_t {
    kNo,      ///< too many wait, or there was an early fetch within the time; `done` never runs
    kJoined,  ///< waits for the fetch that runs
    kBegun,   ///< waits for one that begins with run(effects)
  };
  /// Somebody needs a newer one than there is. `what` is for release_if().
  [[nodiscard]] Asked ask_early(Item& item, std::chrono::milliseconds once_in, std::string what,
                                std::function<void()> done, Effects& effects) REQUIRES(mutex_);
  [[nodiscard]] bool may_begin_early(const Item& item, std::chrono::milliseconds once_in) const
      REQUIRES(mutex_);
  void begin_early(Item& item, Effects& effects) REQUIRES(mutex_);

  /// Those who wait are told once the mutex is given back.
  void release(Item& item, Effects& effects) REQUIRES(mutex_);
  /// Those alone of whose `what` this is true; the others wait on.
  void release_if(Item& item, const std::function<bool(const std::string& what)>& ready,
                  Effects& effects) REQUIRES(mutex_);

 private:
  /// Shared with the callbacks that outlive the refresher.
  struct Life {
    std::recursive_mutex mutex;  ///< held while work runs; a fetch may answer within its own start
    bool stopped = false;
    unsigned depth = 0;  ///< pieces of work within each other, of the thread that holds the mutex
  };

  [[nodiscard]] Item* find(const Ticket& ticket) REQUIRES(mutex_);
  void on_timer(std::uint64_t id, std::uint64_t timer);

  FetchThread& thread_;
  Clock& clock_;
  const Owner owner_;
  const std::shared_ptr<Life> life_ = std::make_shared<Life>();

  mutable Mutex mutex_;
  std::map<std::uint64_t, Item> items_ GUARDED_BY(mutex_);
  std::uint64_t last_id_ GUARDED_BY(mutex_) = 0;
  std::uint64_t last_round_ GUARDED_BY(mutex_) = 0;
  std::uint64_t last_timer_ GUARDED_BY(mutex_) = 0;
};

// Pauses. `failures` is the number in a row, one or more.

/// The first one, doubled with each further failure, up to `most`.
[[nodiscard]] std::chrono::milliseconds doubling_pause(std::chrono::milliseconds first,
                                                       std::chrono::milliseconds most,
                                                       unsigned failures);
/// One after the other; the last repeats. There must be one.
[[nodiscard]] std::chrono::milliseconds listed_pause(
    const std::vector<std::chrono::milliseconds>& pauses, unsigned failures);
/// Up to a tenth of a pause, to add or to take off, so that a fleet that was started together does
/// not ask together.
[[nodiscard]] inline std::chrono::milliseconds share_of_tenth(std::chrono::milliseconds pause,
                                                              std::uint8_t chance) {
  return pause * chance / 2560;
}
[[nodiscard]] std::uint8_t chance(Entropy& entropy);

}  // namespace sallyport::http
