// What outlives the process, behind the interfaces of the folders that it belongs to. Which
// database keeps it is said by the scheme of the location and known by nobody else; a new one is a
// folder here and a row of store.cc.
//
//   auto stores = store::open("sqlite:/var/lib/sallyport/state.db", metrics);
//   stores->names->remember(...); stores->revocations->load();
//
// Errors: store.location (no such kind of store, or not a location of its kind), store.unusable.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "audit/name_table.h"
#include "base/metrics.h"
#include "identity/revocation.h"
#include "store/name_book.h"

namespace sallyport::store {

/// The code of a location that names no store.
inline constexpr std::string_view kStoreLocation = "store.location";

struct Stores {
  std::unique_ptr<audit::NameTable> names;
  std::unique_ptr<identity::RevocationLog> revocations;
};

/// Makes what is not there yet. Blocks; at start.
[[nodiscard]] Result<Stores> open(std::string_view location, Metrics& metrics);

/// The names alone, for reading, of a store that is there.
[[nodiscard]] Result<std::unique_ptr<NameReader>> open_names(std::string_view location);

/// The location of the store in a file, as commands take a path in place of a location.
[[nodiscard]] std::string location_of_file(const std::filesystem::path& path);

}  // namespace sallyport::store
