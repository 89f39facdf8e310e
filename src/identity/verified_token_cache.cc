// OpenSSL 3 calls the plain SHA-256 functions deprecated and offers contexts on the heap with
// fetched implementations instead. Here every lookup would pay for these, and a lookup must not
// allocate; the plain functions use the same processor instructions on a state of our own.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "identity/verified_token_cache.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cstring>
#include <new>

#include "base/secret.h"

namespace sallyport::identity {
namespace {

constexpr std::size_t kBlock = 64;
constexpr std::size_t kFirstIndex = 256;
constexpr std::size_t kNowhere = ~std::size_t{0};
constexpr std::size_t kMostClockSteps = 64;

std::uint64_t first_bytes(const Sha256& digest) {
  std::uint64_t value;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

}  // namespace

// RFC 2104: H(key ^ opad, H(key ^ ipad, message)).
KeyedDigest::KeyedDigest(const Sha256& key) {
  static_assert(sizeof(SHA256_CTX) <= kStateBytes && alignof(SHA256_CTX) <= 16);
  unsigned char block[kBlock];
  auto absorb = [&](unsigned char* state, unsigned char pad) {
    std::memset(block, pad, sizeof block);
    for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
    auto* context = new (state) SHA256_CTX;
    SHA256_Init(context);
    SHA256_Update(context, block, sizeof block);
  };
  absorb(inner_, 0x36);
  absorb(outer_, 0x5c);
  wipe(block, sizeof block);
}

KeyedDigest::~KeyedDigest() {
  wipe(inner_, sizeof inner_);
  wipe(outer_, sizeof outer_);
}

Sha256 KeyedDigest::operator()(std::string_view message) const {
  Sha256 digest;
  SHA256_CTX context = *std::launder(reinterpret_cast<const SHA256_CTX*>(inner_));
  SHA256_Update(&context, message.data(), message.size());
  SHA256_Final(digest.data(), &context);
  context = *std::launder(reinterpret_cast<const SHA256_CTX*>(outer_));
  SHA256_Update(&context, digest.data(), digest.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

VerifiedTokenCache::VerifiedTokenCache(std::size_t entries, const Sha256& process_key)
    : capacity_(entries), digest_(process_key) {}

// Linear probing from the digest's first bytes. These are keyed, so where an entry lies tells and
// costs the sender nothing; the digests themselves are compared in constant time all the same.
std::size_t VerifiedTokenCache::find(const Sha256& digest) const {
  if (index_.empty()) return kNowhere;
  std::size_t mask = index_.size() - 1;
  for (std::size_t slot = first_bytes(digest) & mask; index_[slot] != 0; slot = (slot + 1) & mask) {
    const Entry& entry = entries_[index_[slot] - 1];
    if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) return slot;
  }
  return kNowhere;
}

SeenToken VerifiedTokenCache::lookup(std::string_view token, const Snapshot& snapshot,
                                     WallTime now) {
  if (used_ == 0) return {};
  std::size_t slot = find(digest_(token));
  if (slot == kNowhere) return {};
  Entry& entry = entries_[index_[slot] - 1];
  if (!still_true(entry, snapshot, now)) {
    remove(slot);
    return {.person = nullptr, .passed_before = true};
  }
  entry.used_lately = true;
  return {.person = entry.principal, .passed_before = true};
}

bool VerifiedTokenCache::still_true(Entry& entry, const Snapshot& snapshot, WallTime now) const {
  if (entry.generation != snapshot.generation || entry.issuer >= snapshot.issuers.size()) {
    return false;
  }
  const IssuerState& issuer = snapshot.issuers[entry.issuer];
  if (!issuer.ready(now)) return false;
  if (issuer.keys->serial() != entry.key_serial) {
    const VerificationKey* key = issuer.keys->find(entry.principal->key_id);
    if (key == nullptr || first_bytes(key->thumbprint()) != entry.key_stamp) return false;
    entry.key_serial = issuer.keys->serial();
  }
  const Principal& person = *entry.principal;
  std::int64_t seconds = unix_seconds(now);
  return seconds < person.expires_at + person.skew && person.not_before <= seconds + person.skew;
}

void VerifiedTokenCache::insert(std::string_view token, PrincipalPtr principal,
                                const Snapshot& snapshot) {
  if (capacity_ == 0 || principal == nullptr) return;
  std::uint32_t place = 0;
  while (place < snapshot.issuers.size() &&
         snapshot.issuers[place].settings.name != principal->issuer) {
    ++place;
  }
  if (place == snapshot.issuers.size() || snapshot.issuers[place].keys == nullptr) return;
  const KeySet& keys = *snapshot.issuers[place].keys;
  const VerificationKey* key = keys.find(principal->key_id);
  if (key == nullptr) return;

  Entry entry{.digest = digest_(token),
              .principal = std::move(principal),
              .generation = snapshot.generation,
              .key_serial = keys.serial(),
              .key_stamp = first_bytes(key->thumbprint()),
              .issuer = place,
              .used_lately = false};
  if (std::size_t slot = find(entry.digest); slot != kNowhere) {
    entries_[index_[slot] - 1] = std::move(entry);
    return;
  }
  if ((used_ + 1) * 2 > index_.size()) grow_index();
  std::uint32_t where = make_room();
  std::size_t mask = index_.size() - 1;
  std::size_t slot = first_bytes(entry.digest) & mask;
  while (index_[slot] != 0) slot = (slot + 1) & mask;
  index_[slot] = where + 1;
  entries_[where] = std::move(entry);
  ++used_;
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
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }
  for (std::size_t step = 0;; ++step) {
    hand_ = (hand_ + 1) % entries_.size();
    Entry& entry = entries_[hand_];
    if (entry.used_lately && step < kMostClockSteps) {
      entry.used_lately = false;
      continue;
    }
    remove(find(entry.digest));
    std::uint32_t place = free_.back();
    free_.pop_back();
    return place;
  }
}

// Takes an entry out and closes the gap in the index (Knuth 6.4, algorithm R).
void VerifiedTokenCache::remove(std::size_t slot) {
  std::uint32_t place = index_[slot] - 1;
  entries_[place].principal = nullptr;
  free_.push_back(place);
  --used_;
  std::size_t mask = index_.size() - 1;
  std::size_t gap = slot;
  for (std::size_t at = (slot + 1) & mask; index_[at] != 0; at = (at + 1) & mask) {
    std::size_t home = first_bytes(entries_[index_[at] - 1].digest) & mask;
    if (((at - home) & mask) < ((at - gap) & mask)) continue;  // it may not move before its home
    index_[gap] = index_[at];
    gap = at;
  }
  index_[gap] = 0;
}

void VerifiedTokenCache::grow_index() {
  std::vector<std::uint32_t> old = std::move(index_);
  index_.assign(old.empty() ? kFirstIndex : old.size() * 2, 0);
  std::size_t mask = index_.size() - 1;
  for (std::uint32_t place : old) {
    if (place == 0) continue;
    std::size_t slot = first_bytes(entries_[place - 1].digest) & mask;
    while (index_[slot] != 0) slot = (slot + 1) & mask;
    index_[slot] = place;
  }
}

void VerifiedTokenCache::clear() {
  entries_.clear();
  free_.clear();
  index_.clear();
  used_ = 0;
  hand_ = 0;
}

}  // namespace sallyport::identity
