#include "store/sqlite_name_table.h"

#include <sqlite3.h>
#include <unistd.h>

#include <utility>

#include "base/log.h"

namespace sallyport::store {
namespace {

constexpr int kNiceness = 10;
constexpr std::chrono::milliseconds kGather{200};

std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace

Result<std::unique_ptr<SqliteNameTable>> SqliteNameTable::open(std::string_view location,
                                                               Metrics& metrics) {
  auto path = sqlite_path(location);
  if (!path) return std::unexpected(std::move(path.error()));
  auto database = open_database(*path, false);
  if (!database) return std::unexpected(std::move(database.error()));
  return std::unique_ptr<SqliteNameTable>(
      new SqliteNameTable(std::move(*database), *path, metrics));
}

NameTableInstruments::NameTableInstruments(Metrics& metrics)
    : dropped(metrics.counter("sallyport_names_dropped_total",
                              "Names that found the queue of the name table full.")),
      failures(metrics.counter("sallyport_names_failures_total",
                               "Writes to the name table that failed.")) {}

SqliteNameTable::SqliteNameTable(Database database, std::filesystem::path path, Metrics& metrics)
    : path_(std::move(path)),
      instruments_(metrics),
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

void SqliteNameTable::remember(std::string_view key, const audit::Sighting& sighting,
                               WallTime seen) {
  if (key.empty() || key.size() > kMaxKey) return;
  std::lock_guard lock(mutex_);
  auto found = waiting_.find(std::string(key));
  if (found == waiting_.end() && waiting_.size() >= kQueue) return instruments_.dropped.add();
  bool first = waiting_.empty();
  unsigned marks = sighting.marks | (found == waiting_.end() ? 0 : found->second.marks);
  waiting_.insert_or_assign(std::string(key),
                            Waiting{std::string(cut(sighting.name, kMaxName)),
                                    std::string(cut(sighting.mail, kMaxName)), marks, seen});
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
      instruments_.failures.add();
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
                     "INSERT INTO people(key, name, seen, mail, marks) VALUES(?1, ?2, ?3, ?4, ?5)"
                     " ON CONFLICT(key) DO UPDATE SET name = ?2, seen = ?3, mail = ?4,"
                     " marks = marks | ?5");
    for (const auto& [key, person] : names) {
      insert.bind(1, key);
      insert.bind(2, person.name);
      insert.bind(3, unix_seconds(person.seen));
      insert.bind(4, person.mail);
      insert.bind(5, std::int64_t{person.marks});
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

// Names are compared without regard to the case of ASCII letters alone, as SQLite's NOCASE does.
Result<std::vector<audit::KnownPerson>> SqliteNameTable::find(std::string_view name_or_mail,
                                                              std::size_t most) {
  drain();
  std::lock_guard file(database_mutex_);
  Statement query(database_.get(),
                  "SELECT key, name, mail FROM people WHERE name = ?1 COLLATE NOCASE"
                  " OR mail = ?1 COLLATE NOCASE ORDER BY key LIMIT ?2");
  query.bind(1, name_or_mail);
  query.bind(2, static_cast<std::int64_t>(most));
  std::vector<audit::KnownPerson> people;
  int step = query.step();
  for (; step == SQLITE_ROW; step = query.step()) {
    people.push_back({query.text(0), query.text(1), query.text(2)});
  }
  if (step != SQLITE_DONE) return sqlite_failure(database_.get(), path_);
  return people;
}

Result<unsigned> SqliteNameTable::marks(std::string_view key, std::string_view issuer) {
  drain();
  std::lock_guard file(database_mutex_);
  Statement query(database_.get(), key.empty() ? "SELECT marks FROM people WHERE"
                                                 " substr(key, 1, length(?1)) = ?1"
                                               : "SELECT marks FROM people WHERE key = ?1");
  auto prefix = std::string(issuer) + "/";
  query.bind(1, key.empty() ? std::string_view(prefix) : key);
  unsigned marks = 0;
  int step = query.step();
  for (; step == SQLITE_ROW; step = query.step()) {
    marks |= audit::Sighting::kSeen | static_cast<unsigned>(query.number());
  }
  if (step != SQLITE_DONE) return sqlite_failure(database_.get(), path_);
  return marks;
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
  auto database = open_for_reading(*path);
  if (!database) return std::unexpected(std::move(database.error()));
  return SqliteNames(std::move(*database));
}

std::optional<std::string> SqliteNames::find(std::string_view key) const {
  Statement query(database_.get(), "SELECT name FROM people WHERE key = ?1");
  query.bind(1, key);
  if (query.step() != SQLITE_ROW || query.text().empty()) return std::nullopt;
  return query.text();
}

}  // namespace sallyport::store
