// The names of people, beside the chains, so that a name can be erased while the chain still
// verifies. Implemented by store/name_writer, whose thread writes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::audit {

/// What an admitted token said of its person.
struct Sighting {
  static constexpr unsigned kSession = 1;   ///< it carried `sid`
  static constexpr unsigned kAuthTime = 2;  ///< it carried `auth_time`
  static constexpr unsigned kGroups = 4;    ///< it listed groups
  static constexpr unsigned kSeen = 8;

  std::string_view name;  ///< may be empty
  std::string_view mail;  ///< may be empty
  unsigned marks = kSeen;
};

struct KnownPerson {
  std::string key;
  std::string name;
  std::string mail;
  WallTime seen{};  ///< last, to the second
};

class NameTable {
 public:
  virtual ~NameTable() = default;
  /// `key`: identity::Principal::key. Any thread; never waits: queued, and dropped when the bounded
  /// queue is full (the next sign-in brings the name again).
  /// Marks gather, the rest is replaced.
  virtual void remember(std::string_view key, const Sighting& sighting, WallTime seen) = 0;
  /// Forgets the name for good, also in what the database file keeps of old pages. Waits for the
  /// disk: never on a worker. True if there was one.
  [[nodiscard]] virtual Result<bool> erase(std::string_view key) = 0;
  /// The people seen under exactly this name or e-mail address, whatever its case; at most `most`.
  /// Waits for the disk.
  [[nodiscard]] virtual Result<std::vector<KnownPerson>> find(std::string_view name_or_mail,
                                                              std::size_t most) = 0;
  /// The people whose name or e-mail address begins with this, whatever its case, in the order of
  /// their keys, from the first behind `after` on; of an empty beginning everybody. At most `most`.
  /// Waits for the disk.
  [[nodiscard]] virtual Result<std::vector<KnownPerson>> search(std::string_view beginning,
                                                                std::string_view after,
                                                                std::size_t most) = 0;
  /// The person with this key. Waits for the disk.
  [[nodiscard]] virtual Result<std::optional<KnownPerson>> look_up(std::string_view key) = 0;
  /// What tokens of this person (`key`), or of anybody of this issuer where `key` is empty, have
  /// shown so far; 0: nobody was seen. Waits for the disk.
  [[nodiscard]] virtual Result<unsigned> marks(std::string_view key, std::string_view issuer) = 0;
};

}  // namespace sallyport::audit
