#include "audit/side_journal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "audit/test_bench.h"

namespace sallyport::audit {
namespace {

class SideJournalTest : public testing::Test {
 protected:
  std::unique_ptr<SideJournal> open(std::uint64_t cap = SideJournal::kDefaultCap) {
    auto journal = SideJournal::open(folder.path(), clock, instruments, cap);
    EXPECT_TRUE(journal);
    return std::move(*journal);
  }
  std::string text() { return slurp(folder.path() / "side" / "refusals.jsonl"); }

  TestFolder folder;
  FakeClock clock;
  Metrics metrics;
  Instruments instruments{metrics};
};

std::uint64_t total(std::string_view text) {
  std::uint64_t sum = 0;
  for (std::size_t at = 0; (at = text.find("\"count\":", at)) != std::string_view::npos;) {
    at += 8;
    sum += std::stoull(std::string(text.substr(at, 20)));
  }
  return sum;
}

TEST_F(SideJournalTest, CountsBySourceReasonAndMinute) {
  auto journal = open();
  for (int i = 0; i < 3; ++i) journal->note("203.0.113.9", "token.expired");
  journal->note("203.0.113.9", "token.missing");
  clock.advance(std::chrono::minutes(1));
  journal->write_out();
  journal->note("203.0.113.9", "token.expired");
  journal.reset();
  auto written = text();
  EXPECT_NE(written.find(R"({"minute":"2026-11-21T00:00Z","source":"203.0.113.9",)"
                         R"("reason":"token.expired","count":3})"),
            std::string::npos);
  EXPECT_NE(written.find(R"("reason":"token.missing","count":1})"), std::string::npos);
  EXPECT_NE(written.find(R"({"minute":"2026-11-21T00:01Z","source":"203.0.113.9",)"
                         R"("reason":"token.expired","count":1})"),
            std::string::npos);
}

TEST_F(SideJournalTest, AMillionNotesFromEverywhereStayWithinTheCap) {
  constexpr std::uint64_t kCap = 256 << 10;
  auto journal = open(kCap);
  for (unsigned i = 0; i < 1'000'000; ++i) {
    journal->note("198.51." + std::to_string(i % 251) + "." + std::to_string(i % 65'521),
                  i % 3 == 0 ? "token.expired" : "token.signature");
    if (i % 20'000 == 0) {
      clock.advance(std::chrono::minutes(1));
      journal->write_out();
    }
  }
  journal.reset();
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder.path() / "side")) {
    bytes += file.file_size();
  }
  EXPECT_LE(bytes, kCap);
  EXPECT_GT(bytes, kCap / 4);
  EXPECT_EQ(instruments.side_notes.value(), 1'000'000U);
}

TEST_F(SideJournalTest, WhatDoesNotFitIsCountedUnderOther) {
  auto journal = open();
  for (unsigned i = 0; i < 5000; ++i) journal->note(std::to_string(i), "token.expired");
  for (unsigned i = 0; i < 200; ++i) journal->note("10.0.0.1", "reason." + std::to_string(i));
  journal->note(std::string(10'000, 's'), std::string(10'000, 'r'));
  journal.reset();
  auto written = text();
  EXPECT_EQ(total(written), 5201U);
  EXPECT_NE(written.find(R"("source":"other","reason":"token.expired","count":3976})"),
            std::string::npos);
  EXPECT_NE(written.find(R"("source":"other","reason":"other","count")"), std::string::npos);
  EXPECT_LT(written.size(), 1100U * 150);
}

TEST_F(SideJournalTest, LosesNothingWhenManyThreadsNote) {
  auto journal = open();
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20'000; ++i)
        journal->note("10.0.0." + std::to_string(t), "token.expired");
    });
  }
  for (int i = 0; i < 50; ++i) journal->write_out();
  for (auto& thread : threads) thread.join();
  journal.reset();
  EXPECT_EQ(total(text()), 80'000U);
}

TEST_F(SideJournalTest, AFullDiskStopsNothingAndIsCounted) {
  auto journal = open();
  journal->note("10.0.0.1", "token.expired");
  std::filesystem::remove_all(folder.path() / "side");
  journal->write_out();
  EXPECT_EQ(instruments.side_dropped.value(), 1U);
  journal->note("10.0.0.1", "token.expired");
}

TEST_F(SideJournalTest, WritesTheRestAtItsEnd) {
  {
    auto journal = open();
    journal->start();
    journal->note("10.0.0.1", "token.expired");
  }
  EXPECT_EQ(total(text()), 1U);
}

}  // namespace
}  // namespace sallyport::audit
