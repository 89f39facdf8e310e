#include "admin/session_table.h"

#include <gtest/gtest.h>

#include <set>

namespace sallyport::admin {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::shared_ptr<const identity::PrincipalDraft> person(std::string key) {
  auto draft = std::make_shared<identity::PrincipalDraft>();
  draft->key = std::move(key);
  return draft;
}

class Sessions : public testing::Test {
 protected:
  std::string open(const std::string& key, bool has_role = true) {
    clock.advance(seconds(1));  // one is older than the other
    return sessions.open(person(key), "realm", has_role);
  }
  FakeClock clock;
  FakeEntropy entropy;
  SessionTable sessions{{.all = 5, .of_one = 3}, clock, entropy};
};

TEST_F(Sessions, AreFoundByTheirIdAlone) {
  auto id = open("contoso/t/ada");
  const auto* found = sessions.find(id);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->person->key, "contoso/t/ada");
  EXPECT_EQ(found->realm, "realm");
  EXPECT_EQ(found->until, clock.wall() + std::chrono::hours(8));
  EXPECT_EQ(sessions.find(""), nullptr);
  EXPECT_EQ(sessions.find(id.substr(1)), nullptr);
  // What is kept is no id: the hash opens nothing.
  EXPECT_EQ(sessions.find(to_base64url(as_text(sha256(id)))), nullptr);
  EXPECT_EQ(sessions.find(as_text(sha256(id))), nullptr);
}

TEST_F(Sessions, HaveIdsOf256BitsThatNeverComeTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    auto id = open("ada");
    EXPECT_EQ(from_base64url(id)->size(), 32u);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST_F(Sessions, EndWhenNobodyUsesThem) {
  auto id = open("ada");
  for (int i = 0; i < 3; ++i) {
    clock.advance(minutes(59));
    EXPECT_NE(sessions.find(id), nullptr) << "use keeps it";
  }
  clock.advance(minutes(60));
  EXPECT_EQ(sessions.find(id), nullptr);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST_F(Sessions, EndAfterEightHoursHoweverMuchTheyAreUsed) {
  auto id = open("ada");
  for (int i = 0; i < 15; ++i) {
    clock.advance(minutes(30));
    EXPECT_NE(sessions.find(id), nullptr) << i;
  }
  clock.advance(minutes(30));
  EXPECT_EQ(sessions.find(id), nullptr);
}

TEST_F(Sessions, EndWhenTold) {
  auto id = open("ada");
  auto other = open("ada");
  sessions.end(id);
  sessions.end("nothing of ours");
  EXPECT_EQ(sessions.find(id), nullptr);
  EXPECT_NE(sessions.find(other), nullptr);
}

TEST_F(Sessions, OfOnePersonTheOldestGoes) {
  auto first = open("ada");
  auto grace = open("grace");
  auto second = open("ada");
  auto third = open("ada");
  auto fourth = open("ada");
  EXPECT_EQ(sessions.find(first), nullptr);
  for (const auto& id : {grace, second, third, fourth}) EXPECT_NE(sessions.find(id), nullptr);
  EXPECT_EQ(sessions.size(), 4u);
}

TEST_F(Sessions, OfAllTheOldestGoes) {
  std::vector<std::string> ids;
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) ids.push_back(open(key));
  EXPECT_EQ(sessions.size(), 5u);
  EXPECT_EQ(sessions.find(ids.front()), nullptr);
  for (std::size_t i = 1; i < ids.size(); ++i) EXPECT_NE(sessions.find(ids[i]), nullptr) << i;
}

TEST_F(Sessions, OfPeopleWithoutARoleMakeRoomBeforeAnAdministrators) {
  auto administrator = open("a");
  std::vector<std::string> guests;
  for (const char* key : {"b", "c", "d", "e", "f"}) guests.push_back(open(key, false));
  auto operator_of_late = open("g");
  EXPECT_NE(sessions.find(administrator), nullptr);
  EXPECT_NE(sessions.find(operator_of_late), nullptr);
  EXPECT_EQ(sessions.find(guests[0]), nullptr);
  EXPECT_EQ(sessions.find(guests[1]), nullptr);
  EXPECT_NE(sessions.find(guests[4]), nullptr);
}

TEST_F(Sessions, ThatAreOverMakeRoomFirst) {
  auto idle = open("a");
  clock.advance(minutes(59));
  std::vector<std::string> ids;
  for (const char* key : {"b", "c", "d", "e"}) ids.push_back(open(key));
  clock.advance(minutes(1));
  ids.push_back(open("f"));
  EXPECT_EQ(sessions.find(idle), nullptr);
  for (const auto& id : ids) EXPECT_NE(sessions.find(id), nullptr);
}

TEST(SessionTable, HoldsAThousandAndEightAPerson) {
  EXPECT_EQ(SessionTable::Bounds{}.all, 1000u);
  EXPECT_EQ(SessionTable::Bounds{}.of_one, 8u);
}

}  // namespace
}  // namespace sallyport::admin
