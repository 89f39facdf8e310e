#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

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

// Who may end sign-ins and no more.
class HelpDesk : public testing::Test {
 protected:
  HelpDesk() {
    for (int i = 0; i < 150; ++i) {
      auto key = fmt::format("contoso//{}", i);
      house.people.remember(key, {.name = fmt::format("Person {}", i)}, house.clock.wall());
    }
  }
  Asked end_sign_ins(std::string_view targets, Roles roles = {Role::kHelpdesk}) {
    return ask(house, "POST", "/revocations/sign-ins",
               fmt::format(R"({{"targets":[{}]}})", targets), roles);
  }
  static std::string keys(int count) {
    std::string list;
    for (int i = 0; i < count; ++i) list += fmt::format(R"({}"contoso//{}")", i == 0 ? "" : ",", i);
    return list;
  }
  TestBackends house;
};

TEST_F(HelpDesk, EndsTheSignInsOfPeopleWhoWereSeen) {
  EXPECT_EQ(end_sign_ins(R"("contoso//7","Person 8")").status, 200);
  auto unknown = end_sign_ins(R"("contoso//7","contoso//x17")");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.text("code"), "revocation.user_unknown") << unknown.body;
  EXPECT_EQ(house.desk->in_force().size(), 2u) << "all or none";
  EXPECT_EQ(end_sign_ins(R"("contoso//x17")", {Role::kHelpdesk, Role::kOperator}).status, 200)
      << "as by the other route";
}

TEST_F(HelpDesk, NamesAHundredAtOnce) {
  auto many = end_sign_ins(keys(101));
  EXPECT_EQ(many.status, 400);
  EXPECT_EQ(many.text("code"), "revocation.too_many") << many.body;
  EXPECT_TRUE(house.desk->in_force().empty());
  EXPECT_EQ(end_sign_ins(keys(100)).status, 200);
  EXPECT_EQ(end_sign_ins(keys(150), {Role::kOperator}).status, 200);
  EXPECT_EQ(house.desk->in_force().size(), 150u) << "one a person, however often";
}

TEST_F(HelpDesk, NamingOnePersonTwiceIsOnce) {
  auto asked = end_sign_ins(R"("contoso//7","Person 7","contoso//7")");
  ASSERT_EQ(asked.changed.size(), 2u);
  EXPECT_EQ(asked.changed[1].second, "1");
}

TEST_F(HelpDesk, LeavesTheReserveToOperators) {
  std::vector<identity::RevocationRequest> others(identity::RevocationRegister::kMaxInForce -
                                                  identity::RevocationRegister::kReserve);
  for (std::size_t i = 0; i < others.size(); ++i) {
    others[i].target = fmt::format("contoso/u/{}", i);
  }
  std::promise<bool> made;
  house.revocations->revoke(std::move(others),
                            [&](const auto& outcomes) { made.set_value(outcomes.has_value()); });
  ASSERT_TRUE(made.get_future().get());
  auto full = end_sign_ins(R"("contoso//7")");
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.text("code"), "revocation.full") << full.body;
  EXPECT_EQ(end_sign_ins(R"("contoso//7")", {Role::kAdministrator}).status, 200);
}

TEST_F(HelpDesk, TheEventLineNamesTheIdsInOneDetailAndCountsThem) {
  auto asked = end_sign_ins(keys(12));
  ASSERT_EQ(asked.changed.size(), 2u);
  EXPECT_EQ(asked.changed[0].first, "ids");
  EXPECT_EQ(std::ranges::count(asked.changed[0].second, ' '), 9) << asked.changed[0].second;
  EXPECT_TRUE(asked.changed[0].second.starts_with(asked.text("id") + " "));
  EXPECT_EQ(asked.changed[1], (std::pair<std::string, std::string>("count", "12")));
}

}  // namespace
}  // namespace sallyport::admin
