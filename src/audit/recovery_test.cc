#include "audit/recovery.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "audit/reader.h"
#include "audit/test_bench.h"
#include "audit/trail.h"
#include "audit/verify.h"

namespace sallyport::audit {
namespace {

std::string findings_of(const VerifyReport& report) {
  std::string text;
  for (const auto& finding : report.findings) {
    text += std::string(finding.code) + " " + finding.chain + " " + finding.file + ":" +
            std::to_string(finding.line) + " expected " + finding.expected + " found " +
            finding.found + "\n";
  }
  return text;
}

std::vector<std::string> all_lines(const std::filesystem::path& path, std::string_view what) {
  std::vector<std::string> lines;
  for (const auto& chain : chains_in(path)) {
    for (const auto& segment : chain.segments) {
      (void)read_segment(segment.path, [&](std::string_view line) {
        if (line.find(what) != std::string_view::npos) lines.emplace_back(line);
        return true;
      });
    }
  }
  return lines;
}

// A process with a main chain and one worker's.
struct Gateway : Process {
  explicit Gateway(const std::filesystem::path& path, std::uint64_t seed,
                   std::size_t segment_bytes = 64 << 10)
      : Process(path, segment_bytes, seed) {
    clock.advance(std::chrono::seconds(seed));
    if (!directory) return;
    auto made = begin_main_chain(parts(), recovered);
    if (!made) return;
    main = std::move(*made);
    worker = std::move(*Chain::create(parts(), "0"));
  }
  // Opens a request and gives the sequence of its line.
  std::uint64_t open(unsigned number) {
    EXPECT_TRUE(worker->append_opened(opened(request_id(number), clock.wall())));
    EXPECT_TRUE(worker->flush());
    return worker->appended_sequence();
  }
  void close(unsigned number, std::uint64_t sequence) {
    worker->append_closed(closed(request_id(number), sequence, clock.wall()));
    EXPECT_TRUE(worker->flush());
  }
  void end() {
    EXPECT_TRUE(worker->close(clock.wall()));
    EXPECT_TRUE(main->close(clock.wall()));
  }

  Recovered recovered;
  std::unique_ptr<Chain> main;
  std::unique_ptr<Chain> worker;
};

class RecoveryTest : public testing::Test {
 protected:
  void expect_intact() {
    auto report = verify(folder.path());
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_TRUE(report->intact()) << findings_of(*report);
  }
  // The chain of the only worker there was.
  ChainFiles worker_chain() {
    for (auto& chain : chains_in(folder.path())) {
      if (!chain.main()) return chain;
    }
    return {};
  }
  TestFolder folder;
};

TEST_F(RecoveryTest, AFirstStartFindsNothing) {
  Gateway first(folder.path(), 1);
  ASSERT_TRUE(first.main);
  EXPECT_EQ(first.recovered.chains, 0U);
  EXPECT_EQ(all_lines(folder.path(), R"("event":"recovered")").size(), 1U);
  EXPECT_EQ(first.main->synced_sequence(), 2U);
  expect_intact();
}

TEST_F(RecoveryTest, ClosesWhatACrashLeftOpenAndNamesItsChains) {
  {
    Gateway first(folder.path(), 1);
    first.close(1, first.open(1));
    first.open(2);
    first.open(3);
    auto running = verify(folder.path());
    EXPECT_TRUE(running->intact());
    EXPECT_EQ(running->chains[0].running + running->chains[1].running, 2U);
  }
  auto between = verify(folder.path());
  ASSERT_EQ(between->findings.size(), 2U) << "nobody has closed them yet";
  EXPECT_EQ(between->findings[0].code, "request.unfinished");
  Gateway second(folder.path(), 2);
  EXPECT_EQ(second.recovered.chains, 2U);
  EXPECT_EQ(second.recovered.interrupted, 2U);
  auto lines = all_lines(folder.path(), R"("outcome":"interrupted")");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE(lines[0].find(R"("id":")" + request_id(2) + R"(","of":")"), std::string::npos);
  EXPECT_NE(lines[0].find(R"(-0","opened":4,"outcome":"interrupted"})"), std::string::npos);
  expect_intact();
}

TEST_F(RecoveryTest, ManyRestartsNameEachChainOnceAndStayIntact) {
  for (std::uint64_t start = 1; start <= 8; ++start) {
    Gateway gateway(folder.path(), start);
    ASSERT_TRUE(gateway.main);
    EXPECT_EQ(gateway.recovered.chains, start == 1 ? 0U : 2U);
    EXPECT_EQ(gateway.recovered.interrupted, start == 1 ? 0U : (start % 2 == 1 ? 0U : 2U));
    auto number = static_cast<unsigned>(start) * 10;
    auto sequence = gateway.open(number);
    auto other = gateway.open(number + 1);
    if (start % 2 == 1) continue;  // a crash
    gateway.close(number, sequence);
    gateway.close(number + 1, other);
    gateway.end();
  }
  expect_intact();
}

TEST_F(RecoveryTest, AStartThatDiesBeforeItsEndIsFinishedByTheNext) {
  {
    Gateway first(folder.path(), 1);
    for (unsigned i = 1; i <= 6; ++i) first.open(i);
  }
  std::filesystem::path main_file;
  {
    Gateway second(folder.path(), 2);
    for (const auto& chain : chains_in(folder.path())) {
      if (chain.live && chain.main()) main_file = chain.segments[0].path;
    }
  }
  // As if it had been killed after three of its interrupted lines.
  auto text = slurp(main_file);
  std::size_t cut = 0;
  for (int line = 0; line < 4; ++line) cut = text.find('\n', cut) + 1;
  spill(main_file, text.substr(0, cut));
  for (const auto& chain : chains_in(folder.path())) {
    if (chain.instance == parse_segment_name(main_file.filename().string())->instance &&
        !chain.main()) {
      std::filesystem::remove(chain.segments[0].path);
    }
  }
  {
    Gateway third(folder.path(), 3);
    EXPECT_EQ(third.recovered.chains, 3U);
    EXPECT_EQ(third.recovered.interrupted, 3U);
    expect_intact();
    third.end();
  }
  Gateway fourth(folder.path(), 4);
  EXPECT_EQ(fourth.recovered.chains, 2U) << "what the third has settled is left alone";
  expect_intact();
}

TEST_F(RecoveryTest, AnIncompleteLastLineIsTornAndNoDamage) {
  std::filesystem::path file;
  {
    Gateway first(folder.path(), 1);
    first.open(1);
    file = worker_chain().segments[0].path;
  }
  auto text = slurp(file);
  auto end = text.find_last_of('\n') + 1;
  auto torn = text.substr(0, end) + R"({"seq":3,"prev":"0123)";
  spill(file, torn + std::string(5000, '\0'));
  Gateway second(folder.path(), 2);
  EXPECT_EQ(second.recovered.torn, 1U);
  EXPECT_EQ(second.recovered.damaged, 0U);
  EXPECT_EQ(second.recovered.interrupted, 1U);
  EXPECT_EQ(slurp(file), torn) << "the zero fill is given back, the torn line is kept";
  auto report = verify(folder.path());
  EXPECT_TRUE(report->intact()) << findings_of(*report);
  EXPECT_TRUE(std::ranges::any_of(report->chains, &ChainReport::torn));
}

TEST_F(RecoveryTest, GivesTheRoomOfACrashBack) {
  {
    Gateway first(folder.path(), 1);
    for (unsigned i = 0; i < 40; ++i) first.open(i);  // a spare segment is there by now
  }
  auto size = [&] {
    std::uintmax_t bytes = 0;
    for (const auto& chain : chains_in(folder.path())) {
      for (const auto& segment : chain.segments) bytes += std::filesystem::file_size(segment.path);
    }
    return bytes;
  };
  EXPECT_GE(size(), 3U * (64 << 10));
  {
    Gateway second(folder.path(), 2);
    second.end();
  }
  EXPECT_LT(size(), 100U << 10);
  expect_intact();
}

TEST_F(RecoveryTest, ReadsBackToTheOldestOpenRequestOverSeveralSegments) {
  {
    Gateway first(folder.path(), 1, 16 << 10);
    for (unsigned i = 100; i < 160; ++i) first.close(i, first.open(i));
    first.open(1);
    for (unsigned i = 200; i < 260; ++i) first.close(i, first.open(i));
    first.open(2);
  }
  EXPECT_GT(worker_chain().segments.size(), 9U);
  Gateway second(folder.path(), 2, 16 << 10);
  EXPECT_EQ(second.recovered.interrupted, 2U);
  EXPECT_EQ(second.recovered.damaged, 0U);
  expect_intact();
}

TEST_F(RecoveryTest, ADamagedChainIsRecordedAndDoesNotStopTheStart) {
  std::filesystem::path file;
  {
    Gateway first(folder.path(), 1);
    for (unsigned i = 1; i <= 3; ++i) first.open(i);
    file = worker_chain().segments[0].path;
  }
  auto text = slurp(file);
  text[text.find("claude-sonnet-5")] = 'C';
  spill(file, text);
  Gateway second(folder.path(), 2);
  ASSERT_TRUE(second.main);
  EXPECT_EQ(second.recovered.damaged, 1U);
  auto lines = all_lines(folder.path(), R"("event":"damaged")");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("line 3: line.hash"), std::string::npos) << lines[0];
  EXPECT_FALSE(verify(folder.path())->intact());
}

TEST_F(RecoveryTest, ManyHeadsAndManyOpenRequestsFindTheirLines) {
  {
    Gateway first(folder.path(), 1, 4 << 20);
    std::vector<std::unique_ptr<Chain>> chains;
    for (int worker = 1; worker <= 70; ++worker) {
      chains.push_back(std::move(*Chain::create(first.parts(), std::to_string(worker))));
    }
    for (unsigned i = 0; i < 900; ++i) {
      ASSERT_TRUE(first.worker->append_opened(opened(request_id(i), first.clock.wall())));
    }
    ASSERT_TRUE(first.worker->flush());
  }
  Gateway second(folder.path(), 2, 64 << 10);  // the main chain needs several segments for it
  ASSERT_TRUE(second.main);
  EXPECT_EQ(second.recovered.chains, 72U);
  EXPECT_EQ(second.recovered.interrupted, 900U);
  EXPECT_EQ(all_lines(folder.path(), R"("event":"heads")").size(), 2U);
  expect_intact();
}

TEST_F(RecoveryTest, AStartWithoutRoomSaysSo) {
  {
    Gateway first(folder.path(), 1, 1 << 20);
    for (unsigned i = 0; i < 80; ++i) first.open(i);
  }
  Process second(folder.path(), 16 << 10, 2);
  second.disk.room = 16 << 10;
  Recovered recovered;
  auto main = begin_main_chain(second.parts(), recovered);
  ASSERT_FALSE(main);
  EXPECT_EQ(main.error().code, "audit.disk");
  EXPECT_FALSE(main.error().next_step.empty());
}

// What a child process does until it is killed: opens and closes requests through everything that
// the program has, and tells the parent which opened lines it may rely on.
[[noreturn]] void run_until_killed(const std::filesystem::path& path, std::uint64_t seed, int out) {
  FakeEntropy entropy(seed);
  Metrics metrics;
  Settings settings{path, std::chrono::milliseconds(seed % 2 == 0 ? 0 : 5), 64 << 10};
  auto trail = Trail::open(settings, {.workers = 1, .node = "node-1", .disk = nullptr},
                           system_clock(), entropy, metrics);
  if (!trail) ::_exit(3);
  auto& chain = (*trail)->worker(0);
  std::vector<std::pair<std::string, std::uint64_t>> running;
  std::mt19937 random(static_cast<unsigned>(seed));
  for (unsigned number = 0;;) {
    std::string told;
    for (unsigned i = random() % 4; i > 0; --i) {
      auto id = request_id(static_cast<unsigned>(seed) * 10'000'000 + ++number);
      if (!chain.append_opened(opened(id, system_clock().wall()))) continue;
      running.emplace_back(id, chain.appended_sequence());
      told += id;
    }
    while (running.size() > 8 || (!running.empty() && random() % 2 == 0)) {
      chain.append_closed(closed(running[0].first, running[0].second, system_clock().wall()));
      running.erase(running.begin());
    }
    if (chain.flush() && !told.empty()) {
      if (::write(out, told.data(), told.size()) < 0) ::_exit(4);
    }
  }
}

TEST_F(RecoveryTest, SurvivesKillNineAtRandomMoments) {
  std::mt19937 random(20261121);
  std::string told;
  for (std::uint64_t round = 1; round <= 20; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    auto child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      run_until_killed(folder.path(), round, ends[1]);
    }
    ::close(ends[1]);
    // The moment is a number of bytes heard from the child, so that a slow machine changes nothing.
    std::size_t wanted = told.size() + 36 * (random() % 300);
    char buffer[4096];
    while (told.size() <= wanted) {
      auto n = ::read(ends[0], buffer, sizeof buffer);
      ASSERT_GT(n, 0) << "the child ended by itself";
      told.append(buffer, static_cast<std::size_t>(n));
    }
    ::kill(child, SIGKILL);
    for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
      told.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
  }
  Gateway last(folder.path(), 100);
  ASSERT_TRUE(last.main);
  expect_intact();
  std::set<std::string> recorded;
  for (const auto& line : all_lines(folder.path(), R"("type":"opened")")) {
    recorded.insert(line.substr(line.find(R"("id":")") + 6, 36));
  }
  for (std::size_t i = 0; i + 36 <= told.size(); i += 36) {
    EXPECT_TRUE(recorded.contains(told.substr(i, 36))) << told.substr(i, 36);
  }
  EXPECT_GT(told.size() / 36, 1000U);
}

}  // namespace
}  // namespace sallyport::audit
