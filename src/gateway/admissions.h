// Whom one worker has let in and who may not be let in any more: the revocations in force, the
// exchanges that run, and the last ones that were admitted. A revocation that comes finds the
// exchanges it concerns without looking at the others: they hang in buckets by person, session,
// token and client (for a group, or everybody, all are looked at). Everything here belongs to the
// worker's loop; nothing allocates for a request.
//
//   if (auto revoked = admissions.find(*person, now)) return refuse(...);
//   admissions.enter(exchange, person, id, now);    // leaves by itself
//   ... at every step: if (exchange.revocation()) end it
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "identity/revocation.h"
#include "identity/revocation_table.h"

namespace sallyport::gateway {

class Admissions;

/// One exchange's place among those that run; part of its state, at a fixed address.
class RunningExchange {
 public:
  /// `cut_bit` of `signal` is raised when a revocation concerns it.
  RunningExchange(Signal& signal, std::uint32_t cut_bit) : signal_(signal), cut_bit_(cut_bit) {}
  ~RunningExchange() { leave(); }
  RunningExchange(const RunningExchange&) = delete;
  RunningExchange& operator=(const RunningExchange&) = delete;

  /// Why it has to end, or null.
  [[nodiscard]] const identity::RevocationPtr& revocation() const { return revocation_; }

 private:
  friend class Admissions;
  struct Hook {
    Hook* next = nullptr;
    Hook** link = nullptr;  ///< what points here; null: in no list
    RunningExchange* owner = nullptr;
    void enter(Hook*& list, RunningExchange* exchange);
    void leave();
  };
  enum Place : std::uint8_t { kAll, kPerson, kSession, kToken, kClient, kPlaces };

  void leave();

  Signal& signal_;
  std::uint32_t cut_bit_;
  identity::PrincipalPtr person_;
  identity::RevocationPtr revocation_;
  std::array<Hook, kPlaces> hooks_;
};

class Admissions {
 public:
  static constexpr std::size_t kBuckets = 4096;
  static constexpr std::size_t kRecent = 512;

  Admissions();
  Admissions(const Admissions&) = delete;
  Admissions& operator=(const Admissions&) = delete;

  /// The revocation that concerns this person's request, or null.
  [[nodiscard]] identity::RevocationPtr find(const identity::Principal& person,
                                             WallTime now) const {
    return revocations_.find(person, now);
  }
  /// From now on a revocation finds it. `id`: the request's, a UUID of 36 characters.
  void enter(RunningExchange& exchange, identity::PrincipalPtr person, std::string_view id,
             WallTime now);

  /// One that is in force at the start.
  void load(identity::RevocationPtr revocation) { revocations_.add(std::move(revocation)); }
  /// Takes changes over; tells the exchanges that they concern to end. One effect a change. The
  /// last admissions are walked once for all of them.
  std::vector<identity::RevocationEffect> apply(std::span<const identity::RevocationChange> changes,
                                                WallTime now);
  identity::RevocationEffect apply(const identity::RevocationChange& change, WallTime now) {
    return std::move(apply(std::span(&change, 1), now).front());
  }
  /// What these would end now; changes nothing.
  [[nodiscard]] identity::RevocationReach preview(const identity::RevocationTable& revocations,
                                                  WallTime now) const;
  [[nodiscard]] std::size_t in_force() const { return revocations_.size(); }

 private:
  using Hook = RunningExchange::Hook;
  using Place = RunningExchange::Place;
  struct Recent {
    identity::PrincipalPtr person;
    std::array<char, 36> id{};
    WallTime admitted{};
  };

  [[nodiscard]] Hook*& bucket(Place place, std::string_view key);
  [[nodiscard]] Hook* candidates(const identity::Revocation& revocation);
  [[nodiscard]] std::size_t cut(const identity::RevocationPtr& revocation, WallTime now);
  void find_last(std::span<const identity::RevocationChange> changes, WallTime now,
                 std::vector<identity::RevocationEffect>& effects) const;

  identity::RevocationTable revocations_;
  std::vector<Hook*> buckets_;
  Hook* all_ = nullptr;
  std::vector<Recent> recent_;  ///< a ring
  std::size_t next_recent_ = 0;
};

}  // namespace sallyport::gateway
