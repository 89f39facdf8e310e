#include "audit/chain.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "audit/chain_fixture.h"
#include "base/encoding.h"

namespace sallyport::audit {
namespace {

class ChainTest : public ChainFixture {};

TEST_F(ChainTest, WritesWhoWhatAndDecisionBeforeAndTheEndAfter) {
  start();
  auto id = request_id(1);
  ASSERT_TRUE(chain->append_opened(opened(id, now())));
  auto sequence = chain->appended_sequence();
  EXPECT_EQ(sequence, 2U);
  ASSERT_TRUE(chain->flush());
  EXPECT_EQ(chain->written_sequence(), 2U);
  chain->append_closed(closed(id, sequence, now()));
  ASSERT_TRUE(chain->flush());
  auto lines = lines_of(folder.path(), *chain);
  ASSERT_EQ(lines.size(), 3U);
  auto frame = R"({"seq":2,"prev":")" + to_hex(sha256(lines[0])) + R"(","type":"opened",)" +
               R"("time":"2026-11-21T00:00:00.000000Z","node":"node-1","instance":")" +
               process->directory->instance() + R"(","worker":"0","id":")" + id + R"(",)";
  EXPECT_EQ(lines[1],
            frame +
                R"("person":{"issuer":"contoso","tenant":"5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4",)"
                R"("object_id":"9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77","token":"access_token",)"
                R"("groups":["claude-users"],"token_id":"uti-1","session_id":"sid-1",)"
                R"("client":"8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101"},)"
                R"("source":{"address":"203.0.113.9"},)"
                R"("client":{"program":"claude-cli","version":"2.1.329","surface":"cli",)"
                R"("session":"s-1"},)"
                R"("request":{"method":"POST","path":"/v1/messages","model":"claude-sonnet-5",)"
                R"("stream":true,"bytes":2048,"max_tokens":1024,"tools":["Bash","Read"],)"
                R"("betas":["claude-code-20250219","context-1m-2025-08-07"]},)"
                R"("decision":{"reason":"allowed"},)"
                R"("route":{"upstream":"foundry","deployment":"sonnet-prod"}})");
  auto tail = lines[2].substr(lines[2].find(R"("id":)"));
  EXPECT_EQ(tail, R"("id":")" + id +
                      R"(","opened":2,"status":200,"outcome":"complete",)"
                      R"("attempts":[{"upstream":"foundry","deployment":"sonnet-prod",)"
                      R"("status":200}],"request_id":"req_011CSHoEeqs5C35K2UUqR7Fy",)"
                      R"("apim_request_id":"4f2d2e7e-6c0e-4b69-8a64-0f9ad4a5d0c6",)"
                      R"("stop_reason":"tool_use","first_byte_us":412000,"duration_us":2815000,)"
                      R"("bytes":18342,"usage":{"input":412,"output":187,"cache_write_5m":1832,)"
                      R"("cache_write_1h":0,"cache_read":21504,"thinking":61,"exact":true}})");
}

TEST_F(ChainTest, WritesRefusalsAnswersAndEventsOfKnownPersons) {
  start();
  auto id = request_id(7);
  auto base = opened(id, now());
  Refused refused{id,  now(),          base.person, base.source,   base.client, base.request,
                  403, "role.missing", "roles",     "Claude.User", "Reader",    {}};
  Answered answered{id, now(), base.person, base.source, base.client, base.request, 200};
  Detail details[] = {{"sha256", "abc"}, {"line", std::int64_t{3}}};
  EXPECT_TRUE(chain->append_refused(refused));
  EXPECT_TRUE(chain->append_answered(answered));
  EXPECT_TRUE(chain->append_event({"configuration", now(), details}));
  ASSERT_TRUE(chain->flush());
  auto lines = lines_of(folder.path(), *chain);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_NE(lines[1].find(R"("status":403,"reason":"role.missing","claim":"roles",)"
                          R"("expected":"Claude.User","got":"Reader"})"),
            std::string::npos);
  EXPECT_TRUE(lines[2].ends_with(R"("status":200})"));
  EXPECT_TRUE(
      lines[3].ends_with(R"("event":"configuration","details":{"sha256":"abc","line":3}})"));
}

TEST_F(ChainTest, TakesAllRecordsOfATurnInOneWrite) {
  start();
  auto before = process->instruments.writes.value();
  for (unsigned i = 0; i < 10; ++i) {
    ASSERT_TRUE(chain->append_opened(opened(request_id(i), now())));
  }
  EXPECT_TRUE(chain->pending());
  ASSERT_TRUE(chain->flush());
  EXPECT_FALSE(chain->pending());
  EXPECT_EQ(process->instruments.writes.value() - before, 1U);
  EXPECT_EQ(process->instruments.records.value(), 11U);
}

TEST_F(ChainTest, KeepsTheLongestLinesWithinTheirLimits) {
  start(1 << 20);
  std::string nasty(4000, '\x01');  // six bytes each in JSON
  std::vector<std::string_view> many(500, nasty);
  auto id = request_id(1);
  auto record = opened(id, now());
  for (auto* text :
       {&record.person.issuer,     &record.person.tenant,       &record.person.object_id,
        &record.person.token_kind, &record.person.token_id,     &record.person.session_id,
        &record.person.client,     &record.source.address,      &record.client.program,
        &record.client.version,    &record.client.surface,      &record.client.session,
        &record.client.agent,      &record.client.parent_agent, &record.client.prompt,
        &record.request.method,    &record.request.path,        &record.request.model,
        &record.decision.policy,   &record.decision.reason,     &record.route.upstream,
        &record.route.deployment}) {
    *text = nasty;
  }
  record.person.groups = record.source.proxies = record.request.tools = record.request.betas = many;
  ASSERT_TRUE(chain->append_opened(record));
  Refused refused{id,  now(), record.person, record.source, record.client, record.request,
                  403, nasty, nasty,         nasty,         nasty,         nasty};
  ASSERT_TRUE(chain->append_refused(refused));
  std::string name(60, 'n');
  std::vector<Detail> details(100, Detail(name, nasty));
  ASSERT_TRUE(chain->append_event({nasty, now(), details}));

  auto end = closed(nasty, ~0ULL >> 1, now());
  Usage usage{.input = INT64_MAX,
              .output = INT64_MAX,
              .cache_write_5m = INT64_MAX,
              .cache_write_1h = INT64_MAX,
              .cache_read = INT64_MAX,
              .thinking = INT64_MAX,
              .web_searches = INT64_MAX,
              .exact = false,
              .malformed = true};
  std::vector<Attempt> attempts(9, Attempt{nasty, nasty, INT32_MIN, nasty});
  end.attempts = attempts;
  // The names are the providers' rows', of 20 bytes at most.
  std::vector<ProviderId> nasty_ids(9, ProviderId{"twenty_bytes_long_id", nasty});
  end.provider_ids = nasty_ids;
  end.stop_reason = end.error_type = nasty;
  end.revocation = nasty;
  end.outcome = Outcome::kCutByRevocation;
  end.status = INT32_MIN;
  end.first_byte_us = end.duration_us = end.bytes = INT64_MAX;
  end.usage = &usage;
  chain->append_closed(end);
  ASSERT_TRUE(chain->flush());
  // By hand: these ids are nasty too, so the checker has its own opinion of them.
  auto chains = list_chains(folder.path());
  std::vector<std::size_t> sizes;
  for (const auto& segment : chains->front().segments) {
    (void)read_segment(segment.path, [&](std::string_view line) {
      sizes.push_back(line.size());
      return true;
    });
  }
  ASSERT_EQ(sizes.size(), 5U);
  for (auto size : sizes) EXPECT_LE(size, kMaxLineBytes);
  EXPECT_GT(sizes[1], 64U << 10);  // or the test has lost its sting
  // The frame may grow: 19 more digits of sequence, 63 more letters of node, 15 of worker.
  EXPECT_LE(sizes[4] + 1 + 18 + 58 + 15, kClosedLineBytes);
  EXPECT_GT(sizes[4], kClosedLineBytes * 3 / 4);
}

TEST_F(ChainTest, CutsLongTextsAtCharactersAndSaysHowMuchIsMissing) {
  start();
  auto id = request_id(1);
  auto record = opened(id, now());
  std::string model(255, 'm');
  model += "\xc3\xa9" + std::string(43, 'x');  // the character straddles the limit
  record.request.model = model;
  std::vector<std::string_view> tools(70, "Bash");
  record.request.tools = tools;
  ASSERT_TRUE(chain->append_opened(record));
  ASSERT_TRUE(chain->flush());
  auto line = lines_of(folder.path(), *chain)[1];
  EXPECT_NE(line.find(std::string(255, 'm') + "...[+45]\""), std::string::npos) << line;
  EXPECT_NE(line.find("\"Bash\",\"...[+6]\"]"), std::string::npos) << line;
}

TEST_F(ChainTest, GoesOnInTheNextSegmentWithoutLosingALine) {
  start(16 << 10);
  std::vector<std::pair<std::string, std::uint64_t>> running;
  unsigned number = 0;
  for (int turn = 0; turn < 60; ++turn) {
    for (int i = 0; i < 3; ++i) {
      auto id = request_id(++number);
      if (!chain->append_opened(opened(id, now()))) continue;
      running.emplace_back(id, chain->appended_sequence());
    }
    while (running.size() > 2) {
      chain->append_closed(closed(running.front().first, running.front().second, now()));
      running.erase(running.begin());
    }
    ASSERT_TRUE(chain->flush());
    process->clock.advance(std::chrono::milliseconds(1));
  }
  while (!running.empty()) {
    chain->append_closed(closed(running.front().first, running.front().second, now()));
    running.erase(running.begin());
  }
  ASSERT_TRUE(chain->close(now()));
  auto lines = lines_of(folder.path(), *chain);
  auto segments = count_of(lines, R"("event":"segment")");
  EXPECT_GT(segments, 5U);
  EXPECT_GT(count_of(lines, R"("type":"opened")"), 150U);
  EXPECT_EQ(count_of(lines, R"("type":"opened")"), count_of(lines, R"("type":"closed")"));
  EXPECT_TRUE(lines.back().ends_with(R"("event":"stop","open":0})"));
  // The zero fill is gone, and so is the spare segment.
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    if (file.path().extension() != ".jsonl") continue;
    EXPECT_TRUE(slurp(file.path()).ends_with("}\n")) << file.path();
  }
}

TEST_F(ChainTest, EachSegmentButTheFirstBeginsWithTheOldestOpenRequest) {
  start(16 << 10);
  auto oldest = request_id(1);
  ASSERT_TRUE(chain->append_opened(opened(oldest, now())));
  auto sequence = chain->appended_sequence();
  unsigned number = 1;
  auto fill = [&] {
    for (int i = 0; i < 30; ++i) {
      auto id = request_id(++number);
      ASSERT_TRUE(chain->append_opened(opened(id, now())));
      chain->append_closed(closed(id, chain->appended_sequence(), now()));
      ASSERT_TRUE(chain->flush());
    }
  };
  fill();
  chain->append_closed(closed(oldest, sequence, now()));
  fill();
  auto chains = list_chains(folder.path());
  std::vector<std::pair<std::uint64_t, std::uint64_t>> begins;  // sequence, open from
  for (const auto& segment : chains->front().segments) {
    (void)read_segment(segment.path, [&](std::string_view text) {
      Line line;
      EXPECT_TRUE(parse_line(text, line));
      if (segment.name.number > 1) {
        EXPECT_TRUE(line.is_event("segment")) << text;
        begins.emplace_back(line.sequence, line.open_from);
      }
      return false;
    });
  }
  ASSERT_GT(begins.size(), 4U);
  EXPECT_EQ(begins.front().second, 1U);                  // the first segment has the oldest request
  EXPECT_EQ(begins.back().second, begins.back().first);  // nothing is open from before
}

TEST_F(ChainTest, TakesSegmentsOfAnotherSizeFromThenOnAndLosesNoEnd) {
  start(64 << 10);
  constexpr std::size_t kSizes[] = {16 << 10, 64 << 10, 32 << 10, 128 << 10};
  std::vector<std::pair<std::string, std::uint64_t>> open;
  std::size_t let_in = 0;
  auto end_one = [&] {
    chain->append_closed(closed(open.front().first, open.front().second, now()));
    open.erase(open.begin());
  };
  for (unsigned i = 0; i < 2000; ++i) {
    if (i % 7 == 0) process->segment_bytes = kSizes[i / 7 % std::size(kSizes)];
    auto id = request_id(i);
    // Many stay open, so that their ends need room in a spare that has another size.
    if (chain->append_opened(opened(id, now()))) {
      ++let_in;
      open.emplace_back(id, chain->appended_sequence());
    } else {
      ASSERT_FALSE(open.empty());
      end_one();
    }
    while (open.size() > 8 + i % 5) end_one();
    ASSERT_TRUE(chain->flush());
  }
  while (!open.empty()) end_one();
  ASSERT_TRUE(chain->flush());
  auto lines = lines_of(folder.path(), *chain);
  EXPECT_EQ(count_of(lines, R"("type":"opened")"), let_in);
  EXPECT_EQ(count_of(lines, R"("type":"closed")"), let_in);
  process->segment_bytes = 256 << 10;
  auto is_there = [&] {
    const auto chains = chains_in(folder.path());
    for (const auto& segment : chains.front().segments) {
      if (std::filesystem::file_size(segment.path) == process->segment_bytes) return true;
    }
    return false;
  };
  for (unsigned i = 0; i < 2000 && !is_there(); ++i) {
    if (chain->append_opened(opened(request_id(i), now()))) {
      chain->append_closed(closed(request_id(i), chain->appended_sequence(), now()));
    }
    ASSERT_TRUE(chain->flush());
  }
  EXPECT_TRUE(is_there());
}

TEST_F(ChainTest, OneProcessWritesADirectory) {
  start();
  Process second(folder.path());
  ASSERT_FALSE(second.directory);
  EXPECT_EQ(second.directory.error().code, "audit.locked");
  EXPECT_NE(second.directory.error().message.find(std::to_string(::getpid())), std::string::npos);
  chain.reset();
  process.reset();
  Process third(folder.path());
  EXPECT_TRUE(third.directory);
}

TEST_F(ChainTest, RefusesADirectoryThatOthersMayWrite) {
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  Process open(folder.path());
  ASSERT_FALSE(open.directory);
  EXPECT_EQ(open.directory.error().code, "audit.directory");
  Process missing(folder.path() / "a" / "b");
  ASSERT_FALSE(missing.directory);
  Process fresh(folder.path() / "fresh");
  ASSERT_TRUE(fresh.directory);
  auto mode = std::filesystem::status(folder.path() / "fresh").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_all);
}

TEST_F(ChainTest, AReaderSeesThatTheChainIsLiveAndLaterThatItIsNot) {
  start();
  EXPECT_TRUE(chains_in(folder.path()).front().live);
  EXPECT_FALSE(slurp(chains_in(folder.path()).front().segments[0].path).empty());
  EXPECT_TRUE(chains_in(folder.path()).front().live) << "a reader's close must not unlock it";
  chain.reset();
  EXPECT_FALSE(chains_in(folder.path()).front().live);
}

}  // namespace
}  // namespace sallyport::audit
