#include "store/sqlite/name_book.h"

#include <sqlite3.h>

#include <utility>

namespace sallyport::store {

Result<std::unique_ptr<NameBook>> SqliteNameBook::open(const std::filesystem::path& path) {
  auto database = open_database(path, false);
  if (!database) return std::unexpected(std::move(database.error()));
  return std::unique_ptr<NameBook>(new SqliteNameBook(std::move(*database), path));
}

Result<void> SqliteNameBook::write(const SeenPeople& people) {
  auto* database = database_.get();
  if (!execute(database, "BEGIN IMMEDIATE")) return sqlite_failure(database, path_);
  bool good = true;
  {
    Statement insert(database,
                     "INSERT INTO people(key, name, seen, mail, marks) VALUES(?1, ?2, ?3, ?4, ?5)"
                     " ON CONFLICT(key) DO UPDATE SET name = ?2, seen = ?3, mail = ?4,"
                     " marks = marks | ?5");
    for (const auto& [key, person] : people) {
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

Result<bool> SqliteNameBook::erase(std::string_view key) {
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
  return was_there;
}

// Names are compared without regard to the case of ASCII letters alone, as SQLite's NOCASE does.
Result<std::vector<audit::KnownPerson>> SqliteNameBook::find(std::string_view name_or_mail,
                                                             std::size_t most) {
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

Result<unsigned> SqliteNameBook::marks(std::string_view key, std::string_view issuer) {
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

Result<std::unique_ptr<NameReader>> SqliteNameReader::open(const std::filesystem::path& path) {
  auto database = open_for_reading(path);
  if (!database) return std::unexpected(std::move(database.error()));
  return std::unique_ptr<NameReader>(new SqliteNameReader(std::move(*database)));
}

std::optional<std::string> SqliteNameReader::find(std::string_view key) const {
  Statement query(database_.get(), "SELECT name FROM people WHERE key = ?1");
  query.bind(1, key);
  if (query.step() != SQLITE_ROW || query.text().empty()) return std::nullopt;
  return query.text();
}

}  // namespace sallyport::store
