#include "store/sqlite/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"

namespace sallyport::store {
namespace {

constexpr int kBusyMillis = 5000;  // another command may hold the file for a moment
// The schema's version stands in SQLite's user_version; 0 is a fresh file, 1 had names alone.
constexpr int kVersion = 2;
constexpr const char* kNames =
    "CREATE TABLE IF NOT EXISTS people("
    "key TEXT PRIMARY KEY, name TEXT NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;";
constexpr const char* kToVersion2 =
    "ALTER TABLE people ADD COLUMN mail TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE people ADD COLUMN marks INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE revocations(seq INTEGER PRIMARY KEY AUTOINCREMENT, step TEXT NOT NULL,"
    " id TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,"
    " kind TEXT, issuer TEXT, target TEXT, person TEXT, not_before INTEGER, until INTEGER,"
    " source TEXT);"
    "CREATE TRIGGER revocations_stay BEFORE UPDATE ON revocations"
    " BEGIN SELECT RAISE(ABORT, 'revocations are never changed'); END;"
    "CREATE TRIGGER revocations_remain BEFORE DELETE ON revocations"
    " BEGIN SELECT RAISE(ABORT, 'revocations are never deleted'); END;"
    "PRAGMA user_version = 2;";
// An older program does not mind them: no version of their own.
constexpr const char* kIndexes =
    "CREATE INDEX IF NOT EXISTS people_by_name ON people(name COLLATE NOCASE);"
    "CREATE INDEX IF NOT EXISTS people_by_mail ON people(mail COLLATE NOCASE);";

// Made by us, so that its mode does not depend on the umask; SQLite gives its side files the same.
// A file that is there is not opened: its closing would take SQLite's locks from every connection
// of this process (fcntl(2)), and the next one who reads the file would throw the log away.
Result<void> make_private_file(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  struct stat info{};
  if ((!fd && errno != EEXIST) || ::stat(path.c_str(), &info) != 0) {
    return unusable(path, std::strerror(errno), "check `store`, its folder and their permissions");
  }
  if (!S_ISREG(info.st_mode)) {
    return unusable(path, S_ISDIR(info.st_mode) ? "it is a directory" : "it is not a regular file",
                    "name a file in `store`");
  }
  return {};
}

Result<void> prepare(sqlite3* database, const std::filesystem::path& path, bool durable) {
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kBusyMillis);
  // synchronous=NORMAL: a power cut may take the last commits, never the file.
  bool set = execute(database,
                     "PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON;"
                     "PRAGMA trusted_schema=OFF;") &&
             execute(database, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  // Two connections may find a fresh file at once: who comes second sees the tables.
  if (!set || !execute(database, "BEGIN IMMEDIATE")) return sqlite_failure(database, path);
  Statement version(database, "PRAGMA user_version");
  if (version.step() != SQLITE_ROW) return sqlite_failure(database, path);
  auto found = version.number();
  version.again();
  if (found > kVersion) {
    return unusable(path, "a newer version of the program has written it",
                    "run that version, or name another file in `store`");
  }
  bool made = found == kVersion || (execute(database, kNames) && execute(database, kToVersion2));
  if (!made || !execute(database, kIndexes) || !execute(database, "COMMIT"))
    return sqlite_failure(database, path);
  return {};
}

}  // namespace

void CloseDatabase::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Result<Database> open_database(const std::filesystem::path& path, bool durable) {
  if (auto made = make_private_file(path); !made) return std::unexpected(made.error());
  sqlite3* raw = nullptr;
  int opened =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  Database database(raw);
  if (raw == nullptr) return unusable(path, "out of memory", "give the process more memory");
  if (opened != SQLITE_OK) return sqlite_failure(raw, path);
  if (auto ready = prepare(raw, path, durable); !ready) {
    return std::unexpected(std::move(ready.error()));
  }
  return database;
}

Result<Database> open_for_reading(const std::filesystem::path& path) {
  sqlite3* raw = nullptr;
  int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  Database database(raw);
  if (raw == nullptr) return unusable(path, "out of memory", "give the process more memory");
  sqlite3_busy_timeout(raw, kBusyMillis);
  // Nothing is read before the first query: ask for something that every such file has.
  Statement probe(raw, "SELECT count(*) FROM people WHERE key = ''");
  if (opened != SQLITE_OK || probe.step() != SQLITE_ROW) return sqlite_failure(raw, path);
  return database;
}

std::unexpected<Error> unusable(const std::filesystem::path& path, std::string_view why,
                                std::string next_step) {
  return fail("store.unusable", fmt::format("the store {} cannot be used: {}", path.string(), why),
              std::move(next_step));
}

std::unexpected<Error> sqlite_failure(sqlite3* database, const std::filesystem::path& path) {
  int code = sqlite3_errcode(database) & 0xff;
  std::string next = "check the file, its folder's permissions and the room on the disk";
  if (code == SQLITE_NOTADB) next = "name another file in `store`: this one is no SQLite database";
  if (code == SQLITE_CORRUPT) next = "move the file away, or bring its backup back";
  if (code == SQLITE_FULL) next = "make room on the disk";
  if (code == SQLITE_BUSY) next = "end the process that holds it";
  return unusable(path, sqlite3_errmsg(database), std::move(next));
}

bool execute(sqlite3* database, const char* sql) {
  return sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

Statement::Statement(sqlite3* database, const char* sql) {
  sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr);
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

void Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL.
  const char* bytes = text.empty() ? "" : text.data();
  sqlite3_bind_text(statement_, index, bytes, static_cast<int>(text.size()), SQLITE_STATIC);
}

void Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
}

int Statement::step() {
  return statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_);
}

void Statement::again() {
  sqlite3_reset(statement_);
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

}  // namespace sallyport::store
