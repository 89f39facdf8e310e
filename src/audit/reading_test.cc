// The pure parts of reading back: names, lines, the splitting of a segment.
#include <gtest/gtest.h>

#include "audit/line.h"
#include "audit/line_splitter.h"
#include "audit/segment_name.h"
#include "audit/test_bench.h"

namespace sallyport::audit {
namespace {

constexpr std::string_view kInstance = "01938000-0000-7000-8000-000000000001";
constexpr std::string_view kFrame =
    R"("prev":"0000000000000000000000000000000000000000000000000000000000000000",)"
    R"("time":"2026-11-21T00:00:00.000000Z","node":"n",)"
    R"("instance":"01938000-0000-7000-8000-000000000001","worker":"0")";

std::string line_with(std::string_view members) {
  return R"({"seq":7,)" + std::string(kFrame) + "," + std::string(members) + "}";
}

TEST(SegmentName, ComesBackAsItWasWritten) {
  FakeClock clock;
  auto text = format_segment_name(clock.wall(), kInstance, "main", 12);
  EXPECT_EQ(text, "20261121T000000.000000Z-01938000-0000-7000-8000-000000000001-main-000012.jsonl");
  auto name = parse_segment_name(text);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->instance, kInstance);
  EXPECT_EQ(name->worker, "main");
  EXPECT_EQ(name->number, 12U);
  auto large = format_segment_name(clock.wall(), kInstance, "0", 12'345'678);
  EXPECT_EQ(parse_segment_name(large)->number, 12'345'678U);
}

TEST(SegmentName, OtherFilesAreNoSegments) {
  std::string good = "20261121T000000.000000Z-01938000-0000-7000-8000-000000000001-0-000001.jsonl";
  ASSERT_TRUE(parse_segment_name(good));
  for (std::string_view bad :
       {"", "lock", ".jsonl", "20261121T000000.000000Z-.jsonl",
        "20261121T000000.000000Z-01938000-0000-7000-8000-00000000000G-0-000001.jsonl",
        "20261121T000000.000000Z-01938000-0000-7000-8000-000000000001-0-00001.jsonl",
        "20261121T000000.000000Z-01938000-0000-7000-8000-000000000001-0-0000001.jsonl",
        "20261121T000000.000000Z-01938000-0000-7000-8000-000000000001-0-000000.jsonl",
        "20261121T000000.000000Z-01938000-0000-7000-8000-000000000001-A-000001.jsonl",
        "20261121T000000.000000Z-01938000-0000-7000-8000-000000000001--000001.jsonl",
        "20261121T000000.000000Z-01938000-0000-7000-8000-000000000001-0.jsonl",
        "20261121T000000.000000Z-01938000-0000-7000-8000-000000000001-0-000001.json",
        "2026-121T000000.000000Z-01938000-0000-7000-8000-000000000001-0-000001.jsonl"}) {
    EXPECT_FALSE(parse_segment_name(bad)) << bad;
  }
}

TEST(Line, GivesTheFactsThatTheCheckNeeds) {
  Line line;
  auto text = line_with(R"("type":"opened","id":"x","person":{"issuer":"contoso"})");
  ASSERT_TRUE(parse_line(text, line));
  EXPECT_EQ(line.type, LineType::kOpened);
  EXPECT_EQ(line.sequence, 7U);
  EXPECT_EQ(line.instance, kInstance);
  EXPECT_EQ(line.id, "x");
  text = line_with(R"("type":"closed","id":"x","of":"c-0","opened":3,"outcome":"interrupted")");
  ASSERT_TRUE(parse_line(text, line));
  EXPECT_TRUE(line.interrupted());
  EXPECT_EQ(line.opened, 3U);
  text = line_with(R"("type":"event","event":"start","heads":[{"chain":"c-0","seq":9,"hash":")" +
                   std::string(64, 'a') + R"("}])");
  ASSERT_TRUE(parse_line(text, line));
  ASSERT_EQ(line.heads.size(), 1U);
  EXPECT_EQ(line.heads[0].sequence, 9U);
  text = line_with(R"("type":"event","event":"stop","open":0)");
  ASSERT_TRUE(parse_line(text, line));
  EXPECT_TRUE(line.heads.empty());
  text = line_with(R"("type":"of_a_later_version","more":[1,{}])");
  ASSERT_TRUE(parse_line(text, line));
  EXPECT_EQ(line.type, LineType::kOther);
}

TEST(Line, WhatIsNoRecordIsRefused) {
  Line line;
  auto good = line_with(R"("type":"opened","id":"x")");
  ASSERT_TRUE(parse_line(good, line));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parse_line(good.substr(0, size), line)) << size;
  }
  for (const auto& bad :
       {good + " x", good + "{}", "[" + good + "]", line_with(R"("type":"opened")"),
        line_with(R"("type":"closed","id":"x")"),
        line_with(R"("type":"closed","id":"x","outcome":"interrupted")"),
        line_with(R"("type":"closed","id":"x","outcome":"complete","of":"c-0")"),
        line_with(R"("type":"event")"), line_with(R"("type":"opened","id":"\u0041")"),
        line_with(R"("type":"opened","id":7)"), line_with(R"("type":"opened","id":"x","y":01)"),
        line_with("\"type\":\"opened\",\"id\":\"x\",\"y\":\"\xff\""),
        line_with(R"("type":"event","event":"start","heads":[{"chain":"c","seq":1,"hash":"a"}])"),
        line_with(R"("type":"event","event":"start","heads":{})"),
        std::string(R"({"type":"opened","id":"x"})")}) {
    EXPECT_FALSE(parse_line(bad, line)) << bad;
  }
}

struct Split {
  std::vector<std::string> lines;
  LineSplitter::End end;
  std::uint64_t content;
};

Split split(std::string_view bytes, std::size_t piece) {
  LineSplitter splitter;
  Split out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    splitter.feed(bytes.substr(at, piece), [&](std::string_view line) {
      out.lines.emplace_back(line);
      return true;
    });
  }
  out.end = splitter.end();
  out.content = splitter.content_end();
  return out;
}

TEST(LineSplitter, SeesTheSameInPiecesOfAnySize) {
  using namespace std::string_literals;
  using End = LineSplitter::End;
  struct Case {
    std::string bytes;
    std::vector<std::string> lines;
    End end;
  };
  for (const auto& c : std::vector<Case>{{"", {}, End::kWhole},
                                         {"a\nbc\n", {"a", "bc"}, End::kWhole},
                                         {"a\n\nb\n", {"a", "", "b"}, End::kWhole},
                                         {"a\nbc", {"a"}, End::kTorn},
                                         {"a\n\0\0\0"s, {"a"}, End::kWhole},
                                         {"a\nbc\0\0"s, {"a"}, End::kTorn},
                                         {"\0\0\0"s, {}, End::kWhole},
                                         {"a\n\0x"s, {"a"}, End::kGap},
                                         {"a\nb\0\0c\n"s, {"a"}, End::kGap},
                                         {"a\nb\0\n"s, {"a"}, End::kGap},
                                         {"a\n\0\0\0\0\0\0\0\n"s, {"a"}, End::kGap}}) {
    for (std::size_t piece = 1; piece <= c.bytes.size() + 1; ++piece) {
      auto got = split(c.bytes, piece);
      EXPECT_EQ(got.lines, c.lines) << piece;
      EXPECT_EQ(got.end, c.end) << piece << " " << c.bytes;
    }
  }
}

TEST(LineSplitter, StopsAtALineLongerThanAnyRecord) {
  std::string longest(kMaxLineBytes, 'x');
  EXPECT_EQ(split(longest + "\n", 4096).lines.size(), 1U);
  EXPECT_EQ(split(longest + "x\n", 4096).end, LineSplitter::End::kTooLong);
  EXPECT_EQ(split(longest + "x\n", 1 << 20).end, LineSplitter::End::kTooLong);
}

TEST(LineSplitter, BeginsAgainBehindTheLastLine) {
  using namespace std::string_literals;
  LineSplitter splitter;
  std::vector<std::string> lines;
  auto sink = [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  };
  splitter.feed("a\nb\0\0c\n"s, sink);
  ASSERT_EQ(splitter.end(), LineSplitter::End::kGap);
  splitter.again();
  EXPECT_EQ(splitter.lines_end(), 2U);
  splitter.feed("bbbc\n", sink);
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "bbbc"}));
  EXPECT_EQ(splitter.end(), LineSplitter::End::kWhole);
}

// The writer goes on, and on to the next segment, while this one is read.
TEST(ReadSegment, ShowsNoLaterSegmentWithoutAllOfThisOne) {
  TestFolder folder;
  ChainFiles chain;
  for (const char* name : {"1", "2"}) chain.segments.push_back({folder.path() / name, {}});
  spill(chain.segments[0].path, "a\n" + std::string(100, '\0'));
  spill(chain.segments[1].path, std::string(100, '\0'));
  std::vector<std::string> lines;
  auto sink = [&](std::string_view line) {
    lines.emplace_back(line);
    if (line == "a") {
      spill(chain.segments[0].path, "a\nb\n");
      spill(chain.segments[1].path, "c\n" + std::string(100, '\0'));
    }
    return true;
  };
  auto first = read_segment(chain, 0, sink);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->last);
  auto second = read_segment(chain, 1, sink);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->last);
  EXPECT_EQ(lines, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(WriteTime, IsWhatTheSlowOneSays) {
  FakeClock clock;
  for (int i = 0; i < 2000; ++i) {
    char out[kTimeChars];
    write_time(out, clock.wall());
    ASSERT_EQ(std::string_view(out, kTimeChars), format_time(clock.wall()));
    clock.advance(std::chrono::microseconds(7'919'123'457));
  }
}

}  // namespace
}  // namespace sallyport::audit
