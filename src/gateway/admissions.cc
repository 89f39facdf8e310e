#include "gateway/admissions.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace sallyport::gateway {

using identity::Revocation;
using identity::RevocationChange;
using identity::RevocationEffect;
using identity::RevocationKind;
using identity::RevocationPtr;

void RunningExchange::Hook::enter(Hook*& list, RunningExchange* exchange) {
  owner = exchange;
  next = list;
  if (next != nullptr) next->link = &next;
  link = &list;
  list = this;
}

void RunningExchange::Hook::leave() {
  if (link == nullptr) return;
  *link = next;
  if (next != nullptr) next->link = link;
  link = nullptr;
  next = nullptr;
}

void RunningExchange::leave() {
  for (auto& hook : hooks_) hook.leave();
}

Admissions::Admissions() : buckets_(kBuckets), recent_(kRecent) {}

namespace {

// Of the first and the last eight bytes: keys that a provider gives differ there (a UUID's end, a
// number's), and four of them are looked up for every request. Who shares a bucket costs a
// revocation a comparison, nothing else.
std::uint64_t hash_of(std::string_view key) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const std::size_t size = std::min(key.size(), sizeof first);
  if (size > 0) std::memcpy(&first, key.data(), size);
  if (size > 0) std::memcpy(&last, key.data() + key.size() - size, size);
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::uint64_t mixed = (first * kOdd ^ last) * kOdd + key.size();
  return mixed ^ mixed >> 32;
}

}  // namespace

Admissions::Hook*& Admissions::bucket(Place place, std::string_view key) {
  return buckets_[(hash_of(key) * 5 + place) * 0x9e3779b97f4a7c15 >> 52 & (kBuckets - 1)];
}

void Admissions::enter(RunningExchange& exchange, identity::PrincipalPtr person,
                       std::string_view id, WallTime now) {
  exchange.leave();
  auto hang = [&](Place place, std::string_view key) {
    if (!key.empty()) exchange.hooks_[place].enter(bucket(place, key), &exchange);
  };
  exchange.hooks_[Place::kAll].enter(all_, &exchange);
  hang(Place::kPerson, person->key);
  hang(Place::kSession, person->session_id);
  hang(Place::kToken, person->token_id);
  hang(Place::kClient, person->client);
  Recent& recent = recent_[next_recent_];
  next_recent_ = (next_recent_ + 1) % kRecent;
  recent.person = person;
  std::ranges::copy_n(id.begin(),
                      static_cast<std::ptrdiff_t>(std::min(id.size(), recent.id.size())),
                      recent.id.begin());
  recent.admitted = now;
  exchange.person_ = std::move(person);
}

std::vector<RevocationEffect> Admissions::apply(std::span<const RevocationChange> changes,
                                                WallTime now) {
  std::vector<RevocationEffect> effects(changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    revocations_.apply(changes[i]);
    if (changes[i].what != RevocationChange::What::kRevoked) continue;
    effects[i].cut = cut(changes[i].revocation, now);
  }
  find_last(changes, now, effects);
  return effects;
}

// The list in which every exchange hangs that this revocation can concern.
Admissions::Hook* Admissions::candidates(const Revocation& revocation) {
  switch (revocation.kind) {
    case RevocationKind::kUser:
    case RevocationKind::kSignIns:
      return bucket(Place::kPerson, revocation.target);
    case RevocationKind::kSession:
      return bucket(Place::kSession, revocation.target);
    case RevocationKind::kToken:
      return bucket(Place::kToken, revocation.target);
    case RevocationKind::kClient:
      return bucket(Place::kClient, revocation.target);
    case RevocationKind::kGroup:
    case RevocationKind::kAll:
      break;
  }
  return all_;
}

// A bucket holds others too, of other places even: each is asked, and raising a signal only
// schedules its exchange, so the list stays as it is.
std::size_t Admissions::cut(const RevocationPtr& revocation, WallTime now) {
  std::size_t count = 0;
  for (Hook* hook = candidates(*revocation); hook != nullptr; hook = hook->next) {
    RunningExchange& exchange = *hook->owner;
    if (exchange.revocation_ || !identity::concerns(*revocation, *exchange.person_, now)) continue;
    exchange.revocation_ = revocation;
    exchange.signal_.raise(exchange.cut_bit_);
    ++count;
  }
  return count;
}

// Each running exchange once, whichever of them concern it: it is a question, and no hurry.
identity::RevocationReach Admissions::preview(const identity::RevocationTable& revocations,
                                              WallTime now) const {
  identity::RevocationReach reach;
  for (const Hook* hook = all_; hook != nullptr; hook = hook->next) {
    const RunningExchange& exchange = *hook->owner;
    if (exchange.revocation_ || !revocations.find(*exchange.person_, now)) continue;
    ++reach.streams;
    reach.persons.emplace(exchange.person_->key);
  }
  return reach;
}

// From the newest admission backwards, until each revocation has met one that it concerns.
void Admissions::find_last(std::span<const RevocationChange> changes, WallTime now,
                           std::vector<RevocationEffect>& effects) const {
  identity::RevocationTable looked_for;
  std::unordered_map<const Revocation*, RevocationEffect*> effect_of;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (changes[i].what != RevocationChange::What::kRevoked) continue;
    looked_for.add(changes[i].revocation);
    effect_of.emplace(changes[i].revocation.get(), &effects[i]);
  }
  for (std::size_t i = 0; i < kRecent && looked_for.size() > 0; ++i) {
    const Recent& recent = recent_[(next_recent_ + kRecent - 1 - i) % kRecent];
    if (!recent.person) return;
    while (auto found = looked_for.find(*recent.person, now)) {
      RevocationEffect& effect = *effect_of.at(found.get());
      effect.last_request.assign(recent.id.data(), recent.id.size());
      effect.last_admitted = recent.admitted;
      looked_for.remove(found->id);
    }
  }
}

}  // namespace sallyport::gateway
