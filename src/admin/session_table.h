// The browser sessions of the administrator's port. In memory alone: a restart ends them, and
// nothing of them is ever on a disk. A session is known by 256 random bits, of which only the
// SHA-256 is kept, so that what leaks out of this memory opens nothing. Bounded in all and for one
// person; where there is no room the oldest goes, and before it the oldest of somebody without a
// role: anybody of the tenant may open such a one. Of one loop's thread.
//
//   SessionTable sessions({}, clock, entropy);
//   std::string id = sessions.open(person, realm, true);       // into the cookie, and nowhere else
//   if (const auto* session = sessions.find(id)) ...     // and it is used now
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/entropy.h"
#include "identity/principal.h"

namespace sallyport::admin {

struct BrowserSession {
  /// What the ID token said, to ask revocations and roles anew by at every request.
  std::shared_ptr<const identity::PrincipalDraft> person;
  std::string realm;  ///< issuer and client by which it was made: relying_party.h
  WallTime until{};   ///< its end, however much it is used
};

class SessionTable {
 public:
  struct Bounds {
    std::size_t all = 1000;
    std::size_t of_one = 8;  ///< of one person
    std::chrono::seconds life = std::chrono::hours(8);
    std::chrono::seconds idle = std::chrono::hours(1);
  };

  SessionTable(Bounds bounds, Clock& clock, Entropy& entropy)
      : bounds_(bounds), clock_(clock), entropy_(entropy) {}

  /// The id of a new session: always a new one, whatever the browser had before (fixation).
  /// `has_role`: whoever has none yet makes room before those who have one.
  [[nodiscard]] std::string open(std::shared_ptr<const identity::PrincipalDraft> person,
                                 std::string realm, bool has_role);
  /// Null: there is none, or it has ended. Valid until the next call. Counts as use.
  [[nodiscard]] const BrowserSession* find(std::string_view id);
  /// Whatever it was.
  void end(std::string_view id);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    BrowserSession session;
    bool has_role = false;
    SteadyTime opened{};
    SteadyTime used{};
  };
  using Entries = std::map<Sha256, Entry>;
  [[nodiscard]] bool is_over(const Entry& entry, SteadyTime now) const;
  void make_room(const std::string& person, SteadyTime now);

  Bounds bounds_;
  Clock& clock_;
  Entropy& entropy_;
  Entries entries_;  ///< by the hash of the id
};

}  // namespace sallyport::admin
