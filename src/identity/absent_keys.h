// The `kid`s that tokens named and that a fetch did not bring. Pure, bounded, not thread-safe.
//
// An issuer's keys are fetched early for an unknown `kid` at most once in five minutes. One client
// with a stale token would use up every one of these fetches, and a key that is really new would
// have to wait behind it. So a name that stays absent is asked for again after five minutes, then
// ten, and so on up to an hour: soon enough for a key that one server of the provider showed later
// than another, seldom enough for one that never comes.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace sallyport::identity {

class AbsentKeys {
 public:
  static constexpr std::size_t kMost = 256;  ///< beyond, the oldest is forgotten

  /// True: the name was looked for lately and need not be again.
  [[nodiscard]] bool contains(std::string_view key_id, SteadyTime now) const;
  /// A fetch did not bring it. `first_wait` is for a name that is new here; each further time the
  /// wait doubles, up to an hour.
  void add(std::string_view key_id, SteadyTime now, std::chrono::milliseconds first_wait);
  void clear();

 private:
  struct Entry {
    std::string key_id;
    SteadyTime until;
    Duration wait;
  };
  std::vector<Entry> entries_;
  std::size_t oldest_ = 0;
};

}  // namespace sallyport::identity
