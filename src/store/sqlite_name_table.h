// The names of people in SQLite (audit/name_table.h), written by a thread of its own, so that
// nobody waits for the disk: a bounded queue, one transaction for what has gathered in it.
//
//   auto names = SqliteNameTable::open("sqlite:/var/lib/sallyport/state.db");
//   (*names)->remember(principal.key, principal.name, clock.wall());
//
// The file is made with mode 0600, in WAL mode, with `secure_delete`, so that an erased name is
// overwritten and not merely forgotten. Errors: store.location (not a "sqlite:/path"),
// store.unusable (cannot be opened, is no database, has a newer format; says what to do).
#pragma once

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "audit/name_table.h"
#include "base/metrics.h"

struct sqlite3;

namespace sallyport::store {

/// The path in "sqlite:/path". Error: store.location.
[[nodiscard]] Result<std::filesystem::path> sqlite_path(std::string_view location);

class SqliteNameTable final : public audit::NameTable {
 public:
  static constexpr std::size_t kQueue = 4096;   ///< different people whose names wait
  static constexpr std::size_t kMaxName = 256;  ///< bytes; longer ones are cut
  static constexpr std::size_t kMaxKey = 1024;  ///< longer ones are not kept

  [[nodiscard]] static Result<std::unique_ptr<SqliteNameTable>> open(std::string_view location,
                                                                     Metrics& metrics);
  /// Writes what is queued.
  ~SqliteNameTable() override;

  void remember(std::string_view key, std::string_view name, WallTime seen) override;
  [[nodiscard]] Result<bool> erase(std::string_view key) override;
  /// Waits until all that was remembered by now is in the file, or could not be written.
  void drain();

 private:
  struct Waiting {
    std::string name;
    WallTime seen;
  };
  struct Close {
    void operator()(sqlite3* database) const;
  };
  using Database = std::unique_ptr<sqlite3, Close>;

  SqliteNameTable(Database database, std::filesystem::path path, Metrics& metrics);
  void run();
  [[nodiscard]] Result<void> write(const std::map<std::string, Waiting>& names);

  const std::filesystem::path path_;
  Counter& dropped_;
  Counter& failures_;

  std::mutex database_mutex_;  ///< held during I/O; never taken by remember()
  Database database_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable drained_;
  std::map<std::string, Waiting> waiting_;  ///< guarded; by key, so a busy person waits once
  bool writing_ = false;                    ///< guarded
  int drains_ = 0;                          ///< guarded; drain() calls that wait
  bool stop_ = false;                       ///< guarded
  std::thread thread_;
};

/// Looks names up for a command, beside a running gateway.
class SqliteNames {
 public:
  /// Errors: store.location, store.unusable.
  [[nodiscard]] static Result<SqliteNames> open(std::string_view location);
  /// Nothing if there is none.
  [[nodiscard]] std::optional<std::string> find(std::string_view key) const;

  SqliteNames(SqliteNames&&) noexcept;
  SqliteNames& operator=(SqliteNames&&) noexcept;
  ~SqliteNames();

 private:
  explicit SqliteNames(sqlite3* database) : database_(database) {}
  sqlite3* database_;
};

}  // namespace sallyport::store
