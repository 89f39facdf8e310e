#include <gtest/gtest.h>

#include "admin/api/test_ask.h"

namespace sallyport::admin {
namespace {

class DryRun : public testing::Test {
 protected:
  DryRun() {
    house.people.remember("contoso/t/ada", {.name = "Ada Lovelace"}, house.clock.wall());
    house.fanout.reach = {.streams = 7, .persons = {"contoso/t/ada", "contoso/t/bob"}};
  }
  TestBackends house;
};

TEST_F(DryRun, SaysWhomARevocationWouldHitAndMakesNone) {
  auto asked = ask(house, "POST", "/revocations?dry_run=true",
                   R"({"kind":"user","targets":["Ada Lovelace"]})");
  EXPECT_EQ(asked.body,
            "{\"dry_run\":true,\"people\":2,\"streams\":7,\"targets\":[{\"key\":\"contoso/t/ada\","
            "\"name\":\"Ada Lovelace\"}]}\n");
  EXPECT_TRUE(house.desk->in_force().empty());
}

TEST_F(DryRun, CountsANamedPersonWithoutARunningRequest) {
  house.fanout.reach = {};
  auto asked =
      ask(house, "POST", "/revocations/sign-ins?dry_run=true", R"({"targets":["Ada Lovelace"]})");
  EXPECT_TRUE(asked.says("\"people\":1,\"streams\":0")) << asked.body;
  auto client =
      ask(house, "POST", "/revocations?dry_run=true", R"({"kind":"client","targets":["desktop"]})");
  EXPECT_TRUE(client.says("\"people\":0,\"streams\":0,\"targets\":[{\"key\":\"desktop\"}]"))
      << client.body;
}

TEST_F(DryRun, RefusesWhatWouldBeRefused) {
  auto asked =
      ask(house, "POST", "/revocations?dry_run=true", R"({"kind":"user","targets":["Nobody"]})");
  EXPECT_EQ(asked.status, 400);
  EXPECT_EQ(asked.text("code"), "revocation.user_unknown");
  EXPECT_EQ(ask(house, "POST", "/revocations/none/lift?dry_run=true").status, 409);
}

TEST_F(DryRun, OfALiftLeavesTheRevocationInForce) {
  auto made = ask(house, "POST", "/revocations", R"({"kind":"user","targets":["Ada Lovelace"]})");
  auto asked = ask(house, "POST", "/revocations/" + made.text("id") + "/lift?dry_run=true");
  EXPECT_EQ(asked.status, 200) << asked.body;
  EXPECT_TRUE(asked.says("\"people\":1")) << asked.body;
  EXPECT_EQ(house.desk->in_force().size(), 1u);
}

TEST(RevocationStory, OfWhatIsNoIdIsNotLookedFor) {
  TestBackends house;
  EXPECT_EQ(ask(house, "GET", "/revocations/a").text("code"), "revocation.unknown");
  EXPECT_EQ(house.archive_asked, 0);
  auto unknown = ask(house, "GET", "/revocations/01a1fb67-2222-77ab-b94d-0ec8d0ac5555");
  EXPECT_EQ(unknown.text("code"), "revocation.unknown");
  EXPECT_EQ(house.archive_asked, 1);
}

}  // namespace
}  // namespace sallyport::admin
