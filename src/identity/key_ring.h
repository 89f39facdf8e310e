// The keys of one issuer through time: what the last fetches said, merged. Pure; no threads, no
// I/O.
//
// A key that a fetch does not bring is kept once more, because a provider's servers do not all
// change at the same moment, and dropped when the next fetch does not bring it either. A key that
// comes back under its name with other material replaces the old one at once.
#pragma once

#include <string>
#include <vector>

#include "identity/key_set.h"

namespace sallyport::identity {

class KeyRing {
 public:
  struct Change {
    std::vector<std::string> added;    ///< key ids; a replaced key is in both lists
    std::vector<std::string> removed;  ///< key ids
    [[nodiscard]] bool any() const { return !added.empty() || !removed.empty(); }
  };

  /// How long a key stays that the newest fetch did not bring.
  enum class Withdrawal {
    kAfterTwoFetches,
    kAtOnce,  ///< of a file that the administrator wrote: nothing is late there
  };

  /// Takes in what a successful fetch brought.
  Change merge(const KeySet& fetched, Withdrawal withdrawal = Withdrawal::kAfterTwoFetches);

  /// What verifies now; null before the first fetch. The same object as long as nothing changes.
  [[nodiscard]] const KeySetPtr& keys() const { return set_; }
  /// True while a key is on its way out: one more fetch should settle it soon.
  [[nodiscard]] bool withdrawal_pending() const;
  void clear();

 private:
  struct Held {
    KeyPtr key;
    int fetches_without = 0;
  };
  std::vector<Held> held_;
  KeySetPtr set_;
};

}  // namespace sallyport::identity
