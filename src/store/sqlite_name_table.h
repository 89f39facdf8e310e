// The names of people in SQLite (audit/name_table.h), written by a thread of its own, so that
// nobody waits for the disk: a bounded queue, one transaction for what has gathered in it.
//
//   auto names = SqliteNameTable::open("sqlite:/var/lib/sallyport/state.db");
//   (*names)->remember(principal.key, {principal.name, principal.mail}, clock.wall());
//
// The file is made with mode 0600, in WAL mode, with `secure_delete`, so that an erased name is
// overwritten and not merely forgotten. Errors: those of store/sqlite.h.
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
#include <vector>

#include "audit/name_table.h"
#include "base/metrics.h"
#include "store/sqlite.h"

namespace sallyport::store {

struct NameTableInstruments {
  explicit NameTableInstruments(Metrics& metrics);
  Counter& dropped;
  Counter& failures;
};

class SqliteNameTable final : public audit::NameTable {
 public:
  static constexpr std::size_t kQueue = 4096;   ///< different people whose names wait
  static constexpr std::size_t kMaxName = 256;  ///< bytes; longer ones are cut
  static constexpr std::size_t kMaxKey = 1024;  ///< longer ones are not kept

  [[nodiscard]] static Result<std::unique_ptr<SqliteNameTable>> open(std::string_view location,
                                                                     Metrics& metrics);
  /// Writes what is queued.
  ~SqliteNameTable() override;

  void remember(std::string_view key, const audit::Sighting& sighting, WallTime seen) override;
  [[nodiscard]] Result<bool> erase(std::string_view key) override;
  [[nodiscard]] Result<std::vector<audit::KnownPerson>> find(std::string_view name_or_mail,
                                                             std::size_t most) override;
  [[nodiscard]] Result<unsigned> marks(std::string_view key, std::string_view issuer) override;
  /// Waits until all that was remembered by now is in the file, or could not be written.
  void drain();

 private:
  struct Waiting {
    std::string name;
    std::string mail;
    unsigned marks;
    WallTime seen;
  };

  SqliteNameTable(Database database, std::filesystem::path path, Metrics& metrics);
  void run();
  [[nodiscard]] Result<void> write(const std::map<std::string, Waiting>& names);

  const std::filesystem::path path_;
  NameTableInstruments instruments_;

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

 private:
  explicit SqliteNames(Database database) : database_(std::move(database)) {}
  Database database_;
};

}  // namespace sallyport::store
