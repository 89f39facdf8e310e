#include "store/sqlite/name_book.h"

#include <sqlite3.h>

#include <utility>

namespace sallyport::store {
namespace {

// Behind every text that goes on: the last code point that there is.
constexpr std::string_view kLast = "\xf4\x8f\xbf\xbf";

// Of a row with the columns key, name, mail, seen.
audit::KnownPerson person_of(const Statement& row) {
  return {row.text(0), row.text(1), row.text(2), WallTime(std::chrono::seconds(row.number(3)))};
}

}  // namespace

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
                  "SELECT key, name, mail, seen FROM people WHERE name = ?1 COLLATE NOCASE"
                  " OR mail = ?1 COLLATE NOCASE ORDER BY key LIMIT ?2");
  query.bind(1, name_or_mail);
  query.bind(2, static_cast<std::int64_t>(most));
  std::vector<audit::KnownPerson> people;
  int step = query.step();
  for (; step == SQLITE_ROW; step = query.step()) {
    people.push_back(person_of(query));
  }
  if (step != SQLITE_DONE) return sqlite_failure(database_.get(), path_);
  return people;
}

// A beginning is a range of an index: no LIKE, which would take its own signs out of a name.
Result<std::vector<audit::KnownPerson>> SqliteNameBook::search(std::string_view beginning,
                                                               std::string_view after,
                                                               std::size_t most) {
  Statement query(
      database_.get(),
      beginning.empty()
          ? "SELECT key, name, mail, seen FROM people WHERE key > ?3 ORDER BY key LIMIT ?4"
          : "SELECT key, name, mail, seen FROM people WHERE key > ?3 AND key IN"
            " (SELECT key FROM people WHERE name >= ?1 COLLATE NOCASE AND name < ?2 COLLATE NOCASE"
            " UNION"
            " SELECT key FROM people WHERE mail >= ?1 COLLATE NOCASE AND mail < ?2 COLLATE NOCASE)"
            " ORDER BY key LIMIT ?4");
  const auto end = std::string(beginning).append(kLast);
  query.bind(1, beginning);
  query.bind(2, end);
  query.bind(3, after);
  query.bind(4, static_cast<std::int64_t>(most));
  std::vector<audit::KnownPerson> people;
  int step = query.step();
  for (; step == SQLITE_ROW; step = query.step()) people.push_back(person_of(query));
  if (step != SQLITE_DONE) return sqlite_failure(database_.get(), path_);
  return people;
}

Result<std::optional<audit::KnownPerson>> SqliteNameBook::look_up(std::string_view key) {
  Statement query(database_.get(), "SELECT key, name, mail, seen FROM people WHERE key = ?1");
  query.bind(1, key);
  int step = query.step();
  if (step == SQLITE_ROW) return person_of(query);
  if (step != SQLITE_DONE) return sqlite_failure(database_.get(), path_);
  return std::nullopt;
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
