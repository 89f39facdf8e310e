#include <gtest/gtest.h>

#include "admin/api/test_ask.h"

namespace sallyport::admin {
namespace {

class People : public testing::Test {
 protected:
  People() {
    auto seen = house.clock.wall();
    house.people.remember("contoso/t/1", {.name = "Ada Lovelace", .mail = "ada@x.example"}, seen);
    house.people.remember("contoso/t/2", {.name = "Adam Smith", .mail = "smith@x.example"}, seen);
    house.people.remember("contoso/t/3", {.name = "Grace Hopper", .mail = {}}, seen);
  }
  TestBackends house;
};

TEST_F(People, AreFoundByTheBeginningOfANameOrMailAndByKey) {
  auto ada = ask(house, "GET", "/people?q=Ada");
  EXPECT_EQ(ada.status, 200);
  EXPECT_TRUE(ada.says("Ada Lovelace") && ada.says("Adam Smith")) << ada.body;
  EXPECT_FALSE(ada.says("Grace"));
  EXPECT_TRUE(ada.says("\"last_seen\":\"" + format_time(house.clock.wall())));
  auto smith = ask(house, "GET", "/people?q=smith%40x");
  EXPECT_TRUE(smith.says("contoso/t/2") && !smith.says("contoso/t/1")) << smith.body;
  auto grace = ask(house, "GET", "/people?q=contoso%2Ft%2F3");
  EXPECT_TRUE(grace.says("Grace Hopper") && !grace.says("Ada")) << grace.body;
  EXPECT_EQ(ask(house, "GET", "/people?q=Nobody").body, "{\"people\":[]}\n");
}

TEST_F(People, ComeInPages) {
  auto first = ask(house, "GET", "/people?limit=2");
  auto cursor = first.text("next_cursor");
  ASSERT_FALSE(cursor.empty()) << first.body;
  EXPECT_FALSE(first.says("Grace"));
  auto second = ask(house, "GET", "/people?limit=2&cursor=" + cursor);
  EXPECT_TRUE(second.says("Grace") && !second.says("Ada")) << second.body;
  EXPECT_EQ(second.text("next_cursor"), "");
}

TEST_F(People, OneIsShownWithTheRevocationsThatConcernThem) {
  ask(house, "POST", "/revocations",
      R"({"kind":"user","targets":["Ada Lovelace"],"reason":"left"})");
  ask(house, "POST", "/revocations", R"({"kind":"user","targets":["Grace Hopper"]})");
  auto ada = ask(house, "GET", "/people/contoso%2Ft%2F1");
  EXPECT_EQ(ada.status, 200);
  EXPECT_EQ(ada.text("name"), "Ada Lovelace");
  EXPECT_TRUE(ada.says("\"reason\":\"left\"")) << ada.body;
  EXPECT_FALSE(ada.says("contoso/t/3")) << ada.body;
  EXPECT_TRUE(ada.says("\"requests\":[]"));
  ask(house, "POST", "/revocations", R"({"kind":"all","issuer":"contoso"})");
  EXPECT_TRUE(ask(house, "GET", "/people/contoso%2Ft%2F2").says("\"kind\":\"all\""));
}

TEST_F(People, WhoWasNeverSeenIsAProblemWithANextStep) {
  auto nobody = ask(house, "GET", "/people/contoso%2Ft%2F9");
  EXPECT_EQ(nobody.status, 404);
  EXPECT_EQ(nobody.text("code"), "people.unknown");
  EXPECT_FALSE(nobody.text("next_step").empty());
}

}  // namespace
}  // namespace sallyport::admin
