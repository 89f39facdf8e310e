#include "store/sqlite/revocation_log.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <unordered_map>

namespace sallyport::store {
namespace {

using identity::Revocation;
using identity::RevocationChange;

constexpr std::string_view kRevoke = "revoke";
constexpr std::string_view kLift = "lift";

constexpr const char* kWal = "-wal";

std::int64_t micros(WallTime time) {
  return time.time_since_epoch().count();
}

WallTime from_micros(std::int64_t count) {
  return WallTime(std::chrono::microseconds(count));
}

}  // namespace

Result<std::unique_ptr<identity::RevocationLog>> SqliteRevocationLog::open(
    const std::filesystem::path& path) {
  auto database = open_database(path, true);
  if (!database) return std::unexpected(std::move(database.error()));
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return unusable(path, std::strerror(errno), "check `store` and its folder");
  }
  struct stat wal{};
  if (::stat((path.string() + kWal).c_str(), &wal) != 0) {
    return unusable(path, "it has no write-ahead log", "check `store` and its folder");
  }
  return std::unique_ptr<identity::RevocationLog>(
      new SqliteRevocationLog(std::move(*database), path, info.st_dev, info.st_ino, wal.st_ino));
}

Result<std::vector<Revocation>> SqliteRevocationLog::load() {
  Statement query(database_.get(),
                  "SELECT step, id, at, by, reason, kind, issuer, target, person, not_before,"
                  " until, source FROM revocations ORDER BY seq");
  std::vector<Revocation> all;
  std::unordered_map<std::string, std::size_t> places;
  std::vector<bool> lifted;
  int step = query.step();
  for (; step == SQLITE_ROW; step = query.step()) {
    std::string id = query.text(1);
    if (query.text(0) == kLift) {
      if (auto place = places.find(id); place != places.end()) lifted[place->second] = true;
      continue;
    }
    auto kind = identity::revocation_kind(query.text(5));
    if (!kind) {
      return unusable(path_, "it has a revocation of a kind that this version does not know",
                      "run the version that wrote it");
    }
    Revocation one;
    one.id = id;
    one.at = from_micros(query.number(2));
    one.by = query.text(3);
    one.reason = query.text(4);
    one.kind = *kind;
    one.issuer = query.text(6);
    one.target = query.text(7);
    one.person = query.text(8);
    one.not_before = query.number(9);
    if (!query.is_null(10)) one.until = from_micros(query.number(10));
    one.source = query.text(11);
    places.emplace(std::move(id), all.size());
    all.push_back(std::move(one));
    lifted.push_back(false);
  }
  if (step != SQLITE_DONE) return sqlite_failure(database_.get(), path_);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (lifted[i]) continue;
    if (kept != i) all[kept] = std::move(all[i]);
    ++kept;
  }
  all.resize(kept);
  return all;
}

Result<void> SqliteRevocationLog::append(std::span<const RevocationChange> changes) {
  auto* database = database_.get();
  if (!execute(database, "BEGIN IMMEDIATE")) return sqlite_failure(database, path_);
  bool good = true;
  for (const auto& change : changes) {
    good = insert(change);
    if (!good) break;
  }
  if (good && execute(database, "COMMIT")) return {};
  auto failure = sqlite_failure(database, path_);
  execute(database, "ROLLBACK");
  return failure;
}

bool SqliteRevocationLog::insert(const RevocationChange& change) {
  const Revocation& revocation = *change.revocation;
  bool lift = change.what == RevocationChange::What::kLifted;
  Statement row(database_.get(),
                lift ? "INSERT INTO revocations(step, id, at, by, reason)"
                       " VALUES(?1, ?2, ?3, ?4, ?5)"
                     : "INSERT INTO revocations(step, id, at, by, reason, kind, issuer, target,"
                       " person, not_before, until, source)"
                       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
  row.bind(1, lift ? kLift : kRevoke);
  row.bind(2, revocation.id);
  row.bind(3, micros(change.at));
  row.bind(4, change.by);
  row.bind(5, change.reason);
  if (!lift) {
    row.bind(6, identity::text(revocation.kind));
    row.bind(7, revocation.issuer);
    row.bind(8, revocation.target);
    row.bind(9, revocation.person);
    row.bind(10, revocation.not_before);
    if (revocation.until) row.bind(11, micros(*revocation.until));
    row.bind(12, revocation.source);
  }
  return row.step() == SQLITE_DONE;
}

// SQLite goes on writing into files that were removed or replaced under it.
Result<void> SqliteRevocationLog::check() {
  struct stat info{};
  struct stat wal{};
  std::string_view why;
  if (::stat((path_.string() + kWal).c_str(), &wal) != 0 || wal.st_ino != wal_inode_) {
    why = "its write-ahead log was taken away";
  } else if (::stat(path_.c_str(), &info) != 0) {
    why = std::strerror(errno);
  } else if (info.st_dev != device_ || info.st_ino != inode_) {
    why = "another file has taken its place";
  } else {
    return {};
  }
  auto failure = unusable(path_, why,
                          "bring the file back to its place, or restart the gateway with the "
                          "store that is to count");
  return fail("store.gone", std::move(failure.error().message),
              std::move(failure.error().next_step));
}

}  // namespace sallyport::store
