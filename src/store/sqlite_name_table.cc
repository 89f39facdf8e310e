#include "store/sqlite_name_table.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "base/unique_fd.h"

namespace sallyport::store {
namespace {

constexpr std::string_view kScheme = "sqlite:";
constexpr int kBusyMillis = 5000;  // another command may hold the file for a moment
constexpr int kNiceness = 10;
constexpr std::chrono::milliseconds kGather{200};
// The schema's version stands in SQLite's user_version; 0 is a fresh file.
constexpr int kVersion = 1;
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS people("
    "key TEXT PRIMARY KEY, name TEXT NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

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

class Statement {
 public:
  Statement(sqlite3* database, const char* sql) {
    sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // The text lives until the next step().
  void bind(int index, std::string_view text) {
    sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
  // SQLITE_ROW or SQLITE_DONE, else an error (also of preparing it).
  int step() { return statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_); }
  void again() { sqlite3_reset(statement_); }
  [[nodiscard]] std::int64_t number() const { return sqlite3_column_int64(statement_, 0); }
  [[nodiscard]] std::string text() const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, 0));
    auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, 0));
    return bytes == nullptr ? std::string() : std::string(bytes, size);
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

// Made by us, so that its mode does not depend on the umask; SQLite gives its side files the same.
Result<void> make_private_file(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) {
    return unusable(path, std::strerror(errno), "check `store`, its folder and their permissions");
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return unusable(path, "it is not a regular file", "name a file in `store`");
  }
  return {};
}

Result<void> prepare(sqlite3* database, const std::filesystem::path& path) {
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kBusyMillis);
  // synchronous=NORMAL: a power cut may take the last names, never the file.
  if (!execute(database,
               "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
               "PRAGMA secure_delete=ON; PRAGMA trusted_schema=OFF;")) {
    return sqlite_failure(database, path);
  }
  Statement version(database, "PRAGMA user_version");
  if (version.step() != SQLITE_ROW) return sqlite_failure(database, path);
  if (version.number() > kVersion) {
    return unusable(path, "a newer version of the program has written it",
                    "run that version, or name another file in `store`");
  }
  version.again();
  if (!execute(database, kSchema)) return sqlite_failure(database, path);
  return {};
}

std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace

Result<std::filesystem::path> sqlite_path(std::string_view location) {
  if (location.starts_with(kScheme) && location.size() > kScheme.size() + 1 &&
      location[kScheme.size()] == '/' && location.find('\0') == std::string_view::npos) {
    return std::filesystem::path(location.substr(kScheme.size()));
  }
  return fail("store.location",
              fmt::format("\"{}\" is not a store that this version knows", location),
              "write sqlite: and an absolute path, such as sqlite:/var/lib/sallyport/state.db");
}

void SqliteNameTable::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Result<std::unique_ptr<SqliteNameTable>> SqliteNameTable::open(std::string_view location,
                                                               Metrics& metrics) {
  auto path = sqlite_path(location);
  if (!path) return std::unexpected(std::move(path.error()));
  if (auto made = make_private_file(*path); !made) return std::unexpected(made.error());
  sqlite3* raw = nullptr;
  int opened =
      sqlite3_open_v2(path->c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  Database database(raw);
  if (raw == nullptr) return unusable(*path, "out of memory", "give the process more memory");
  if (opened != SQLITE_OK) return sqlite_failure(raw, *path);
  if (auto ready = prepare(raw, *path); !ready) return std::unexpected(std::move(ready.error()));
  return std::unique_ptr<SqliteNameTable>(new SqliteNameTable(std::move(database), *path, metrics));
}

SqliteNameTable::SqliteNameTable(Database database, std::filesystem::path path, Metrics& metrics)
    : path_(std::move(path)),
      dropped_(metrics.counter("sallyport_names_dropped_total",
                               "Names that found the queue of the name table full.")),
      failures_(metrics.counter("sallyport_names_failures_total",
                                "Writes to the name table that failed.")),
      database_(std::move(database)),
      thread_([this] { run(); }) {}

SqliteNameTable::~SqliteNameTable() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void SqliteNameTable::remember(std::string_view key, std::string_view name, WallTime seen) {
  if (key.empty() || name.empty() || key.size() > kMaxKey) return;
  std::lock_guard lock(mutex_);
  auto found = waiting_.find(std::string(key));
  if (found == waiting_.end() && waiting_.size() >= kQueue) return dropped_.add();
  bool first = waiting_.empty();
  waiting_.insert_or_assign(std::string(key), Waiting{std::string(cut(name, kMaxName)), seen});
  if (first) changed_.notify_one();
}

void SqliteNameTable::run() {
  // Nobody waits for names: the workers go first.
  [[maybe_unused]] int niceness = ::nice(kNiceness);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    // A morning's first minutes bring many new people: one transaction for those of a moment.
    changed_.wait_for(lock, kGather, [this] { return stop_ || drains_ > 0; });
    if (waiting_.empty()) {  // erased meanwhile
      drained_.notify_all();
      continue;
    }
    // An erase() that comes now waits for database_mutex_ and so finds these names written.
    std::unique_lock file(database_mutex_, std::defer_lock);
    writing_ = true;
    lock.unlock();
    file.lock();
    lock.lock();
    auto names = std::exchange(waiting_, {});
    lock.unlock();
    if (auto written = write(names); !written) {
      failures_.add();
      log::limited(log::Level::kError, "store.names_failed", {{"error", written.error().text()}});
    }
    file.unlock();
    lock.lock();
    writing_ = false;
    drained_.notify_all();
  }
}

Result<void> SqliteNameTable::write(const std::map<std::string, Waiting>& names) {
  auto* database = database_.get();
  if (!execute(database, "BEGIN IMMEDIATE")) return sqlite_failure(database, path_);
  bool good = true;
  {
    Statement insert(database,
                     "INSERT INTO people(key, name, seen) VALUES(?1, ?2, ?3) "
                     "ON CONFLICT(key) DO UPDATE SET name = ?2, seen = ?3");
    for (const auto& [key, person] : names) {
      insert.bind(1, key);
      insert.bind(2, person.name);
      insert.bind(3, unix_seconds(person.seen));
      good = insert.step() == SQLITE_DONE;
      insert.again();
      if (!good) break;
    }
  }
  if (good && execute(database, "COMMIT")) return {};
  auto failure = sqlite_failure(database, path_);
  execute(database, "ROLLBACK");
  return failure;
}

Result<bool> SqliteNameTable::erase(std::string_view key) {
  std::lock_guard file(database_mutex_);
  bool waited = false;
  {
    std::lock_guard lock(mutex_);
    waited = waiting_.erase(std::string(key)) > 0;
  }
  auto* database = database_.get();
  {
    Statement remove(database, "DELETE FROM people WHERE key = ?1");
    remove.bind(1, key);
    if (remove.step() != SQLITE_DONE) return sqlite_failure(database, path_);
  }
  bool was_there = sqlite3_changes(database) > 0;
  // The write-ahead log still has the old page.
  if (sqlite3_wal_checkpoint_v2(database, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) !=
      SQLITE_OK) {
    return sqlite_failure(database, path_);
  }
  return was_there || waited;
}

void SqliteNameTable::drain() {
  std::unique_lock lock(mutex_);
  ++drains_;
  changed_.notify_one();
  drained_.wait(lock, [this] { return waiting_.empty() && !writing_; });
  --drains_;
}

Result<SqliteNames> SqliteNames::open(std::string_view location) {
  auto path = sqlite_path(location);
  if (!path) return std::unexpected(std::move(path.error()));
  sqlite3* raw = nullptr;
  int opened = sqlite3_open_v2(path->c_str(), &raw, SQLITE_OPEN_READONLY, nullptr);
  SqliteNames names(raw);
  if (raw == nullptr) return unusable(*path, "out of memory", "give the process more memory");
  sqlite3_busy_timeout(raw, kBusyMillis);
  // Nothing is read before the first query: ask for something that every such file has.
  Statement probe(raw, "SELECT count(*) FROM people WHERE key = ''");
  if (opened != SQLITE_OK || probe.step() != SQLITE_ROW) return sqlite_failure(raw, *path);
  return names;
}

std::optional<std::string> SqliteNames::find(std::string_view key) const {
  Statement query(database_, "SELECT name FROM people WHERE key = ?1");
  query.bind(1, key);
  if (query.step() != SQLITE_ROW) return std::nullopt;
  return query.text();
}

SqliteNames::SqliteNames(SqliteNames&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

SqliteNames& SqliteNames::operator=(SqliteNames&& other) noexcept {
  std::swap(database_, other.database_);
  return *this;
}

SqliteNames::~SqliteNames() {
  sqlite3_close_v2(database_);
}

}  // namespace sallyport::store
