// What the classes of this folder share about SQLite: one file, opened by each with a connection of
// its own, made with mode 0600, in WAL mode. Errors: store.location (not a "sqlite:/path"),
// store.unusable (cannot be opened, is no database, has a newer format; says what to do).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sallyport::store {

/// The code of a location that names no SQLite file.
inline constexpr std::string_view kStoreLocation = "store.location";

/// The path in "sqlite:/path". Error: store.location.
[[nodiscard]] Result<std::filesystem::path> sqlite_path(std::string_view location);

struct CloseDatabase {
  void operator()(sqlite3* database) const;
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

/// Opens the file for writing, made if it is not there, with all tables of this version.
/// `durable`: a commit is on the disk when it returns; else a power cut may take the last ones.
[[nodiscard]] Result<Database> open_database(const std::filesystem::path& path, bool durable);
/// Opens the file, which is there, for reading.
[[nodiscard]] Result<Database> open_for_reading(const std::filesystem::path& path);

[[nodiscard]] std::unexpected<Error> unusable(const std::filesystem::path& path,
                                              std::string_view why, std::string next_step);
/// What SQLite says of its last failure.
[[nodiscard]] std::unexpected<Error> sqlite_failure(sqlite3* database,
                                                    const std::filesystem::path& path);

bool execute(sqlite3* database, const char* sql);

class Statement {
 public:
  Statement(sqlite3* database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // The text lives until the next step().
  void bind(int index, std::string_view text);
  void bind(int index, std::int64_t value);
  // SQLITE_ROW or SQLITE_DONE, else an error (also of preparing it).
  int step();
  void again();
  [[nodiscard]] std::int64_t number(int column = 0) const;
  [[nodiscard]] std::string text(int column = 0) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace sallyport::store
