// Remembers which tokens passed, so that a token seen before costs a keyed hash instead of a
// signature. One a worker, not thread-safe. It holds a keyed digest of each token (token_tag.h),
// never the token.
//
//   auto seen = cache.lookup(token, *snapshot, now);                   // no allocation
//   if (!seen.person && (seen.passed_before || !damped))
//     if (auto who = verify(...)) cache.insert(token, person, *snapshot);
//
// A hit must still be true: `exp` and `nbf` are looked at each time, a new generation of settings
// is a miss, and so is a key that is gone, replaced under its name or too old. Revocation is
// looked at after this, always, by the caller.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "identity/principal.h"
#include "identity/snapshot.h"
#include "identity/token_tag.h"

namespace sallyport::identity {

/// What is remembered of a token.
struct SeenToken {
  PrincipalPtr person;  ///< it passed before, and nothing changed since; else null
  /// It passed once, but something changed: it has to be verified anew. Said once, so that it is
  /// worth one verification to whoever sends it, also from a source that is damped.
  bool passed_before = false;
};

class VerifiedTokenCache {
 public:
  /// At most `entries` tokens; 0 switches the cache off. `process_key` is random, made once a
  /// process, so that nobody outside can tell which digests fall together.
  VerifiedTokenCache(std::size_t entries, const Sha256& process_key);

  [[nodiscard]] SeenToken lookup(std::string_view token, const Snapshot& snapshot, WallTime now);

  /// Remembers a token that has just passed verify() with this snapshot. When full, one entry that
  /// has not been hit for a while makes room, in constant time (CLOCK).
  void insert(std::string_view token, PrincipalPtr principal, const Snapshot& snapshot);

  void clear();
  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

 private:
  /// All that a hit reads, in one line of the processor's cache.
  struct alignas(64) Entry {
    TokenTag tag{};
    PrincipalPtr principal;        ///< null: a free place
    std::int64_t from = 0;         ///< good from this second on, the issuer's skew counted in
    std::int64_t until = 0;        ///< and before this one
    std::uint64_t key_serial = 0;  ///< the key set in which the key was last seen
    std::uint32_t generation = 0;  ///< of the settings, its last 32 bits
    std::uint16_t issuer = 0;      ///< place in the snapshot
    bool used_lately = false;
  };
  static_assert(sizeof(Entry) == 64);
  /// Open addressing. The mark is a part of the tag, so that a slot of another token is passed by
  /// without a look at its entry.
  struct Slot {
    std::uint32_t mark = 0;
    std::uint32_t place = 0;  ///< in entries_, plus 1; 0: empty
  };
  [[nodiscard]] std::size_t find(const TokenTag& tag) const;
  [[nodiscard]] std::size_t home(const TokenTag& tag) const;
  [[nodiscard]] bool still_true(std::uint32_t place, const Snapshot& snapshot, WallTime now);
  [[nodiscard]] std::uint32_t make_room();
  void put(const TokenTag& tag, std::uint32_t place);
  void remove(std::size_t slot);
  void grow_index();

  std::size_t capacity_;
  TokenTagger tagger_;
  std::vector<Entry> entries_;
  /// Beside entries_: of the key's thumbprint. Looked at after a change of the keys alone.
  std::vector<std::uint64_t> key_stamps_;
  std::vector<std::uint32_t> free_;  ///< places in entries_ that were given up
  std::vector<Slot> index_;
  std::size_t used_ = 0;
  std::size_t hand_ = 0;
};

}  // namespace sallyport::identity
