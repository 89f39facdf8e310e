#include "store/sqlite/revocation_log.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/test_folder.h"
#include "store/name_writer.h"
#include "store/sqlite/name_book.h"

namespace sallyport::store {
namespace {

using identity::Revocation;
using identity::RevocationChange;
using identity::RevocationKind;

class RevocationLogTest : public testing::Test {
 protected:
  std::unique_ptr<identity::RevocationLog> open() {
    auto log = SqliteRevocationLog::open(path);
    EXPECT_TRUE(log) << log.error().text();
    return std::move(*log);
  }
  std::vector<Revocation> load() {
    auto all = open()->load();
    EXPECT_TRUE(all);
    return *all;
  }
  static RevocationChange revoked(const std::string& id) {
    auto made = std::make_shared<Revocation>();
    made->id = id;
    made->kind = RevocationKind::kSession;
    made->issuer = "contoso";
    made->target = "session'); DROP TABLE revocations;--";
    made->person = "contoso/t/ada";
    made->at = WallTime(std::chrono::microseconds(1795219200123456));
    made->not_before = 1795219200;
    made->until = made->at + std::chrono::hours(1);
    made->by = "root (uid 0)";
    made->reason = "left \xc3\xa9";
    made->source = "operator";
    return {RevocationChange::What::kRevoked, made, made->at, made->by, made->reason};
  }
  static RevocationChange lifted(const std::string& id) {
    auto change = revoked(id);
    change.what = RevocationChange::What::kLifted;
    return change;
  }

  TestFolder test_folder;
  std::filesystem::path folder = test_folder.path();
  std::filesystem::path path = folder / "state.db";
};

TEST_F(RevocationLogTest, KeepsEverythingAcrossStarts) {
  std::vector changes{revoked("1"), revoked("2")};
  ASSERT_TRUE(open()->append(changes));
  auto all = load();
  ASSERT_EQ(all.size(), 2U);
  const auto& wrote = *changes[0].revocation;
  EXPECT_EQ(all[0].id, "1");
  EXPECT_EQ(all[0].kind, wrote.kind);
  EXPECT_EQ(all[0].issuer, wrote.issuer);
  EXPECT_EQ(all[0].target, wrote.target);
  EXPECT_EQ(all[0].person, wrote.person);
  EXPECT_EQ(all[0].at, wrote.at);
  EXPECT_EQ(all[0].not_before, wrote.not_before);
  EXPECT_EQ(all[0].until, wrote.until);
  EXPECT_EQ(all[0].by, wrote.by);
  EXPECT_EQ(all[0].reason, wrote.reason);
  EXPECT_EQ(all[0].source, wrote.source);
}

TEST_F(RevocationLogTest, ALiftEndsOneAndLeavesTheOthers) {
  auto log = open();
  ASSERT_TRUE(log->append(std::vector{revoked("1"), revoked("2"), revoked("3")}));
  ASSERT_TRUE(log->append(std::vector{lifted("2")}));
  auto all = load();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].id, "1");
  EXPECT_EQ(all[1].id, "3");
}

TEST_F(RevocationLogTest, WhatWasWrittenCannotBeChangedOrTakenOut) {
  ASSERT_TRUE(open()->append(std::vector{revoked("1")}));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "state.db").c_str(), &other), SQLITE_OK);
  for (const char* sql : {"DELETE FROM revocations", "UPDATE revocations SET target = 'nobody'"}) {
    EXPECT_NE(sqlite3_exec(other, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sql;
  }
  sqlite3_close(other);
  EXPECT_EQ(load().size(), 1U);
}

TEST_F(RevocationLogTest, AllOfOneStepOrNothing) {
  auto log = open();
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "state.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other,
                         "CREATE TRIGGER two BEFORE INSERT ON revocations WHEN NEW.id = '2'"
                         " BEGIN SELECT RAISE(ABORT, 'no'); END",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(other);
  auto failed = log->append(std::vector{revoked("1"), revoked("2"), revoked("3")});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "store.unusable");
  EXPECT_TRUE(load().empty());
  EXPECT_TRUE(log->append(std::vector{revoked("4")})) << "and it goes on";
}

TEST_F(RevocationLogTest, SeesThatItsFileWasTakenAwayOrReplaced) {
  auto log = open();
  ASSERT_TRUE(log->check());
  std::filesystem::rename(folder / "state.db", folder / "aside.db");
  auto gone = log->check();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, "store.gone");
  {
    auto names = SqliteRevocationLog::open(path);
  }
  EXPECT_FALSE(log->check()) << "another file in its place";
  std::filesystem::rename(folder / "aside.db", folder / "state.db");
  EXPECT_FALSE(log->check()) << "its write-ahead log went with the other file's";
}

TEST_F(RevocationLogTest, SeesThatItsWriteAheadLogWasTakenAway) {
  auto log = open();
  ASSERT_TRUE(log->check());
  std::filesystem::rename(folder / "state.db-wal", folder / "aside");
  auto gone = log->check();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, "store.gone");
  std::filesystem::rename(folder / "aside", folder / "state.db-wal");
  EXPECT_TRUE(log->check());
}

TEST_F(RevocationLogTest, LivesBesideTheNamesAndOpensAnOlderFile) {
  sqlite3* old = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "state.db").c_str(), &old), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(old,
                         "CREATE TABLE people(key TEXT PRIMARY KEY, name TEXT NOT NULL,"
                         " seen INTEGER NOT NULL) WITHOUT ROWID;"
                         "INSERT INTO people VALUES('contoso/t/ada', 'Ada', 1);"
                         "PRAGMA user_version = 1;",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(old);
  Metrics metrics;
  auto log = open();
  auto book = SqliteNameBook::open(path);
  ASSERT_TRUE(book);
  NameWriter names(std::move(*book), metrics);
  auto found = names.find("ada", 5);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().key, "contoso/t/ada");
  EXPECT_TRUE(log->append(std::vector{revoked("1")}));
}

// A child that acknowledges each revocation on a pipe is killed at a random moment: everything that
// it acknowledged is there.
TEST_F(RevocationLogTest, SurvivesKillNineAtRandomMoments) {
  for (int round = 0; round < 5; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    pid_t child = ::fork();
    if (child == 0) {
      auto log = SqliteRevocationLog::open(path);
      for (int i = 0; log; ++i) {
        auto id = std::to_string(round) + "-" + std::to_string(i);
        if (!(*log)->append(std::vector{revoked(id)})) ::_exit(1);
        char mark = 'x';
        if (::write(ends[1], &mark, 1) != 1) ::_exit(1);
      }
      ::_exit(2);
    }
    ::close(ends[1]);
    char mark;
    int acknowledged = 0;
    for (; acknowledged < 5 + round * 7; ++acknowledged) ASSERT_EQ(::read(ends[0], &mark, 1), 1);
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    while (::read(ends[0], &mark, 1) == 1) ++acknowledged;
    ::close(ends[0]);
    auto prefix = std::to_string(round) + "-";
    auto all = load();
    auto found = std::ranges::count_if(
        all, [&](const Revocation& one) { return one.id.starts_with(prefix); });
    EXPECT_GE(found, acknowledged);
    EXPECT_LE(found, acknowledged + 1);
  }
}

class SightingsTest : public RevocationLogTest {};

TEST_F(SightingsTest, FindsPeopleByNameOrMailAndGathersMarks) {
  Metrics metrics;
  FakeClock clock;
  auto book = SqliteNameBook::open(path);
  ASSERT_TRUE(book);
  NameWriter table(std::move(*book), metrics);
  using audit::Sighting;
  table.remember("contoso/t/ada", {"Ada Byron", "ada@contoso.example", Sighting::kSeen},
                 clock.wall());
  table.remember("contoso/t/bob", {"Bob", "bob@contoso.example", Sighting::kSeen}, clock.wall());
  table.remember("okta//bob", {"Bob", "", Sighting::kSeen | Sighting::kSession}, clock.wall());
  EXPECT_EQ(table.find("ADA@contoso.example", 5)->front().key, "contoso/t/ada");
  EXPECT_EQ(table.find("Bob", 5)->size(), 2U);
  EXPECT_EQ(table.find("Bo%", 5)->size(), 0U);
  EXPECT_EQ(*table.marks("contoso/t/ada", ""), Sighting::kSeen);
  EXPECT_EQ(*table.marks("", "okta"), Sighting::kSeen | Sighting::kSession);
  EXPECT_EQ(*table.marks("", "okt"), 0U);
  EXPECT_EQ(*table.marks("contoso/t/eve", ""), 0U);
  table.remember("contoso/t/ada", {"Ada", "", Sighting::kSeen | Sighting::kAuthTime}, clock.wall());
  table.remember("contoso/t/ada", {"Ada", "", Sighting::kSeen | Sighting::kSession}, clock.wall());
  EXPECT_EQ(*table.marks("contoso/t/ada", ""),
            Sighting::kSeen | Sighting::kAuthTime | Sighting::kSession);
}

}  // namespace
}  // namespace sallyport::store
