#include "usage/token_meter.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <iterator>
#include <string>

#include "http/event_stream.h"

namespace sallyport::usage {
namespace {

std::string sample(const std::string& name) {
  std::ifstream file(SALLYPORT_TESTDATA "/samples/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

Usage meter_stream(std::string_view text, bool ended_properly = true) {
  http::EventStreamSplitter splitter;
  TokenMeter meter;
  splitter.feed(text);
  while (const http::StreamEvent* event = splitter.next()) meter.on_event(event->name, event->data);
  return meter.finish(ended_properly);
}

Usage meter_body(std::string_view body, bool ended_properly = true) {
  TokenMeter meter;
  meter.on_json_body(body);
  return meter.finish(ended_properly);
}

std::string event(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}

std::string start(std::string_view usage) {
  return event("message_start", R"({"type":"message_start","message":{"id":"msg_1","model":"m",)" +
                                    (R"("usage":)" + std::string(usage) + "}}"));
}

std::string delta(std::string_view usage, std::string_view stop_reason = "\"end_turn\"") {
  return event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":)" +
                                    std::string(stop_reason) + R"(},"usage":)" +
                                    std::string(usage) + "}");
}

const std::string kStop = event("message_stop", R"({"type":"message_stop"})");

TEST(TokenMeter, ReadsFromEverySampleWhatItsAuthorsExpect) {
  simdjson::dom::parser parser;
  const simdjson::padded_string text(sample("expected-usage.json"));
  simdjson::dom::object cases;
  ASSERT_EQ(parser.parse(text).get(cases), simdjson::SUCCESS);
  int checked = 0;
  for (const auto& field : cases) {
    const std::string name(field.key);
    const simdjson::dom::element expected = field.value;
    const bool stream = name.ends_with(".sse");
    if (!stream && !name.ends_with(".http")) continue;
    SCOPED_TRACE(name);
    const std::string answer = sample(name);
    const Usage usage = stream ? meter_stream(answer, name[1] != '6')
                               : meter_body(answer.substr(answer.find("\n\n") + 2));
    const auto number = [expected](std::string_view key, std::uint64_t otherwise) {
      std::uint64_t value = otherwise;
      return expected[key].get(value) == simdjson::SUCCESS ? value : otherwise;
    };
    const auto string = [expected](std::string_view key, std::string_view otherwise) {
      std::string_view value;
      return expected[key].get(value) == simdjson::SUCCESS ? value : otherwise;
    };
    bool complete = true;
    if (expected["complete"].get(complete) != simdjson::SUCCESS) complete = true;
    EXPECT_EQ(usage.complete, complete);
    EXPECT_EQ(usage.estimated, !complete);
    EXPECT_FALSE(usage.malformed);
    EXPECT_EQ(usage.input, number("input", 0));
    EXPECT_EQ(usage.cache_read, number("cache_read", 0));
    EXPECT_EQ(usage.cache_write_5m, number("cache_write_5m", 0));
    EXPECT_EQ(usage.cache_write_1h, number("cache_write_1h", 0));
    EXPECT_EQ(usage.thinking, number("thinking_part_of_output", 0));
    EXPECT_EQ(usage.web_searches, number("web_search_requests", 0));
    EXPECT_EQ(usage.total_input(), number("total_input", usage.total_input()));
    EXPECT_EQ(usage.stop_reason, string("stop_reason", usage.stop_reason));
    EXPECT_EQ(usage.error_type, string("error", ""));
    // The non-stream sample's price list name is the short form of the model that answered.
    if (complete) {
      EXPECT_EQ(usage.output, number("output", 0));
      EXPECT_TRUE(usage.model.starts_with(string("model", ""))) << usage.model;
    }
    ++checked;
  }
  EXPECT_EQ(checked, 7);
}

TEST(TokenMeter, EstimatesACutStreamFromItsCharacters) {
  EXPECT_EQ(meter_stream(sample("05-stream-error-midway.response.sse")).output, 44U / 4);
  // 44 + 40 characters of thinking, 27 + 39 of text, among them five beyond ASCII.
  const Usage cut = meter_stream(sample("06-stream-cut-off.response.sse"), false);
  EXPECT_EQ(cut.output, (44U + 40 + 27 + 39) / 4);
  EXPECT_TRUE(cut.estimated);
  EXPECT_EQ(cut.message_id, "msg_01Ygx5v2example0000BBBB");
}

TEST(TokenMeter, KeepsTheLastCountWhereItIsLargerThanTheEstimate) {
  const Usage usage = meter_stream(start(R"({"input_tokens":5,"output_tokens":1})") +
                                   delta(R"({"output_tokens":90})", "null"));
  EXPECT_EQ(usage.output, 90U);
  EXPECT_TRUE(usage.estimated) << "more may have come after this frame";
  EXPECT_FALSE(usage.complete);
}

TEST(TokenMeter, TrustsAFinalCountThoughTheStopIsMissing) {
  const Usage usage = meter_stream(start(R"({"input_tokens":5,"output_tokens":1})") +
                                   delta(R"({"output_tokens":9})"));
  EXPECT_EQ(usage.output, 9U);
  EXPECT_FALSE(usage.estimated);
  EXPECT_FALSE(usage.complete);
}

TEST(TokenMeter, TakesTheLargestOfEachNumberAndNeverASum) {
  const Usage usage = meter_stream(
      start(R"({"input_tokens":10,"output_tokens":3,"cache_read_input_tokens":7})") +
      delta(R"({"input_tokens":0,"output_tokens":20,"cache_read_input_tokens":0})", "null") +
      delta(R"({"input_tokens":15,"output_tokens":18})") + kStop);
  EXPECT_EQ(usage.input, 15U);
  EXPECT_EQ(usage.output, 20U);
  EXPECT_EQ(usage.cache_read, 7U);
  EXPECT_TRUE(usage.complete);
}

TEST(TokenMeter, CountsUnsplitCacheWritesAsFiveMinutes) {
  const auto writes = [](const std::string& first, const std::string& second) {
    const Usage usage = meter_stream(start(first) + delta(second) + kStop);
    return std::pair(usage.cache_write_5m, usage.cache_write_1h);
  };
  const std::string none = R"({"input_tokens":1,"output_tokens":1})";
  const std::string total = R"({"output_tokens":1,"cache_creation_input_tokens":600})";
  const std::string split = R"({"output_tokens":1,"cache_creation_input_tokens":600,)"
                            R"("cache_creation":{"ephemeral_5m_input_tokens":200,)"
                            R"("ephemeral_1h_input_tokens":400}})";
  EXPECT_EQ(writes(none, total), std::pair(600UL, 0UL));
  EXPECT_EQ(writes(none, split), std::pair(200UL, 400UL));
  EXPECT_EQ(writes(split, total), std::pair(200UL, 400UL));
  EXPECT_EQ(writes(total, split), std::pair(200UL, 400UL));
  EXPECT_EQ(writes(none, R"({"output_tokens":1,"cache_creation":{"ephemeral_1h_input_tokens":4}})"),
            std::pair(0UL, 4UL));
  EXPECT_EQ(writes(none, R"({"output_tokens":1,"cache_creation":{"ephemeral_5m_input_tokens":3}})"),
            std::pair(3UL, 0UL));
}

TEST(TokenMeter, FlagsNumbersThatAreNoneAndKeepsTheRest) {
  for (const std::string wrong : {R"("12")", "-3", "1.5", "1e3", "true", "[1]", "{\"a\":1}",
                                  "99999999999999999999", "1000000000001"}) {
    SCOPED_TRACE(wrong);
    const Usage usage = meter_stream(start(R"({"input_tokens":)" + wrong +
                                           R"(,"cache_read_input_tokens":8,"output_tokens":2})") +
                                     delta(R"({"output_tokens":5})") + kStop);
    EXPECT_TRUE(usage.malformed);
    EXPECT_EQ(usage.input, 0U);
    EXPECT_EQ(usage.cache_read, 8U);
    EXPECT_EQ(usage.output, 5U);
    EXPECT_TRUE(usage.complete);
  }
  const Usage usage = meter_stream(start(R"({"input_tokens":1,"cache_read_input_tokens":null,)"
                                         R"("cache_creation":null,"output_tokens":2})") +
                                   delta(R"({"output_tokens":5,"server_tool_use":null})") + kStop);
  EXPECT_FALSE(usage.malformed) << "null is how the provider writes an absent count";
}

TEST(TokenMeter, FlagsFramesThatCannotBeReadAndGoesOn) {
  const std::string good = start(R"({"input_tokens":1,"output_tokens":2})");
  const std::string end = delta(R"({"output_tokens":5})") + kStop;
  EXPECT_FALSE(meter_stream(good + end).malformed);
  for (const std::string& wrong :
       {event("message_start", R"({"type":"message_start"})"),
        event("message_start", R"({"type":"message_start","message":{"usage":7}})"),
        event("message_delta", R"({"type":"message_delta","usage":{"output_tokens":3)"),
        event("message_delta", R"({"type":"message_delta"})"), event("message_delta", "[]"),
        event("message_delta", ""), event("error", "no JSON")}) {
    const Usage usage = meter_stream(good + wrong + end);
    EXPECT_TRUE(usage.malformed) << wrong;
    EXPECT_EQ(usage.output, 5U) << wrong;
    EXPECT_EQ(usage.input, 1U) << wrong;
  }
}

TEST(TokenMeter, RecordsErrorsOfAnyShape) {
  EXPECT_EQ(
      meter_stream(event("error", R"({"type":"error","error":{"type":"api_error"}})")).error_type,
      "api_error");
  EXPECT_EQ(meter_stream(event("error", R"({"error":{"code":"429","message":"x"}})")).error_type,
            "429");
  EXPECT_EQ(meter_stream(event("error", R"({"error":"x"})")).error_type, "unknown");
  EXPECT_EQ(meter_body(R"({"type":"error","error":{"type":"not_found_error"}})").error_type,
            "not_found_error");
  const Usage usage = meter_body(R"({"error":{"code":"DeploymentNotFound","message":"x"}})");
  EXPECT_EQ(usage.error_type, "DeploymentNotFound");
  EXPECT_FALSE(usage.complete);
  EXPECT_FALSE(usage.estimated);
  EXPECT_FALSE(usage.malformed);
}

TEST(TokenMeter, ChargesNothingForAStreamThatNeverStarted) {
  const Usage usage = meter_stream(event("error", R"({"type":"error","error":{"type":"x"}})"));
  EXPECT_EQ(usage.total_input(), 0U);
  EXPECT_EQ(usage.output, 0U);
  EXPECT_FALSE(usage.estimated);
}

TEST(TokenMeter, CountsDeltasInEverySpelling) {
  const auto characters = [](std::string_view name, std::string_view data) {
    TokenMeter meter;
    meter.on_event(name, data);
    return meter.characters();
  };
  const std::string_view name = "content_block_delta";
  EXPECT_EQ(
      characters(
          name,
          R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc"}})"),
      3U);
  EXPECT_EQ(
      characters(
          "",
          R"({"type":"content_block_delta","index":12,"delta":{"type":"thinking_delta","thinking":"a\n\u00e4"}})"),
      3U);
  EXPECT_EQ(
      characters(
          name,
          R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}})"),
      5U);
  EXPECT_EQ(
      characters(
          name,
          R"({"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"abc"}})"),
      0U);
  EXPECT_EQ(
      characters(
          name,
          R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc"},"more":1} )"),
      3U);
  EXPECT_EQ(
      characters(
          name,
          R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc","more":"text"}})"),
      3U);
  EXPECT_EQ(
      characters(
          name,
          R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc","thinking":"de"}})"),
      5U);
  EXPECT_EQ(
      characters(
          name,
          R"( { "index" : 0 , "delta" : { "text" : "abc" , "type" : "text_delta" } , "type" : "content_block_delta" } )"),
      3U);
  EXPECT_EQ(
      characters(
          "",
          R"({"index":0,"delta":{"text":"abc","type":"text_delta"},"type":"content_block_delta"})"),
      3U);
  EXPECT_EQ(characters(name, R"({"delta":{"te\u0078t":"abc"}})"), 3U);
  EXPECT_EQ(
      characters(
          name,
          R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc)"),
      0U);
  EXPECT_EQ(characters("ping", R"({"type":"ping","delta":{"text":"abc"}})"), 0U);
  EXPECT_EQ(characters("ping", R"({"text":"abc"})"), 0U);
}

TEST(TokenMeter, ReadsAWholeBodyAndEstimatesACutOne) {
  const std::string body = R"({"id":"msg_1","type":"message","role":"assistant","model":"m",)"
                           R"("content":[{"type":"text","text":"hello"}],"stop_reason":"end_turn",)"
                           R"("usage":{"input_tokens":3,"output_tokens":2}})";
  const Usage whole = meter_body(body);
  EXPECT_TRUE(whole.complete);
  EXPECT_FALSE(whole.estimated);
  EXPECT_EQ(whole.output, 2U);
  EXPECT_EQ(whole.stop_reason, "end_turn");
  const Usage cut = meter_body(body.substr(0, 100), false);
  EXPECT_FALSE(cut.complete);
  EXPECT_TRUE(cut.estimated);
  EXPECT_TRUE(cut.malformed);
  EXPECT_EQ(cut.output, 25U);
  const Usage late = meter_body(body.substr(0, body.size() - 1), false);
  EXPECT_FALSE(late.estimated) << "the cut came after the usage";
  EXPECT_EQ(late.output, 2U);
  const Usage page = meter_body("<html>Sign in</html>");
  EXPECT_TRUE(page.malformed);
  EXPECT_FALSE(page.estimated);
  EXPECT_EQ(page.output, 0U);
}

TEST(TokenMeter, CutsLongTextsAtACharacter) {
  const Usage usage = meter_body(R"({"id":"m","model":")" + std::string(255, 'x') +
                                 "\xc3\xa4\",\"usage\":{\"output_tokens\":1}}");
  EXPECT_EQ(usage.model, std::string(255, 'x'));
}

TEST(EventType, PrefersTheTypeThatStandsFirst) {
  EXPECT_EQ(event_type("ping", R"({"type":"message_stop"})"), "message_stop");
  EXPECT_EQ(event_type("ping", R"({ "type":"message_stop"})"), "ping");
  EXPECT_EQ(event_type("", R"({ "a":{"type":"x"}, "type" : "message_stop"})"), "message_stop");
  EXPECT_EQ(event_type("", R"({"type":7})"), "");
  EXPECT_EQ(event_type("", "[DONE]"), "");
}

}  // namespace
}  // namespace sallyport::usage
