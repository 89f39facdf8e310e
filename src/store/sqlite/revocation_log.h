// Revocations in SQLite (identity/revocation.h): a table to which rows are only ever added, one for
// each revocation and each lift. A commit is on the disk before append() returns, so that what was
// acknowledged survives kill -9 and a power cut. One thread at a time.
// Errors: those of database.h; store.gone (the file is not where it was opened any more, or
// another one is: what would be written there would be lost).
#pragma once

#include <sys/types.h>

#include "identity/revocation.h"
#include "store/sqlite/database.h"

namespace sallyport::store {

class SqliteRevocationLog final : public identity::RevocationLog {
 public:
  [[nodiscard]] static Result<std::unique_ptr<identity::RevocationLog>> open(
      const std::filesystem::path& path);

  [[nodiscard]] Result<std::vector<identity::Revocation>> load() override;
  [[nodiscard]] Result<void> append(std::span<const identity::RevocationChange> changes) override;
  [[nodiscard]] Result<void> check() override;

 private:
  SqliteRevocationLog(Database database, std::filesystem::path path, dev_t device, ino_t inode,
                      ino_t wal_inode)
      : path_(std::move(path)),
        device_(device),
        inode_(inode),
        wal_inode_(wal_inode),
        database_(std::move(database)) {}
  [[nodiscard]] bool insert(const identity::RevocationChange& change);

  const std::filesystem::path path_;
  const dev_t device_;
  const ino_t inode_;
  const ino_t wal_inode_;  ///< of SQLite's write-ahead log, where commits are first
  Database database_;
};

}  // namespace sallyport::store
