// Something that another thread does for a coroutine which waits for it on its Signal, perhaps not
// until the end: who waits may go, and the news then reaches nobody.
//
//   Errand errand(loop, signal, kFetched);
//   if (!service.fetch(errand.done())) co_return false;    // done() may be called by any thread
//   std::uint32_t why = co_await signal.wait(kFetched | kLimit);
//   co_return errand.is_done();
//
// Belongs to the loop's thread; the loop outlives every call of done().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/event_loop.h"

namespace sallyport {

class Errand {
 public:
  /// Takes `bit` back first: an earlier errand may have raised it.
  Errand(EventLoop& loop, Signal& signal, std::uint32_t bit)
      : loop_(loop), state_(std::make_shared<State>(State{&signal, bit, false})) {
    signal.clear(bit);
  }
  ~Errand() { state_->signal = nullptr; }
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  /// For whoever does it: to be called once, from any thread.
  [[nodiscard]] std::function<void()> done() const {
    return [loop = &loop_, state = state_] {
      loop->post([state] {
        state->done = true;
        if (state->signal != nullptr) state->signal->raise(state->bit);
      });
    };
  }
  [[nodiscard]] bool is_done() const { return state_->done; }

 private:
  struct State {
    Signal* signal;  ///< null: nobody waits any more; of the loop's thread
    std::uint32_t bit;
    bool done;
  };
  EventLoop& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace sallyport
