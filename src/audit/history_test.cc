#include "audit/history.h"

#include <gtest/gtest.h>

#include "audit/record_fields.h"
#include "audit/recovery.h"
#include "audit/test_bench.h"
#include "base/entropy.h"

namespace sallyport::audit {
namespace {

constexpr std::string_view kPerson =
    "contoso/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77";

std::int64_t shown(const Row& row, std::string_view name) {
  for (std::size_t i = 0; i < row.shown.size(); ++i) {
    if (shown_fields()[i].field->name == name) return row.shown[i].number;
  }
  ADD_FAILURE() << name << " has no column";
  return -1;
}

class HistoryTest : public testing::Test {
 protected:
  void start(std::uint64_t seed) {
    worker.reset();
    main.reset();
    process.reset();
    process.emplace(folder.path(), 64 << 10, seed);
    process->clock.advance(std::chrono::hours(seed));
    Recovered recovered;
    main = std::move(*begin_main_chain(process->parts(), recovered));
    worker = std::move(*Chain::create(process->parts(), "0"));
  }
  void open(unsigned number) {
    process->clock.advance(std::chrono::seconds(1));
    ASSERT_TRUE(worker->append_opened(opened(request_id(number), process->clock.wall())));
    ASSERT_TRUE(worker->flush());
  }
  void ask(unsigned number) {
    open(number);
    worker->append_closed(
        closed(request_id(number), worker->appended_sequence(), process->clock.wall()));
    ASSERT_TRUE(worker->flush());
  }
  std::vector<Row> read(const HistoryQuery& query = {}) {
    auto rows = read_history(folder.path(), query);
    EXPECT_TRUE(rows);
    return std::move(*rows);
  }
  std::vector<Row> requests(const HistoryQuery& query = {}) {
    auto rows = read(query);
    std::erase_if(rows, [](const Row& row) { return row.kind == "event"; });
    return rows;
  }

  TestFolder folder;
  std::optional<Process> process;
  std::unique_ptr<Chain> main;
  std::unique_ptr<Chain> worker;
};

TEST_F(HistoryTest, PutsARequestAndItsEndTogether) {
  start(1);
  ask(1);
  auto rows = requests();
  ASSERT_EQ(rows.size(), 1U);
  const auto& row = rows[0];
  EXPECT_EQ(row.kind, "request");
  EXPECT_EQ(row.id, request_id(1));
  EXPECT_EQ(row.person, kPerson);
  EXPECT_EQ(row.model, "claude-sonnet-5");
  EXPECT_EQ(shown(row, "status"), 200);
  EXPECT_EQ(row.outcome, "complete");
  EXPECT_EQ(row.input, 412 + 1832 + 21504);
  EXPECT_EQ(row.output, 187);
  EXPECT_TRUE(row.exact);
  EXPECT_EQ(shown(row, "duration_us"), 2815000);
  EXPECT_FALSE(row.end.empty());
}

TEST_F(HistoryTest, SaysRunningUnfinishedAndInterrupted) {
  start(1);
  open(1);
  EXPECT_EQ(requests()[0].outcome, "running");
  worker.reset();
  EXPECT_EQ(requests()[0].outcome, "unfinished");
  start(2);
  auto rows = requests();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].outcome, "interrupted");
  EXPECT_EQ(rows[0].model, "claude-sonnet-5");
}

TEST_F(HistoryTest, ShowsRefusalsAnswersAndEventsInTheOrderOfTime) {
  start(1);
  ask(1);
  auto base = opened({}, process->clock.wall());
  process->clock.advance(std::chrono::seconds(1));
  auto id = request_id(2);
  Refused refused{id,  process->clock.wall(),  base.person, base.source, base.client, base.request,
                  400, "model.not_configured", "model",     {},          "claude-9",  {}};
  ASSERT_TRUE(worker->append_refused(refused));
  ASSERT_TRUE(worker->flush());
  process->clock.advance(std::chrono::seconds(1));
  ASSERT_TRUE(main->append_event({"configuration", process->clock.wall(), {}}));
  ASSERT_TRUE(main->flush());
  auto rows = read();
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[0].outcome, "start");
  EXPECT_EQ(rows[1].outcome, "recovered");
  EXPECT_EQ(rows[2].outcome, "complete");
  EXPECT_EQ(rows[3].kind, "refused");
  EXPECT_EQ(rows[3].outcome, "model.not_configured");
  EXPECT_EQ(shown(rows[3], "status"), 400);
  EXPECT_EQ(rows[4].outcome, "configuration");
}

TEST_F(HistoryTest, FindsByIdPersonAndTimeAndKeepsTheNewest) {
  start(1);
  for (unsigned i = 1; i <= 30; ++i) ask(i);
  EXPECT_EQ(requests({.last = 5, .id = {}, .person = {}, .since = {}}).front().id, request_id(26));
  EXPECT_EQ(requests({.last = 0, .id = {}, .person = {}, .since = {}}).size(), 30U);
  auto one = requests({.last = 50, .id = request_id(7), .person = {}, .since = {}});
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].outcome, "complete");
  EXPECT_EQ(requests({.last = 50, .id = {}, .person = std::string(kPerson), .since = {}}).size(),
            30U);
  EXPECT_EQ(
      requests(
          {.last = 50, .id = {}, .person = "9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77", .since = {}})
          .size(),
      30U);
  EXPECT_TRUE(requests({.last = 50, .id = {}, .person = "somebody", .since = {}}).empty());
  auto since = requests({.last = 50, .id = {}, .person = {}, .since = "2026-11-21T01:00:26"});
  ASSERT_EQ(since.size(), 5U);
  EXPECT_EQ(since[0].id, request_id(26));
}

TEST_F(HistoryTest, FindsByHowItEnded) {
  start(1);
  ask(1);
  open(2);
  const auto id = request_id(2);  // the record holds a view
  auto failed = closed(id, worker->appended_sequence(), process->clock.wall());
  failed.outcome = Outcome::kUpstreamError;
  failed.status = 502;
  static constexpr Attempt kAttempts[] = {{"foundry", "sonnet-prod", 0, "upstream.unreachable"}};
  failed.attempts = kAttempts;
  failed.error_type = "api_error";
  worker->append_closed(failed);
  ASSERT_TRUE(worker->flush());
  open(3);
  HistoryQuery query;
  query.requests_only = true;
  query.outcome = "upstream_error";
  auto rows = read(query);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].id, request_id(2));
  EXPECT_EQ(rows[0].reason, "upstream.unreachable");
  query.outcome = "running";
  ASSERT_EQ(read(query).size(), 1U);
  query.outcome.clear();
  query.reason = "upstream.unreachable";
  EXPECT_EQ(read(query).size(), 1U);
  query.reason.clear();
  query.model = "claude-9";
  EXPECT_TRUE(read(query).empty());
  query.model = "claude-sonnet-5";
  EXPECT_EQ(read(query).size(), 3U);
}

TEST_F(HistoryTest, APageGoesOnBeforeTheLastRowOfTheOneBefore) {
  start(1);
  for (unsigned i = 1; i <= 10; ++i) ask(i);
  HistoryQuery query;
  query.requests_only = true;
  query.last = 4;
  std::vector<std::string> seen;
  for (auto rows = read(query); !rows.empty(); rows = read(query)) {
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) seen.push_back(row->id);
    query.before_time = rows.front().time;
    query.before_id = rows.front().id;
  }
  ASSERT_EQ(seen.size(), 10U);
  EXPECT_EQ(seen.front(), request_id(10));
  EXPECT_EQ(seen.back(), request_id(1));
  query.before_time.clear();
  query.until = "2026-11-21T01:00:04";
  EXPECT_EQ(read(query).size(), 3U) << "earlier than the fourth second";
}

TEST_F(HistoryTest, FindsByTheBeginningOfAnId) {
  start(1);
  for (unsigned i = 1; i <= 3; ++i) ask(i);
  HistoryQuery query;
  query.id = request_id(2).substr(0, 8);
  query.id_begins = true;
  EXPECT_EQ(requests(query).size(), 3U);
  query.id = request_id(2);
  ASSERT_EQ(requests(query).size(), 1U);
  query.id_begins = false;
  query.id = request_id(2).substr(0, 35);
  EXPECT_TRUE(requests(query).empty());
}

TEST_F(HistoryTest, EndsWhenNobodyWaitsAnyMore) {
  start(1);
  for (unsigned i = 1; i <= 3; ++i) ask(i);
  HistoryQuery query;
  query.go_on = [] { return false; };
  auto rows = read_history(folder.path(), query);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, kReadingEnded);
}

TEST(Patience, IsAskedForWithinASegmentToo) {
  int asked = 0;
  Patience patience([&asked] { return ++asked < 3; });
  ASSERT_TRUE(patience.for_segment());
  int lines = 0;
  while (patience.for_line()) ++lines;
  EXPECT_EQ(asked, 3);
  EXPECT_GT(lines, 1000);
  EXPECT_LT(lines, 10'000);
  EXPECT_TRUE(patience.ended());
  EXPECT_FALSE(patience.for_segment());
  EXPECT_EQ(asked, 3) << "it stays ended";
}

TEST(EarliestOf, IsADayBeforeTheIdsTime) {
  FakeClock clock;
  const auto id = make_uuid7(clock.wall(), system_entropy());
  const auto later = clock.wall() + std::chrono::hours(48);
  EXPECT_EQ(earliest_of(id, later), "2026-11-20T00:00:00.000000Z");
  EXPECT_EQ(earliest_of(id, clock.wall() - std::chrono::hours(1)), "2026-11-19T23:00:00.000000Z")
      << "an id of the future is no reason to leave out the present";
  const auto beginning = earliest_of(id.substr(0, 8), later);
  EXPECT_LE(beginning, "2026-11-20T00:00:00.000000Z");
  EXPECT_GE(beginning, "2026-11-19T23:58:00.000000Z");
  for (const auto* other : {"", "0193800", "0193800z", "9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77"}) {
    EXPECT_EQ(earliest_of(other, later), "") << other;
  }
}

TEST_F(HistoryTest, AnEndStillFindsARequestThatHasLeftTheWindow) {
  start(1);
  open(1);
  auto sequence = worker->appended_sequence();
  for (unsigned i = 2; i <= 12; ++i) ask(i);
  worker->append_closed(closed(request_id(1), sequence, process->clock.wall()));
  ASSERT_TRUE(worker->flush());
  auto rows = requests({.last = 3, .id = {}, .person = {}, .since = {}});
  ASSERT_EQ(rows.size(), 3U);
  for (const auto& row : rows) EXPECT_EQ(row.outcome, "complete");
}

}  // namespace
}  // namespace sallyport::audit
