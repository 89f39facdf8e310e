#include "http/event_stream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace sallyport::http {
namespace {

struct Seen {
  std::string raw, name, data;
  unsigned data_lines = 0;
  bool oversized = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};
void PrintTo(const Seen& seen, std::ostream* out) {
  *out << "{raw=" << seen.raw << " name=" << seen.name << " data=" << seen.data << "}";
}

struct Reading {
  std::vector<Seen> events;
  std::string rest;
};

Reading read(const std::vector<std::string>& chunks) {
  EventStreamSplitter splitter;
  Reading reading;
  const auto take = [&] {
    while (const StreamEvent* event = splitter.next()) {
      reading.events.push_back({std::string(event->raw), std::string(event->name),
                                std::string(event->data), event->data_lines, event->oversized});
    }
  };
  for (const std::string& chunk : chunks) {
    splitter.feed(chunk);
    take();
  }
  splitter.finish();
  take();
  reading.rest = splitter.unfinished();
  return reading;
}

std::vector<Seen> events(std::string text) {
  return read({std::move(text)}).events;
}

std::string sample(const std::string& name) {
  std::ifstream file(SALLYPORT_TESTDATA "/samples/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(EventStream, TakesNameAndDataFromTheFields) {
  EXPECT_EQ(events("event: ping\ndata: {\"type\":\"ping\"}\n\n"),
            (std::vector<Seen>{{"event: ping\ndata: {\"type\":\"ping\"}\n\n", "ping",
                                "{\"type\":\"ping\"}", 1, false}}));
}

TEST(EventStream, EndsLinesWithLfCrAndCrLfAlike) {
  for (const std::string_view end : {"\n", "\r", "\r\n"}) {
    const std::string one = fmt::format("event: a{0}data: 1{0}{0}", end);
    const std::string two = fmt::format(": note{0}data: 2{0}data: 3{0}{0}", end);
    EXPECT_EQ(events(one + two),
              (std::vector<Seen>{{one, "a", "1", 1, false}, {two, "", "2\n3", 2, false}}));
  }
}

TEST(EventStream, DropsOneSpaceAfterTheColonAndNoMore) {
  EXPECT_EQ(events("data:a\n\n")[0].data, "a");
  EXPECT_EQ(events("data: a\n\n")[0].data, "a");
  EXPECT_EQ(events("data:  a \n\n")[0].data, " a ");
  EXPECT_EQ(events("data:\ta\n\n")[0].data, "\ta");
}

TEST(EventStream, KnowsOddFieldsOfTheStandard) {
  // WHATWG HTML 9.2.6: a field without a colon has an empty value; other fields are ignored; names
  // are compared exactly; the last event field counts.
  const auto seen =
      events("data\ndata\nid: 7\nretry: 1\nDATA: x\n data: y\nevent: a\nevent: b\n\n");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].data, "\n");
  EXPECT_EQ(seen[0].data_lines, 2U);
  EXPECT_EQ(seen[0].name, "b");
}

TEST(EventStream, GivesBlankLinesAndCommentsAsEventsWithoutData) {
  EXPECT_EQ(events("\n\r\n: keep-alive\n\n"),
            (std::vector<Seen>{{"\n", "", "", 0, false},
                               {"\r\n", "", "", 0, false},
                               {": keep-alive\n\n", "", "", 0, false}}));
}

TEST(EventStream, LooksPastAByteOrderMarkAtTheStartOnly) {
  const std::string mark = "\xef\xbb\xbf";
  EXPECT_EQ(events(mark + "data: a\n\n" + mark + "data: b\n\n"),
            (std::vector<Seen>{{mark + "data: a\n\n", "", "a", 1, false},
                               {mark + "data: b\n\n", "", "", 0, false}}));
  EXPECT_EQ(events(mark + "\ndata: a\n\n")[1].data, "a");
  EXPECT_EQ(events("\xef\xbbxdata: a\n\n")[0].data, "");
  EXPECT_EQ(events("\xef\xbb\ndata: a\n\n").size(), 1U) << "half a mark is a line";
}

TEST(EventStream, LeavesTheEventThatTheEndCutsOff) {
  const Reading reading = read({"data: a\n\ndata: b\n"});
  EXPECT_EQ(reading.events.size(), 1U);
  EXPECT_EQ(reading.rest, "data: b\n");
}

TEST(EventStream, WaitsForTheLineFeedThatBelongsToACarriageReturn) {
  EventStreamSplitter splitter;
  splitter.feed("data: a\r\n\r");
  EXPECT_EQ(splitter.next(), nullptr);
  EXPECT_FALSE(splitter.between_events());
  splitter.feed("\ndata: b\r\n\r");
  const StreamEvent* event = splitter.next();
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->raw, "data: a\r\n\r\n");
  EXPECT_EQ(event->end, 1U);
  EXPECT_EQ(splitter.carried(), "data: a\r\n\r");
  EXPECT_EQ(splitter.next(), nullptr);
  splitter.finish();
  event = splitter.next();
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->raw, "data: b\r\n\r");
  EXPECT_EQ(splitter.next(), nullptr);
  EXPECT_TRUE(splitter.between_events());
}

TEST(EventStream, TellsWhatIsUnfinishedAndWhatEarlierChunksBrought) {
  EventStreamSplitter splitter;
  EXPECT_TRUE(splitter.between_events());
  splitter.feed("data: a\n\ndat");
  ASSERT_NE(splitter.next(), nullptr);
  EXPECT_EQ(splitter.next(), nullptr);
  EXPECT_EQ(splitter.unfinished(), "dat");
  EXPECT_FALSE(splitter.between_events());
  splitter.feed("a: b\n");
  EXPECT_EQ(splitter.next(), nullptr);
  EXPECT_EQ(splitter.carried(), "dat");
  EXPECT_EQ(splitter.unfinished(), "data: b\n");
  splitter.feed("\ndata: c");
  const StreamEvent* event = splitter.next();
  ASSERT_NE(event, nullptr);
  const std::string_view raw = event->raw;
  EXPECT_EQ(splitter.next(), nullptr);
  EXPECT_EQ(raw, "data: b\n\n") << "stays until the next chunk";
  EXPECT_EQ(splitter.carried(), "data: b\n");
  EXPECT_EQ(splitter.unfinished(), "data: c");
}

std::string stream_of_all_kinds() {
  return std::string("\xef\xbb\xbf") + sample("07-stream-crlf-comments-multiline.response.sse") +
         sample("02-stream.response.sse") + "\r\rdata: x\rdata: y\r\r\n\n: c\r\n\r\n" +
         sample("06-stream-cut-off.response.sse");
}

TEST(EventStream, DoesNotDependOnWhereTheChunksAreCut) {
  const std::string text = stream_of_all_kinds();
  const Reading whole = read({text});
  std::string joined;
  for (const Seen& event : whole.events) joined += event.raw;
  EXPECT_EQ(joined + whole.rest, text);
  EXPECT_GT(whole.events.size(), 40U);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const Reading two = read({text.substr(0, cut), text.substr(cut)});
    ASSERT_EQ(two.events, whole.events) << "cut at " << cut;
    ASSERT_EQ(two.rest, whole.rest) << "cut at " << cut;
  }
  std::mt19937 random(1);
  for (const std::size_t longest : {1U, 2U, 3U, 7U, 50U, 400U}) {
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < text.size();) {
      chunks.push_back(text.substr(at, random() % (longest + 1)));
      at += chunks.back().size();
    }
    const Reading many = read(chunks);
    ASSERT_EQ(many.events, whole.events) << longest;
    ASSERT_EQ(many.rest, whole.rest) << longest;
  }
}

TEST(EventStream, PassesAnOversizedEventWithoutContent) {
  const auto event_of = [](std::size_t size) {
    return "data: " + std::string(size - 8, 'x') + "\n\n";
  };
  const std::string largest = event_of(EventStreamSplitter::kMaxEvent);
  const std::string larger = event_of(EventStreamSplitter::kMaxEvent + 1);
  EXPECT_EQ(events(largest)[0].raw, largest);
  const std::string text = "data: a\n\n" + larger + "data: b\n\n";
  const std::vector<Seen> expected{{"data: a\n\n", "", "a", 1, false},
                                   {"", "", "", 0, true},
                                   {"data: b\n\n", "", "b", 1, false}};
  EXPECT_EQ(events(text), expected);
  for (const std::size_t size : {std::size_t{1000}, std::size_t{65536}, larger.size()}) {
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < text.size(); at += size) chunks.push_back(text.substr(at, size));
    EXPECT_EQ(read(chunks).events, expected) << size;
  }
}

TEST(EventStream, GivesTheCarriedBytesOfAnEventThatBecomesOversized) {
  EventStreamSplitter splitter;
  const std::string half(EventStreamSplitter::kMaxEvent, 'x');
  splitter.feed(half);
  EXPECT_EQ(splitter.next(), nullptr);
  EXPECT_EQ(splitter.unfinished().size(), half.size());
  splitter.feed("y");
  EXPECT_EQ(splitter.next(), nullptr);
  EXPECT_EQ(splitter.carried().size(), half.size());
  EXPECT_EQ(splitter.unfinished(), "");
  EXPECT_FALSE(splitter.between_events());
  splitter.feed("\n\n");
  EXPECT_EQ(splitter.carried(), "");
  const StreamEvent* event = splitter.next();
  ASSERT_NE(event, nullptr);
  EXPECT_TRUE(event->oversized);
  EXPECT_EQ(event->end, 2U);
}

TEST(EventStream, FindsTheRawPlaceOfEveryDataByte) {
  for (const std::string raw : {"\xef\xbb\xbf: c\r\ndata: ab\r\nid: 1\r\ndata:\r\ndata:cd\r\n\r\n",
                                "event: e\ndata: abcd\n\n", "data: a\rdata: b\rdata: c\r\r"}) {
    EventStreamSplitter splitter;
    const std::string text = raw + "\n";  // a lone CR at the end waits for what follows
    splitter.feed(text);
    const StreamEvent* event = splitter.next();
    ASSERT_NE(event, nullptr);
    for (std::size_t i = 0; i < event->data.size(); ++i) {
      if (event->data[i] == '\n') continue;
      EXPECT_EQ(event->raw[raw_offset(*event, i)], event->data[i]) << raw << i;
    }
  }
}

TEST(EventStream, GivesAPlaceToDataWithoutAColon) {
  EventStreamSplitter splitter;
  splitter.feed("event: e\ndata\ndata\n\n");
  const StreamEvent* event = splitter.next();
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(raw_offset(*event, 0), 13U);
  EXPECT_EQ(raw_offset(*event, 1), 18U);
}

}  // namespace
}  // namespace sallyport::http
