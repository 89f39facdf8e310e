#include "gateway/answer_editor.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace sallyport::gateway {
namespace {

using usage::TokenMeter;
using usage::Usage;

constexpr upstream::RoutedModel kRename{.id = "claude-sonnet-5", .deployment = "our-sonnet"};
/// For the samples, in which the provider names the model `claude-...-5`.
constexpr upstream::RoutedModel kSampleRenames[] = {
    {.id = "team/sonnet \"x\"", .deployment = "claude-sonnet-5"},
    {.id = "team/opus", .deployment = "claude-opus-5"},
    {.id = "same", .deployment = "same"},
};

std::string sample(const std::string& name) {
  std::ifstream file(SALLYPORT_TESTDATA "/samples/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

auto fields(const Usage& u) {
  return std::tuple(u.input, u.output, u.cache_write_5m, u.cache_write_1h, u.cache_read, u.thinking,
                    u.web_searches, u.model, u.message_id, u.stop_reason, u.error_type, u.complete,
                    u.estimated, u.malformed);
}

struct Relayed {
  std::vector<std::string> sent;  ///< for each chunk, then at the end
  std::string all;
  Usage usage;
};

Relayed relay(const std::vector<std::string>& chunks,
              std::span<const upstream::RoutedModel> renames) {
  TokenMeter meter;
  AnswerEditor editor(renames, meter);
  Relayed out;
  const auto take = [&out](std::span<const std::string_view> pieces) {
    std::string& sent = out.sent.emplace_back();
    for (const std::string_view piece : pieces) {
      EXPECT_FALSE(piece.empty());
      sent += piece;
    }
    out.all += sent;
  };
  for (const std::string& chunk : chunks) {
    // A copy that goes away: a view that outlives its chunk is found by the address sanitizer.
    take(editor.feed(std::string(chunk)));
  }
  take(editor.finish());
  out.usage = meter.finish(true);
  return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

std::string start(std::string_view model) {
  return R"(event: message_start
data: {"type":"message_start","message":{"id":"msg_1","model":)" +
         std::string(model) + R"(,"usage":{"input_tokens":1,"output_tokens":1}}})" + "\n\n";
}

const std::string kPing = "event: ping\ndata: {\"type\":\"ping\"}\n\n";

std::vector<std::string> streams() {
  std::vector<std::string> all;
  for (const std::string name :
       {"02-stream", "03-stream-thinking-omitted-late-usage", "04-stream-web-search-unknown-event",
        "05-stream-error-midway", "06-stream-cut-off", "07-stream-crlf-comments-multiline"}) {
    all.push_back(sample(name + ".response.sse"));
  }
  const std::string done = all[0] + "data: [DONE]\n\n";
  all.push_back(done);
  all.push_back("data: [DONE]\r\n\r\n" + all[5] +
                "event: done\r\ndata:[DONE]\r\n\r\n: bye\r\n\r\n");
  all.push_back("\xef\xbb\xbf: hello\r\rdata: [DONE\rdata: ]\r\rdata: [DONE]\r\r" +
                start("\"claude-opus-5\"") + "data: [DONE] \n\ndata: [DONE]");
  all.push_back(
      "data: {\"type\":\"message_start\",\"message\":{\ndata: \"model\":\n"
      "data: \"claude-sonnet-5\",\ndata: \"usage\":{}}}\n\ndata: [DONE]\n\n");
  return all;
}

TEST(AnswerEditor, GivesTheSameForEveryWayToCutTheStream) {
  std::mt19937 random(2);
  for (const std::string& text : streams()) {
    for (const bool renaming : {false, true}) {
      const auto renames = renaming ? std::span<const upstream::RoutedModel>(kSampleRenames)
                                    : std::span<const upstream::RoutedModel>();
      const Relayed whole = relay({text}, renames);
      for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const Relayed two = relay({text.substr(0, cut), text.substr(cut)}, renames);
        ASSERT_EQ(two.all, whole.all) << "cut at " << cut;
        ASSERT_EQ(fields(two.usage), fields(whole.usage)) << "cut at " << cut;
      }
      for (const std::size_t longest : {1U, 2U, 5U, 40U, 300U}) {
        std::vector<std::string> chunks;
        for (std::size_t at = 0; at < text.size();) {
          chunks.push_back(text.substr(at, random() % (longest + 1)));
          at += chunks.back().size();
        }
        const Relayed many = relay(chunks, renames);
        ASSERT_EQ(many.all, whole.all) << longest;
        ASSERT_EQ(fields(many.usage), fields(whole.usage)) << longest;
      }
    }
  }
}

TEST(AnswerEditor, ChangesNothingButTheNamedEdits) {
  const std::vector<std::string> all = streams();
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(relay({all[i]}, {}).all, all[i]);
    // Undo the one edit: the input comes back, byte for byte.
    const bool opus = i == 1;
    EXPECT_EQ(replaced(relay({all[i]}, kSampleRenames).all,
                       opus ? "\"team/opus\"" : R"("team/sonnet \"x\"")",
                       opus ? "\"claude-opus-5\"" : "\"claude-sonnet-5\""),
              all[i]);
  }
  EXPECT_EQ(relay({all[6]}, {}).all, all[0]);
  EXPECT_EQ(relay({all[7]}, {}).all, all[5] + ": bye\r\n\r\n");
  EXPECT_EQ(relay({all[8]}, kSampleRenames).all, "\xef\xbb\xbf: hello\r\rdata: [DONE\rdata: ]\r\r" +
                                                     start("\"team/opus\"") +
                                                     "data: [DONE] \n\ndata: [DONE]");
  EXPECT_EQ(relay({all[9]}, kSampleRenames).all,
            "data: {\"type\":\"message_start\",\"message\":{\ndata: \"model\":\n"
            "data: \"team/sonnet \\\"x\\\"\",\ndata: \"usage\":{}}}\n\n");
}

TEST(AnswerEditor, RenamesOnlyTheModelOfTheFirstMessageStart) {
  const upstream::RoutedModel renames[] = {kRename};
  const std::string other =
      "data: {\"type\":\"content_block_delta\",\"message\":{\"model\":\"our-sonnet\"}}\n\n";
  const std::string edge = R"({"model":"our-sonnet"})";
  EXPECT_EQ(relay({other + start("\"our-sonnet\"") + other + start("\"our-sonnet\"")}, renames).all,
            other + start("\"claude-sonnet-5\"") + other + start("\"our-sonnet\""));
  EXPECT_EQ(relay({start("\"our-\\u0073onnet\"")}, renames).all, start("\"claude-sonnet-5\""));
  for (const std::string& same :
       {start("\"our-sonnet-2\""), start("\"claude-sonnet-5\""), start("7"),
        start("[\"our-sonnet\"]"), start(edge), start("\"x\",\"a\":{\"model\":\"our-sonnet\"}"),
        replaced(start("\"our-sonnet\""), "}}}", "}}")}) {
    EXPECT_EQ(relay({same}, renames).all, same);
  }
}

TEST(AnswerEditor, SendsEachEventWithItsLastByte) {
  const std::string text = kPing + start("\"x\"") + sample("02-stream.response.sse");
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  const Relayed relayed = relay(bytes, {});
  std::size_t sent = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sent += relayed.sent[i].size();
    const std::size_t end = text.rfind("\n\n", i == 0 ? 0 : i - 1);
    ASSERT_EQ(sent, end == std::string::npos ? 0 : end + 2) << i;
  }
  EXPECT_EQ(relayed.all, text);
}

TEST(AnswerEditor, SendsALargeEventAsItComes) {
  const std::string begin = "data: {\"x\":\"" + std::string(64 * 1024, 'x');
  const Relayed relayed = relay({kPing + begin, "y", "\"}\n\n"}, {});
  EXPECT_EQ(relayed.sent[0], kPing + begin);
  EXPECT_EQ(relayed.sent[1], "y");
  EXPECT_EQ(relayed.sent[2], "\"}\n\n");
}

TEST(AnswerEditor, RenamesAMessageStartThatComesInPieces) {
  const upstream::RoutedModel renames[] = {kRename};
  const std::string begin = start("\"our-sonnet\"");
  const Relayed relayed =
      relay({kPing, begin.substr(0, 90), begin.substr(90) + "data: {\"ty", "pe\""}, renames);
  EXPECT_EQ(relayed.sent[0], kPing);
  EXPECT_EQ(relayed.sent[1], "");
  EXPECT_EQ(relayed.sent[2], start("\"claude-sonnet-5\""));
  EXPECT_EQ(relayed.sent[3], "");
  EXPECT_EQ(relayed.sent[4], "data: {\"type\"");
}

TEST(AnswerEditor, SendsWhatItHoldsWhenTheStreamIsCutOff) {
  const upstream::RoutedModel renames[] = {kRename};
  for (const std::string& half :
       {std::string("data: [DO"), std::string("event: x\n"), start("\"our-sonnet\"").substr(0, 100),
        std::string("data: [DONE]\n")}) {
    const Relayed relayed = relay({kPing + half}, renames);
    EXPECT_EQ(relayed.all, kPing + half);
    EXPECT_EQ(relayed.sent.back(), half);
  }
  EXPECT_EQ(relay({"data: [DONE]\r\r"}, {}).all, "") << "complete, though a LF might have followed";
}

TEST(AnswerEditor, HoldsALargeMessageStartThatItMustRename) {
  const upstream::RoutedModel renames[] = {kRename};
  const std::string padding = "\",\"x\":\"" + std::string(200'000, 'x') + "\"";
  const std::string text = start("\"our-sonnet" + padding);
  std::vector<std::string> chunks;
  for (std::size_t at = 0; at < text.size(); at += 5000) chunks.push_back(text.substr(at, 5000));
  EXPECT_TRUE(relay(chunks, renames).all == start("\"claude-sonnet-5" + padding));
}

TEST(AnswerEditor, PassesEventsThatAreTooLargeToEdit) {
  const upstream::RoutedModel renames[] = {kRename};
  const std::string large = start("\"our-sonnet\",\"x\":\"" + std::string(1 << 20, 'x') + "\"");
  const std::string text = large + kPing + start("\"our-sonnet\"");
  const std::string expected = large + kPing + start("\"claude-sonnet-5\"");
  for (const std::size_t size : {std::size_t{5000}, std::size_t{1} << 19, text.size()}) {
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < text.size(); at += size) chunks.push_back(text.substr(at, size));
    const Relayed relayed = relay(chunks, renames);
    EXPECT_TRUE(relayed.all == expected) << size;
    EXPECT_TRUE(relayed.usage.malformed);
  }
  const std::string comment = ": " + std::string(2000, 'c') + "\ndata: [DONE]\n\n";
  EXPECT_EQ(relay({comment}, {}).all, comment);
  EXPECT_EQ(relay({comment.substr(0, 1500), comment.substr(1500)}, {}).all, comment);
}

TEST(AnswerEditor, KnowsWhereAnEventOfOursMayGo) {
  const upstream::RoutedModel renames[] = {kRename};
  TokenMeter meter;
  AnswerEditor editor(renames, meter);
  const auto feed = [&editor](std::string_view chunk) {
    std::size_t sent = 0;
    for (const std::string_view piece : editor.feed(chunk)) sent += piece.size();
    return std::pair(sent, editor.at_event_boundary());
  };
  const std::string begin = start("\"x\"");
  EXPECT_TRUE(editor.at_event_boundary());
  EXPECT_EQ(feed(begin.substr(0, 50)), std::pair(std::size_t{0}, true))
      << "held, so nothing is open";
  EXPECT_EQ(feed(begin.substr(50)), std::pair(begin.size(), true));
  EXPECT_EQ(feed("event: ping\nda"), std::pair(std::size_t{0}, true));
  EXPECT_EQ(feed("ta: {"), std::pair(std::size_t{0}, true));
  EXPECT_EQ(feed("}\n\n"), std::pair(std::size_t{22}, true));
  const std::string large = "data: " + std::string(64 * 1024, 'x');
  EXPECT_EQ(feed(large), std::pair(large.size(), false));
  EXPECT_EQ(feed("\n\n"), std::pair(std::size_t{2}, true));
}

TEST(AnswerEditor, AllocatesOnePieceForAnOrdinaryChunk) {
  TokenMeter meter;
  AnswerEditor editor({}, meter);
  const std::string chunk = kPing + kPing + kPing;
  const auto pieces = editor.feed(chunk);
  ASSERT_EQ(pieces.size(), 1U);
  EXPECT_EQ(pieces[0].data(), chunk.data()) << "no copy";
}

std::string edited(std::string_view body, std::span<const upstream::RoutedModel> renames) {
  TokenMeter meter;
  std::string scratch;
  const Pieces pieces = edit_json_answer(body, renames, meter, scratch);
  std::string out;
  for (const std::string_view view : pieces.views) out += view;
  EXPECT_EQ(out.size(), pieces.length);
  return out;
}

// Each place that is renamed costs memory and time that no limit counts: a message has one.
TEST(AnswerEditor, LeavesAMessageWithModelsByTheThousandAsItIs) {
  for (const auto& [many, renamed] : {std::pair(16, true), std::pair(17, false)}) {
    std::string members;
    for (int i = 0; i < many; ++i) members += "\"model\":\"our-sonnet\",\ndata: ";
    const std::string start =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{" + members +
        "\"id\":\"a\"}}\n\n";
    EXPECT_EQ(relay({start}, {&kRename, 1}).all.contains("claude-sonnet-5"), renamed) << many;
    TokenMeter meter;
    std::string scratch;
    std::string body = "{";
    for (int i = 0; i < many; ++i) body += "\"model\":\"our-sonnet\",";
    body += "\"id\":\"a\"}";
    const Pieces pieces = edit_json_answer(body, {&kRename, 1}, meter, scratch);
    EXPECT_EQ(pieces.views.size() > 1, renamed) << many;
  }
}

TEST(JsonAnswer, RenamesTheTopLevelModelOnly) {
  const upstream::RoutedModel renames[] = {
      {.id = "c", .deployment = "c"}, kRename, {.id = "id \"quoted\"", .deployment = "d\xc3\xa4"}};
  EXPECT_EQ(edited(R"({"id":"m", "model" : "our-sonnet","x":{"model":"our-sonnet"}} )", renames),
            R"({"id":"m", "model" : "claude-sonnet-5","x":{"model":"our-sonnet"}} )");
  EXPECT_EQ(edited(R"({"model":"d\u00e4"})", renames), R"({"model":"id \"quoted\""})");
  EXPECT_EQ(edited(R"({"model":"our-sonnet","model":"our-sonnet"})", renames),
            R"({"model":"claude-sonnet-5","model":"claude-sonnet-5"})");
  for (const std::string_view same :
       {R"({"model":"our-sonnet-2"})", R"({"model":["our-sonnet"]})", R"({"type":"error"})",
        R"(["our-sonnet"])", R"({"model":"our-sonnet")", "<html>our-sonnet</html>", "",
        "\"model\""}) {
    EXPECT_EQ(edited(same, renames), same);
  }
  const std::string body = sample("01-nonstream.response.http");
  EXPECT_EQ(edited(body, {}), body);
}

TEST(JsonAnswer, IsReadOnceForItsModelAndItsCount) {
  TokenMeter meter;
  std::string scratch;
  const auto pieces =
      edit_json_answer(R"({"id":"m","model":"our-sonnet","usage":{"input_tokens":3}})",
                       {&kRename, 1}, meter, scratch);
  EXPECT_EQ(pieces.views.size(), 3U);
  const auto usage = meter.finish(true);
  EXPECT_EQ(usage.model, "our-sonnet");
  EXPECT_EQ(usage.input, 3U);
}

}  // namespace
}  // namespace sallyport::gateway
