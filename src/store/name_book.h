// What a database has to do for the names of people: the blocking half of audit/name_table.h, with
// which store/name_writer keeps everybody who is in a hurry from waiting. One caller at a time.
// Errors: those of the database (store.unusable).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/name_table.h"

namespace sallyport::store {

/// A name that waits to be written.
struct SeenPerson {
  std::string name;
  std::string mail;
  unsigned marks = 0;  ///< audit::Sighting's; they are added to those that are there
  WallTime seen{};
};
using SeenPeople = std::map<std::string, SeenPerson>;  ///< by identity::Principal::key

class NameBook {
 public:
  virtual ~NameBook() = default;
  /// All of them or none.
  [[nodiscard]] virtual Result<void> write(const SeenPeople& people) = 0;
  /// Forgets the name, also where the database keeps what was there before. True: there was one.
  [[nodiscard]] virtual Result<bool> erase(std::string_view key) = 0;
  /// As audit::NameTable says.
  [[nodiscard]] virtual Result<std::vector<audit::KnownPerson>> find(std::string_view name_or_mail,
                                                                     std::size_t most) = 0;
  [[nodiscard]] virtual Result<std::vector<audit::KnownPerson>> search(std::string_view beginning,
                                                                       std::string_view after,
                                                                       std::size_t most) = 0;
  [[nodiscard]] virtual Result<std::optional<audit::KnownPerson>> look_up(std::string_view key) = 0;
  [[nodiscard]] virtual Result<unsigned> marks(std::string_view key, std::string_view issuer) = 0;
};

/// Looks names up for a command, beside a running gateway.
class NameReader {
 public:
  virtual ~NameReader() = default;
  /// Nothing if there is none.
  [[nodiscard]] virtual std::optional<std::string> find(std::string_view key) const = 0;
};

}  // namespace sallyport::store
