#include "store/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "base/test_folder.h"

namespace sallyport::store {
namespace {

class StoreTest : public testing::Test {
 protected:
  TestFolder folder;
  FakeClock clock;
  Metrics metrics;
};

TEST_F(StoreTest, OpensWhatTheDomainsKeepByTheSchemeOfItsLocation) {
  auto location = location_of_file(folder / "state.db");
  EXPECT_EQ(location, "sqlite:" + (folder / "state.db").string());
  {
    auto stores = open(location, metrics);
    ASSERT_TRUE(stores) << stores.error().text();
    stores->names->remember("contoso/t/ada", {.name = "Ada"}, clock.wall());
    auto revocations = stores->revocations->load();
    ASSERT_TRUE(revocations);
    EXPECT_TRUE(revocations->empty());
  }
  auto names = open_names(location);
  ASSERT_TRUE(names) << names.error().text();
  EXPECT_EQ((*names)->find("contoso/t/ada"), "Ada");
}

TEST_F(StoreTest, SaysWhatIsWrongWithALocation) {
  struct Case {
    std::string location;
    std::string_view code;
    std::string_view in_text;
  };
  std::ofstream(folder / "text.txt") << std::string(4096, 'x');
  std::filesystem::create_directory(folder / "folder");
  sqlite3* newer = nullptr;
  sqlite3_open((folder / "newer.db").c_str(), &newer);
  sqlite3_exec(newer, "PRAGMA user_version = 99", nullptr, nullptr, nullptr);
  sqlite3_close(newer);
  auto at = [&](std::string_view name) { return "sqlite:" + (folder / name).string(); };
  for (const auto& c : std::vector<Case>{{"postgres://ada:word@db/x", "store.location",
                                          "\"postgres\"; there is: sqlite; write sqlite: and an"},
                                         {"state.db", "store.location", "there is: sqlite;"},
                                         {":/state.db", "store.location", "there is: sqlite;"},
                                         {"", "store.location", "there is: sqlite;"},
                                         {"sqlite:state.db", "store.location", "absolute"},
                                         {"sqlite:", "store.location", "absolute"},
                                         {at("missing/state.db"), "store.unusable", "No such file"},
                                         {at("folder"), "store.unusable", "directory"},
                                         {at("text.txt"), "store.unusable", "no SQLite database"},
                                         {at("newer.db"), "store.unusable", "newer version"}}) {
    auto stores = open(c.location, metrics);
    ASSERT_FALSE(stores) << c.location;
    EXPECT_EQ(stores.error().code, c.code);
    EXPECT_NE(stores.error().text().find(c.in_text), std::string::npos) << stores.error().text();
    EXPECT_EQ(stores.error().text().find("word"), std::string::npos) << "it may be a password";
    EXPECT_FALSE(stores.error().next_step.empty());
    auto names = open_names(c.location);
    EXPECT_FALSE(names) << c.location;
  }
  EXPECT_FALSE(open_names(at("missing.db")));
}

}  // namespace
}  // namespace sallyport::store
