#include "identity/verified_token_cache.h"

#include <cstring>
#include <utility>

#include "base/check.h"

namespace sallyport::identity {
namespace {

constexpr std::size_t kFirstIndex = 256;
constexpr std::size_t kNowhere = ~std::size_t{0};
constexpr std::size_t kMostClockSteps = 64;

std::uint64_t first_bytes(const Sha256& digest) {
  std::uint64_t value;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

// Two parts of a tag that share no byte: where its slot is, and what stands in the slot.
std::uint64_t place_of(const TokenTag& tag) {
  std::uint64_t value;
  std::memcpy(&value, tag.data(), sizeof value);
  return value;
}

std::uint32_t mark_of(const TokenTag& tag) {
  std::uint32_t value;
  std::memcpy(&value, tag.data() + sizeof(std::uint64_t), sizeof value);
  return value;
}

}  // namespace

VerifiedTokenCache::VerifiedTokenCache(std::size_t entries, const Sha256& process_key)
    : capacity_(entries), tagger_(process_key) {}

// Linear probing from the tag's first bytes. These are keyed, so where an entry lies tells and
// costs the sender nothing; the tags themselves are compared in constant time all the same.
std::size_t VerifiedTokenCache::find(const TokenTag& tag) const {
  if (index_.empty()) return kNowhere;
  const std::size_t mask = index_.size() - 1;
  const std::uint32_t mark = mark_of(tag);
  for (std::size_t slot = home(tag); index_[slot].place != 0; slot = (slot + 1) & mask) {
    if (index_[slot].mark == mark && same(entries_[index_[slot].place - 1].tag, tag)) return slot;
  }
  return kNowhere;
}

std::size_t VerifiedTokenCache::home(const TokenTag& tag) const {
  return place_of(tag) & (index_.size() - 1);
}

SeenToken VerifiedTokenCache::lookup(std::string_view token, const Snapshot& snapshot,
                                     WallTime now) {
  if (used_ == 0) return {};
  std::size_t slot = find(tagger_(token));
  if (slot == kNowhere) return {};
  std::uint32_t place = index_[slot].place - 1;
  if (!still_true(place, snapshot, now)) {
    remove(slot);
    return {.person = nullptr, .passed_before = true};
  }
  Entry& entry = entries_[place];
  entry.used_lately = true;
  return {.person = entry.principal, .passed_before = true};
}

bool VerifiedTokenCache::still_true(std::uint32_t place, const Snapshot& snapshot, WallTime now) {
  Entry& entry = entries_[place];
  if (entry.generation != static_cast<std::uint32_t>(snapshot.generation) ||
      entry.issuer >= snapshot.issuers.size()) {
    return false;
  }
  const IssuerState& issuer = snapshot.issuers[entry.issuer];
  if (!issuer.ready(now)) return false;
  if (issuer.keys->serial() != entry.key_serial) {
    const VerificationKey* key = issuer.keys->find(entry.principal->key_id);
    if (key == nullptr || first_bytes(key->thumbprint()) != key_stamps_[place]) return false;
    entry.key_serial = issuer.keys->serial();
  }
  std::int64_t seconds = unix_seconds(now);
  return seconds < entry.until && entry.from <= seconds;
}

void VerifiedTokenCache::insert(std::string_view token, PrincipalPtr principal,
                                const Snapshot& snapshot) {
  if (capacity_ == 0 || principal == nullptr) return;
  std::size_t issuer = 0;
  while (issuer < snapshot.issuers.size() &&
         snapshot.issuers[issuer].settings.name != principal->issuer) {
    ++issuer;
  }
  if (issuer == snapshot.issuers.size() || snapshot.issuers[issuer].keys == nullptr) return;
  SALLYPORT_CHECK(std::in_range<std::uint16_t>(issuer));
  const KeySet& keys = *snapshot.issuers[issuer].keys;
  const VerificationKey* key = keys.find(principal->key_id);
  if (key == nullptr) return;

  Entry entry{.tag = tagger_(token),
              .principal = std::move(principal),
              .from = 0,
              .until = 0,
              .key_serial = keys.serial(),
              .generation = static_cast<std::uint32_t>(snapshot.generation),
              .issuer = static_cast<std::uint16_t>(issuer),
              .used_lately = false};
  entry.from = entry.principal->not_before - entry.principal->skew;
  entry.until = entry.principal->expires_at + entry.principal->skew;
  std::uint32_t place = 0;
  if (std::size_t slot = find(entry.tag); slot != kNowhere) {
    place = index_[slot].place - 1;
  } else {
    if ((used_ + 1) * 2 > index_.size()) grow_index();
    place = make_room();
    put(entry.tag, place);
    ++used_;
  }
  key_stamps_[place] = first_bytes(key->thumbprint());
  entries_[place] = std::move(entry);
}

void VerifiedTokenCache::put(const TokenTag& tag, std::uint32_t place) {
  const std::size_t mask = index_.size() - 1;
  std::size_t slot = home(tag);
  while (index_[slot].place != 0) slot = (slot + 1) & mask;
  index_[slot] = {.mark = mark_of(tag), .place = place + 1};
}

// CLOCK: the hand passes over entries that were hit since it came by last, once; a token that was
// never seen again goes first, so a flood of new tokens pushes out itself. The steps are bounded:
// after 64 the next one goes whatever its mark.
std::uint32_t VerifiedTokenCache::make_room() {
  if (!free_.empty()) {
    std::uint32_t place = free_.back();
    free_.pop_back();
    return place;
  }
  if (entries_.size() < capacity_) {
    entries_.emplace_back();
    key_stamps_.push_back(0);
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }
  for (std::size_t step = 0;; ++step) {
    hand_ = (hand_ + 1) % entries_.size();
    Entry& entry = entries_[hand_];
    if (entry.used_lately && step < kMostClockSteps) {
      entry.used_lately = false;
      continue;
    }
    remove(find(entry.tag));
    std::uint32_t place = free_.back();
    free_.pop_back();
    return place;
  }
}

// Takes an entry out and closes the gap in the index (Knuth 6.4, algorithm R).
void VerifiedTokenCache::remove(std::size_t slot) {
  std::uint32_t place = index_[slot].place - 1;
  entries_[place].principal = nullptr;
  free_.push_back(place);
  --used_;
  std::size_t mask = index_.size() - 1;
  std::size_t gap = slot;
  for (std::size_t at = (slot + 1) & mask; index_[at].place != 0; at = (at + 1) & mask) {
    std::size_t first = home(entries_[index_[at].place - 1].tag);
    if (((at - first) & mask) < ((at - gap) & mask)) continue;  // it may not move before its home
    index_[gap] = index_[at];
    gap = at;
  }
  index_[gap] = {};
}

void VerifiedTokenCache::grow_index() {
  std::vector<Slot> old = std::move(index_);
  index_.assign(old.empty() ? kFirstIndex : old.size() * 2, {});
  for (const Slot& slot : old) {
    if (slot.place != 0) put(entries_[slot.place - 1].tag, slot.place - 1);
  }
}

void VerifiedTokenCache::clear() {
  entries_.clear();
  key_stamps_.clear();
  free_.clear();
  index_.clear();
  used_ = 0;
  hand_ = 0;
}

}  // namespace sallyport::identity
