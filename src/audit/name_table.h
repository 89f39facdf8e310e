// The names of people, beside the chains, so that a name can be erased while the chain still
// verifies. Implemented by store/sqlite_name_table, written by its thread.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::audit {

class NameTable {
 public:
  virtual ~NameTable() = default;
  /// `key`: identity::Principal::key. Any thread; never waits: queued, and dropped when the bounded
  /// queue is full (the next sign-in brings the name again).
  virtual void remember(std::string_view key, std::string_view name, WallTime seen) = 0;
  /// Forgets the name for good, also in what the database file keeps of old pages. Waits for the
  /// disk: never on a worker. True if there was one.
  [[nodiscard]] virtual Result<bool> erase(std::string_view key) = 0;
};

}  // namespace sallyport::audit
