#include "store/sqlite/name_book.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <iterator>

#include "base/test_folder.h"
#include "store/name_writer.h"

namespace sallyport::store {
namespace {

constexpr std::string_view kAda = "contoso/5b1f0e7a/ada";
constexpr std::string_view kBob = "contoso/5b1f0e7a/bob";

class NameTableTest : public testing::Test {
 protected:
  std::unique_ptr<NameWriter> open() {
    auto book = SqliteNameBook::open(folder / "state.db");
    EXPECT_TRUE(book) << book.error().text();
    return std::make_unique<NameWriter>(std::move(*book), metrics);
  }
  std::optional<std::string> find(std::string_view key) {
    auto names = SqliteNameReader::open(folder / "state.db");
    EXPECT_TRUE(names) << names.error().text();
    return (*names)->find(key);
  }
  std::string all_bytes() {
    std::string bytes;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      std::ifstream in(file.path(), std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(in), {});
    }
    return bytes;
  }

  TestFolder test_folder;
  std::filesystem::path folder = test_folder.path();
  FakeClock clock;
  Metrics metrics;
};

TEST_F(NameTableTest, RemembersNamesAcrossStarts) {
  {
    auto table = open();
    table->remember(kAda, {.name = "Ada Lovelace"}, clock.wall());
    table->remember(kBob, {.name = "Bob"}, clock.wall());
    table->remember(kBob, {.name = "Robert"}, clock.wall());
    table->drain();
    EXPECT_EQ(find(kAda), "Ada Lovelace") << "readable beside the gateway";
  }
  auto table = open();
  EXPECT_EQ(find(kBob), "Robert");
  EXPECT_EQ(find("contoso/5b1f0e7a/eve"), std::nullopt);
}

TEST_F(NameTableTest, WritesWhatIsQueuedAtItsEnd) {
  {
    open()->remember(kAda, {.name = "Ada Lovelace"}, clock.wall());
  }
  open();
  EXPECT_EQ(find(kAda), "Ada Lovelace");
}

TEST_F(NameTableTest, AnErasedNameIsNowhereInTheFiles) {
  auto table = open();
  for (int i = 0; i < 200; ++i) {
    table->remember("contoso/5b1f0e7a/" + std::to_string(i), {.name = "Somebody"}, clock.wall());
  }
  table->remember(kAda, {.name = "Ada Lovelace-Canary"}, clock.wall());
  table->drain();
  EXPECT_NE(all_bytes().find("Lovelace-Canary"), std::string::npos);
  auto erased = table->erase(kAda);
  ASSERT_TRUE(erased);
  EXPECT_TRUE(*erased);
  EXPECT_EQ(all_bytes().find("Lovelace-Canary"), std::string::npos);
  EXPECT_EQ(find(kAda), std::nullopt);
  EXPECT_FALSE(*table->erase(kAda));
  EXPECT_EQ(find("contoso/5b1f0e7a/7"), "Somebody");
}

TEST_F(NameTableTest, ANameThatStillWaitsIsErasedToo) {
  auto table = open();
  for (int i = 0; i < 100; ++i) {
    table->remember(kAda, {.name = "Ada Lovelace"}, clock.wall());
    EXPECT_TRUE(*table->erase(kAda));
    table->drain();
    EXPECT_EQ(find(kAda), std::nullopt);
  }
}

TEST_F(NameTableTest, NeverWaitsForADiskThatStandsStill) {
  auto table = open();
  table->drain();
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "state.db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  for (std::size_t i = 0; i < NameWriter::kQueue * 4; ++i) {
    table->remember("contoso/5b1f0e7a/" + std::to_string(i), {.name = "Somebody"}, clock.wall());
  }
  auto text = metrics.render();
  auto at = text.find("\nsallyport_names_dropped_total ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_GE(std::stoul(text.substr(at + 31)), NameWriter::kQueue);
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  table->drain();
  EXPECT_EQ(find("contoso/5b1f0e7a/0"), "Somebody");
}

std::vector<std::string> keys_of(const Result<std::vector<audit::KnownPerson>>& people) {
  std::vector<std::string> keys;
  EXPECT_TRUE(people);
  if (people) {
    for (const auto& person : *people) keys.push_back(person.key);
  }
  return keys;
}

TEST_F(NameTableTest, FindsPeopleByTheBeginningOfTheirNameOrMailPageByPage) {
  using Keys = std::vector<std::string>;
  auto table = open();
  auto seen = clock.wall();
  table->remember("contoso/t/1", {.name = "Ada Lovelace", .mail = "countess@contoso.example"},
                  seen);
  table->remember("contoso/t/2", {.name = "Grace Hopper", .mail = "ADA.h@contoso.example"}, seen);
  table->remember("contoso/t/3", {.name = "adam_smith", .mail = "a%@contoso.example"}, seen);
  table->remember("contoso/t/4", {.name = "Bob", .mail = {}}, seen);
  EXPECT_EQ(keys_of(table->search("ada", "", 10)),
            (Keys{"contoso/t/1", "contoso/t/2", "contoso/t/3"}));
  EXPECT_EQ(keys_of(table->search("ada", "", 2)), (Keys{"contoso/t/1", "contoso/t/2"}));
  EXPECT_EQ(keys_of(table->search("ada", "contoso/t/2", 2)), Keys{"contoso/t/3"});
  EXPECT_EQ(keys_of(table->search("lovelace", "", 10)), Keys{}) << "a beginning, not a part";
  EXPECT_EQ(keys_of(table->search("A%", "", 10)), Keys{"contoso/t/3"}) << "no wildcard";
  EXPECT_EQ(keys_of(table->search("%", "", 10)), Keys{});
  EXPECT_EQ(keys_of(table->search("", "contoso/t/2", 10)), (Keys{"contoso/t/3", "contoso/t/4"}));
}

TEST_F(NameTableTest, LooksAPersonUpByKey) {
  auto table = open();
  table->remember(kAda, {.name = "Ada Lovelace", .mail = "ada@contoso.example"}, clock.wall());
  auto ada = table->look_up(kAda);
  ASSERT_TRUE(ada && *ada);
  EXPECT_EQ((*ada)->mail, "ada@contoso.example");
  EXPECT_EQ(unix_seconds((*ada)->seen), unix_seconds(clock.wall()));
  auto eve = table->look_up("contoso/5b1f0e7a/eve");
  ASSERT_TRUE(eve);
  EXPECT_FALSE(*eve);
}

TEST_F(NameTableTest, SearchesInTheIndexesOfNamesAndMail) {
  open();
  sqlite3* file = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "state.db").c_str(), &file), SQLITE_OK);
  std::string plan;
  auto take = [](void* to, int count, char** values, char**) {
    static_cast<std::string*>(to)->append(values[count - 1]).append("\n");
    return 0;
  };
  const char* explain =
      "EXPLAIN QUERY PLAN SELECT key FROM people WHERE name >= 'a' COLLATE NOCASE AND name < 'b'"
      " COLLATE NOCASE UNION SELECT key FROM people WHERE mail >= 'a' COLLATE NOCASE AND mail < 'b'"
      " COLLATE NOCASE";
  ASSERT_EQ(sqlite3_exec(file, explain, take, &plan, nullptr), SQLITE_OK);
  sqlite3_close(file);
  EXPECT_NE(plan.find("people_by_name"), std::string::npos) << plan;
  EXPECT_NE(plan.find("people_by_mail"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("SCAN"), std::string::npos) << plan;
}

TEST_F(NameTableTest, CutsLongNamesAndKeepsStrangeOnes) {
  auto table = open();
  std::string name(255, 'n');
  table->remember(kAda, {.name = name + "\xc3\xa9" + name}, clock.wall());
  table->remember(kBob, {.name = "Robert'); DROP TABLE people;--"}, clock.wall());
  table->remember(std::string(5000, 'k'), {.name = "Nobody"}, clock.wall());
  table->remember("", {.name = "Nobody"}, clock.wall());
  table->drain();
  EXPECT_EQ(find(kAda), name);
  EXPECT_EQ(find(kBob), "Robert'); DROP TABLE people;--");
  EXPECT_EQ(find(std::string(5000, 'k')), std::nullopt);
}

TEST_F(NameTableTest, TheFileIsPrivate) {
  auto table = open();
  table->remember(kAda, {.name = "Ada Lovelace"}, clock.wall());
  table->drain();
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    EXPECT_EQ(file.status().permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
        << file.path();
  }
}

}  // namespace
}  // namespace sallyport::store
