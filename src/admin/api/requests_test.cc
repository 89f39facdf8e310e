#include <fmt/format.h>
#include <gtest/gtest.h>

#include "admin/api/test_ask.h"
#include "audit/test_bench.h"

namespace sallyport::admin {
namespace {

constexpr std::string_view kPerson =
    "contoso/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77";

class Requests : public testing::Test {
 protected:
  Requests() { house.people.remember(kPerson, {.name = "Ada Lovelace"}, house.clock.wall()); }

  void answered(unsigned number) {
    process.clock.advance(std::chrono::seconds(1));
    auto id = audit::request_id(number);
    ASSERT_TRUE(chain->append_opened(audit::opened(id, process.clock.wall())));
    chain->append_closed(audit::closed(id, chain->appended_sequence(), process.clock.wall()));
    ASSERT_TRUE(chain->flush());
  }
  void refused(unsigned number) {
    process.clock.advance(std::chrono::seconds(1));
    auto id = audit::request_id(number);
    auto base = audit::opened(id, process.clock.wall());
    audit::Refused refused{.id = base.id,
                           .time = base.time,
                           .person = base.person,
                           .source = base.source,
                           .client = base.client,
                           .request = base.request,
                           .status = 403,
                           .reason = "token.role_missing",
                           .claim = "roles",
                           .expected = "Claude.User",
                           .got = "none"};
    ASSERT_TRUE(chain->append_refused(refused));
    ASSERT_TRUE(chain->flush());
  }

  TestBackends house;
  audit::Process process{house.folder.path()};
  std::unique_ptr<audit::Chain> chain = std::move(*audit::Chain::create(process.parts(), "0"));
};

TEST_F(Requests, AreListedTheNewestFirstPageByPage) {
  for (unsigned i = 1; i <= 5; ++i) answered(i);
  std::string cursor;
  for (unsigned newest : {5u, 3u, 1u}) {
    auto page = ask(house, "GET", "/requests?limit=2&cursor=" + cursor);
    EXPECT_EQ(page.status, 200) << page.body;
    EXPECT_EQ(page.text("id"), audit::request_id(newest)) << page.body;
    EXPECT_TRUE(page.says("Ada Lovelace"));
    cursor = page.text("next_cursor");
    EXPECT_EQ(cursor.empty(), newest == 1);
  }
  EXPECT_EQ(ask(house, "GET", "/requests?cursor=YWJj").status, 400);
}

TEST_F(Requests, AreFilteredByPersonOutcomeAndReason) {
  answered(1);
  refused(2);
  EXPECT_EQ(ask(house, "GET", "/requests?outcome=refused").text("id"), audit::request_id(2));
  EXPECT_EQ(ask(house, "GET", "/requests?outcome=complete").text("id"), audit::request_id(1));
  EXPECT_EQ(ask(house, "GET", "/requests?reason=token.role_missing").text("id"),
            audit::request_id(2));
  for (const auto* person : {"Ada%20Lovelace", "9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77"}) {
    auto found = ask(house, "GET", fmt::format("/requests?person={}", person));
    EXPECT_TRUE(found.says(audit::request_id(1)) && found.says(audit::request_id(2))) << found.body;
  }
  auto nobody = ask(house, "GET", "/requests?person=Nobody");
  EXPECT_EQ(nobody.status, 404);
  EXPECT_EQ(nobody.text("code"), "people.unknown");
  EXPECT_EQ(ask(house, "GET", "/requests?until=2026-01-01T00:00:00Z").body, "{\"requests\":[]}\n");
  EXPECT_EQ(ask(house, "GET", "/requests?outcome=nonsense").status, 400);
}

TEST_F(Requests, ARefusalSaysWhatHappenedWhatWasToldAndWhatHelps) {
  answered(1);
  refused(2);
  auto shown = ask(house, "GET", "/requests/" + audit::request_id(2));
  EXPECT_EQ(shown.status, 200) << shown.body;
  EXPECT_EQ(shown.text("outcome"), "refused");
  EXPECT_EQ(shown.text("reason"), "token.role_missing");
  EXPECT_EQ(shown.text("name"), "Ada Lovelace");
  for (const auto* part : {"what", "told", "next_step"}) EXPECT_FALSE(shown.text(part).empty());
  EXPECT_EQ(shown.text("claim"), "roles");
  EXPECT_EQ(shown.text("expected"), "Claude.User");
  EXPECT_TRUE(shown.says("\"record\":{")) << shown.body;
  auto whole = ask(house, "GET", "/requests/" + audit::request_id(1));
  EXPECT_TRUE(whole.says("\"end\":{") && !whole.says("\"outcome\":\"complete\",\"reason\""))
      << whole.body;
}

TEST_F(Requests, TheHelpDeskReadsTheStoryAndNoLinesOfTheRecord) {
  answered(1);
  const auto target = "/requests/" + audit::request_id(1);
  auto helpdesk = ask(house, "GET", target, "{}", {Role::kHelpdesk});
  EXPECT_EQ(helpdesk.status, 200) << helpdesk.body;
  EXPECT_FALSE(helpdesk.text("what").empty());
  EXPECT_FALSE(helpdesk.says("\"record\":") || helpdesk.says("\"end\":")) << helpdesk.body;
  for (Role role : {Role::kAuditor, Role::kOperator, Role::kAdministrator}) {
    auto shown = ask(house, "GET", target, "{}", {Role::kHelpdesk, role});
    EXPECT_TRUE(shown.says("\"record\":{") && shown.says("\"end\":{")) << shown.body;
  }
}

TEST_F(Requests, AUniqueBeginningOfAnIdIsEnough) {
  answered(1);
  EXPECT_EQ(ask(house, "GET", "/requests/01938000").text("id"), audit::request_id(1));
  answered(2);
  auto two = ask(house, "GET", "/requests/01938000");
  EXPECT_EQ(two.status, 409);
  EXPECT_TRUE(two.says(audit::request_id(1)) && two.says(audit::request_id(2))) << two.body;
  EXPECT_EQ(ask(house, "GET", "/requests/0193800").status, 400);
  auto none = ask(house, "GET", "/requests/01938001");
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.text("code"), "requests.unknown");
  EXPECT_FALSE(none.text("next_step").empty());
}

TEST_F(Requests, WhatIsNoIdIsNotLookedForInTheRecord) {
  answered(1);
  for (const auto* id : {"zzzzzzzz", "0193800g", "01938000-0000-7000-8000-0000000000001"}) {
    EXPECT_EQ(ask(house, "GET", std::string("/requests/") + id).text("code"), "requests.unknown");
  }
  EXPECT_EQ(house.archive_asked, 0);
  EXPECT_EQ(ask(house, "GET", "/requests?id=zzz").body, "{\"requests\":[]}\n");
}

TEST_F(Requests, AreNotReadOnWhenNobodyWaits) {
  answered(1);
  int asked = 0;
  const auto once = [&asked] { return ++asked == 1; };  // the desk's own look
  auto ended = ask(house, "GET", "/requests?model=none", "{}", {Role::kAdministrator}, once);
  EXPECT_EQ(ended.status, 503);
  EXPECT_EQ(ended.text("code"), "api.ended");
  EXPECT_EQ(asked, 2);
}

TEST_F(Requests, StandWithThePerson) {
  for (unsigned i = 1; i <= 12; ++i) answered(i);
  auto shown = ask(house, "GET",
                   "/people/contoso%2F5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4%2F9e107d9d-372b-4a81-"
                   "a0f0-2c1c4f6f1a77");
  EXPECT_TRUE(shown.says(audit::request_id(12)) && shown.says(audit::request_id(3)));
  EXPECT_FALSE(shown.says(audit::request_id(2))) << "ten";
}

}  // namespace
}  // namespace sallyport::admin
