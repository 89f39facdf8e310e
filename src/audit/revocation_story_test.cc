#include "audit/revocation_story.h"

#include <gtest/gtest.h>

#include "audit/chain_fixture.h"

namespace sallyport::audit {
namespace {

constexpr std::string_view kId = "01a1fb67-2222-77ab-b94d-0ec8d0ac5555";

class StoryTest : public ChainFixture {
 protected:
  void SetUp() override { start(); }
  void later() { process->clock.advance(std::chrono::seconds(1)); }
  void event(std::vector<Detail> details) {
    details.insert(details.begin() + 1, Detail("id", kId));
    ASSERT_TRUE(chain->append_event({"revocation", now(), details}));
  }
  void refuse(unsigned number, std::string_view by) {
    auto id = request_id(number);
    auto base = opened(id, now());
    Refused refused{.id = base.id,
                    .time = now(),
                    .person = base.person,
                    .source = base.source,
                    .client = base.client,
                    .request = base.request,
                    .status = 401,
                    .reason = "revoked.user",
                    .revocation = by};
    ASSERT_TRUE(chain->append_refused(refused));
  }
  RevocationStory story() {
    EXPECT_TRUE(chain->flush());
    auto told = read_revocation_story(folder.path(), std::string(kId));
    EXPECT_TRUE(told);
    return *told;
  }
};

TEST_F(StoryTest, TellsItInTheOrderOfTime) {
  auto running = request_id(1);
  ASSERT_TRUE(chain->append_opened(opened(running, now())));
  auto sequence = chain->appended_sequence();
  later();
  auto at = format_time(now());
  later();
  auto end = closed(running, sequence, now());
  end.outcome = Outcome::kCutByRevocation;
  end.revocation = kId;
  chain->append_closed(end);
  later();
  event({{"what", "revoked"},
         {"at", at},
         {"kind", "user"},
         {"target", "contoso/t/ada"},
         {"by", "root (uid 0)"},
         {"reason", "left"},
         {"last_request", running},
         {"cut", std::int64_t{1}},
         {"took_us", std::int64_t{3200}}});
  later();
  event({{"what", "first_refused"}, {"request", request_id(2)}, {"person", "contoso/t/ada"}});
  refuse(2, kId);
  later();
  refuse(3, kId);
  refuse(4, "another");
  later();
  event({{"what", "lifted"}, {"by", "root (uid 0)"}});

  auto told = story();
  EXPECT_EQ(told.cut, 1U);
  EXPECT_EQ(told.refused, 2U);
  std::vector<std::string> what;
  what.reserve(told.steps.size());
  for (const auto& step : told.steps) what.push_back(step.what);
  EXPECT_EQ(what, (std::vector<std::string>{"last_admitted", "revoked", "cut", "first_refused",
                                            "refused", "lifted"}));
  EXPECT_EQ(told.steps[0].request, running);
  EXPECT_EQ(told.steps[1].text,
            "user contoso/t/ada by root (uid 0): left; 1 running cut, in force everywhere after "
            "3.2 ms");
  EXPECT_EQ(told.steps[4].request, request_id(3));
}

// The workers remember the last few hundred requests that they admitted; the record has all.
TEST_F(StoryTest, FindsTheLastRequestAdmittedInTheRecordItself) {
  auto admit = [&](unsigned number, std::string_view who, std::string_view client = "desktop") {
    auto id = request_id(number);
    auto record = opened(id, now());
    record.person.object_id = who;
    record.person.client = client;
    ASSERT_TRUE(chain->append_opened(record));
    auto sequence = chain->appended_sequence();
    later();
    chain->append_closed(closed(id, sequence, now()));
    later();
  };
  admit(1, "ada");
  admit(2, "ada");
  for (unsigned number = 3; number < 8; ++number) admit(number, "grace", "code");
  auto person = opened(request_id(8), now()).person;
  auto tell = [&](std::string_view kind, std::string_view target) {
    event({{"what", "revoked"},
           {"at", format_time(now())},
           {"kind", kind},
           {"target", target},
           {"by", "root (uid 0)"},
           {"last_request", request_id(1)},  // an older one, of a worker that saw less
           {"cut", std::int64_t{0}},
           {"took_us", std::int64_t{900}}});
  };
  auto key = std::string(person.issuer) + "/" + std::string(person.tenant) + "/ada";
  tell("user", key);
  later();
  admit(9, "ada");  // lifted, say
  auto told = story();
  ASSERT_FALSE(told.steps.empty());
  EXPECT_EQ(told.steps[0].what, "last_admitted");
  EXPECT_EQ(told.steps[0].request, request_id(2));
}

TEST_F(StoryTest, DoesNotOpenSegmentsOlderThanTheRevocation) {
  ASSERT_TRUE(chain->append_opened(opened(request_id(1), now())));
  ASSERT_TRUE(chain->flush());
  int asked = 0;
  const auto count = [&asked] {
    ++asked;
    return true;
  };
  ASSERT_TRUE(read_revocation_story(folder.path(), std::string(kId), count));
  EXPECT_GT(asked, 0);
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    std::filesystem::last_write_time(file, file.last_write_time() - std::chrono::hours(24 * 365));
  }
  asked = 0;
  ASSERT_TRUE(read_revocation_story(folder.path(), std::string(kId), count));
  EXPECT_EQ(asked, 0);
}

TEST_F(StoryTest, EndsWhenNobodyWaitsAnyMore) {
  auto ended = read_revocation_story(folder.path(), std::string(kId), [] { return false; });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, kReadingEnded);
}

TEST_F(StoryTest, IsNotMisledByAnIdInSomebodysText) {
  const std::string id = request_id(1);
  auto record = opened(id, now());
  record.request.model = kId;
  ASSERT_TRUE(chain->append_opened(record));
  auto sequence = chain->appended_sequence();
  auto end = closed(id, sequence, now());
  end.stop_reason = kId;
  chain->append_closed(end);
  EXPECT_TRUE(story().steps.empty());
}

}  // namespace
}  // namespace sallyport::audit
