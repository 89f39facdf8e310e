// Remembers which tokens passed, so that a token seen before costs one HMAC instead of a signature.
// One a worker, not thread-safe. It holds a keyed digest of each token, never the token.
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

namespace sallyport::identity {

/// HMAC-SHA-256 with the key's two blocks hashed ahead: what remains is the message. One thread.
class KeyedDigest {
 public:
  explicit KeyedDigest(const Sha256& key);
  ~KeyedDigest();
  KeyedDigest(const KeyedDigest&) = delete;
  KeyedDigest& operator=(const KeyedDigest&) = delete;
  [[nodiscard]] Sha256 operator()(std::string_view message) const;

 private:
  static constexpr std::size_t kStateBytes = 128;
  alignas(16) unsigned char inner_[kStateBytes];
  alignas(16) unsigned char outer_[kStateBytes];
};

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
  struct Entry {
    Sha256 digest;
    PrincipalPtr principal;  ///< null: a free place
    std::uint64_t generation = 0;
    std::uint64_t key_serial = 0;  ///< the key set in which the key was last seen
    std::uint64_t key_stamp = 0;   ///< of the key's thumbprint
    std::uint32_t issuer = 0;      ///< place in the snapshot
    bool used_lately = false;
  };
  [[nodiscard]] std::size_t find(const Sha256& digest) const;
  [[nodiscard]] bool still_true(Entry& entry, const Snapshot& snapshot, WallTime now) const;
  [[nodiscard]] std::uint32_t make_room();
  void remove(std::size_t slot);
  void grow_index();

  std::size_t capacity_;
  KeyedDigest digest_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;   ///< places in entries_ that were given up
  std::vector<std::uint32_t> index_;  ///< open addressing: place + 1, 0 is empty
  std::size_t used_ = 0;
  std::size_t hand_ = 0;
};

}  // namespace sallyport::identity
