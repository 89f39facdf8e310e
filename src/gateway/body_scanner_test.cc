#include "gateway/body_scanner.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sallyport::gateway {
namespace {

std::string sample(const std::string& name) {
  std::ifstream file(SALLYPORT_TESTDATA "/samples/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string body_of(const std::string& request) {
  return request.substr(request.find("\n\n") + 2);
}

policy::BodyFacts facts(std::string_view body) {
  auto result = scan_body(body);
  EXPECT_TRUE(result) << body << ": " << text_of(result.error().reason) << " at "
                      << result.error().offset;
  return result ? *std::move(result) : policy::BodyFacts{};
}

/// The code of the fault, or "accepted".
std::string fault(std::string_view body) {
  const auto result = scan_body(body);
  return result ? "accepted" : std::string(text_of(result.error().reason));
}

std::vector<std::string> models(std::string_view body) {
  std::vector<std::string> names;
  for (const policy::ModelUse& use : facts(body).models) {
    names.push_back(use.name);
    const std::string_view token = body.substr(use.offset, use.length);
    EXPECT_TRUE(token.starts_with('"') && token.ends_with('"')) << token;
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(BodyScanner, ReadsWhatClaudeCodeSends) {
  const std::string body = body_of(sample("02-stream.request.http"));
  const policy::BodyFacts main = facts(body);
  EXPECT_EQ(main.model, "claude-sonnet-5");
  ASSERT_EQ(main.models.size(), 1U);
  EXPECT_TRUE(main.models[0].top_level);
  EXPECT_EQ(body.substr(main.models[0].offset, main.models[0].length), "\"claude-sonnet-5\"");
  EXPECT_TRUE(main.stream);
  EXPECT_EQ(main.max_tokens, 32000U);
  EXPECT_TRUE(main.user_id.starts_with("{\"device_id\":\"9f2d0c6b"));
  EXPECT_EQ(main.tools, 3U);
  EXPECT_EQ(main.tool_names, (Names{"Read", "Bash", "NotebookEdit"}));

  const policy::BodyFacts title = facts(body_of(sample("01-nonstream.request.http")));
  EXPECT_EQ(title.model, "claude-haiku-4-5");
  EXPECT_FALSE(title.stream);
  EXPECT_EQ(title.max_tokens, 512U);

  const policy::BodyFacts count = facts(body_of(sample("count-tokens.request.http")));
  EXPECT_EQ(count.model, "claude-sonnet-5");
  EXPECT_FALSE(count.max_tokens);

  EXPECT_EQ(facts(sample("02-stream-followup.request.json")).tools, 3U) << "with white space";
}

TEST(BodyScanner, FindsEveryModelThatCouldBeUsed) {
  EXPECT_EQ(models(R"({"model":"a","fallbacks":[{"model":"b"},{"model":"c","x":{"model":"d"}}]})"),
            (Names{"a", "b", "c", "d"}));
  EXPECT_EQ(models(R"({"fallbacks":["b"],"model":"a"})"), (Names{"b", "a"}));
  EXPECT_EQ(models(R"({"model":"a","tools":[{"type":"advisor","name":"advisor","model":"b"}]})"),
            (Names{"a", "b"}));
  EXPECT_EQ(
      models(R"({"model":"a","future":[[{"deep":{"model":"b"}}]],"mcp_servers":[{"model":"c"}]})"),
      (Names{"a", "b", "c"}));
  EXPECT_EQ(models(R"({"model":"a","messages":[{"role":"system","tools":[{"model":"b"}]}]})"),
            (Names{"a", "b"}));
  EXPECT_EQ(models(R"({"model":"a","future":{"model":{"model":["x",{"model":"b"}]}}})"),
            (Names{"a", "b"}))
      << "a model that is no text is looked into";
  EXPECT_EQ(models(R"({"model":"a","fallb\u0061cks":[{"mod\u0065l":"\u0062"}]})"),
            (Names{"a", "b"}));
  EXPECT_EQ(models(R"({"model":"a","messages":{"model":"b"},"output_config":{"model":"c"}})"),
            (Names{"a", "b", "c"}));
}

TEST(BodyScanner, LeavesOtherPeoplesDataAlone) {
  for (const std::string_view rest :
       {R"("messages":[{"role":"user","content":[{"type":"tool_use","input":{"model":"x"}}]}])",
        R"("messages":[{"role":"user","content":{"model":"x"}},{"content":"model"}])",
        R"("system":[{"type":"text","text":"t","model":"x"}])", R"("metadata":{"model":"x"})",
        R"("tags":{"model":"x","Model":"y"})",
        R"("tools":[{"name":"Agent","input_schema":{"properties":{"model":"x"},"model":"y"}}])",
        R"("tools":[{"name":"Agent","input_examples":[{"model":"x"}]}])",
        R"("messages":[{"tools":[{"input_schema":{"model":"x"}}]}])",
        R"("output_config":{"format":{"type":"json_schema","schema":{"model":"x"}}})",
        R"("output_format":{"schema":{"model":"x","MODEL":"y"}})"}) {
    EXPECT_EQ(models("{\"model\":\"a\"," + std::string(rest) + "}"), Names{"a"}) << rest;
  }
}

TEST(BodyScanner, KnowsTheSamePlacesByOtherNamesAsOrdinaryOnes) {
  // The exemptions hold for the exact places, not for any key of that name.
  for (const std::string_view rest :
       {R"("input_schema":{"model":"x"})", R"("content":{"model":"x"})",
        R"("schema":{"model":"x"})", R"("tools":[[{"input_schema":{"model":"x"}}]])",
        R"("fallbacks":[{"system":{"model":"x"}}])", R"("tools":[{"metadata":{"model":"x"}}])",
        R"("messages":[{"x":{"content":{"model":"x"}}}])",
        R"("output_config":{"schema":{"model":"x"}})"}) {
    EXPECT_EQ(models("{\"model\":\"a\"," + std::string(rest) + "}"), (Names{"a", "x"})) << rest;
  }
}

TEST(BodyScanner, RefusesASecondKeyWhereWeActUponIt) {
  for (const std::string_view body :
       {R"({"model":"a","model":"a"})", R"({"model":"a","mod\u0065l":"b"})",
        R"({"model":"a","stream":true,"stream":true})",
        R"({"model":"a","max_tokens":1,"max_tokens":2})",
        R"({"model":"a","metadata":{},"metadata":null})",
        R"({"model":"a","tools":[],"t\u006fols":[]})",
        R"({"model":"a","fallbacks":[],"fallbacks":[]})",
        R"({"model":"a","fallbacks":[{"model":"b","model":"b"}]})",
        R"({"model":"a","x":{"model":{},"model":"b"}})",
        R"({"model":"a","metadata":{"user_id":"b","user_id":"c"}})",
        R"({"model":"a","tools":[{"name":"b","name":"c"}]})"}) {
    EXPECT_EQ(fault(body), "body.duplicate_key") << body;
  }
  EXPECT_EQ(fault(R"({"model":"a","x":1,"x":2,"messages":[],"messages":[]})"), "accepted");
  EXPECT_EQ(fault(R"({"model":"a","fallbacks":[{"model":"b"},{"model":"b"}]})"), "accepted");
}

TEST(BodyScanner, RefusesModelInOtherLetterCase) {
  EXPECT_EQ(fault(R"({"model":"a","Model":"b"})"), "body.ambiguous_key");
  EXPECT_EQ(fault(R"({"model":"a","MODEL":1})"), "body.ambiguous_key");
  EXPECT_EQ(fault(R"({"model":"a","fallbacks":[{"mod\u0045l":"b"}]})"), "body.ambiguous_key");
  EXPECT_EQ(fault(R"({"model":"a","x":{"Model":{"type":"string"}}})"), "accepted");
  EXPECT_EQ(fault(R"({"model":"a","models":"b","MODE":"c","\u004dodels":""})"), "accepted");
}

TEST(BodyScanner, RefusesABodyWithoutAModel) {
  EXPECT_EQ(fault("{}"), "body.model_missing");
  EXPECT_EQ(fault(R"({"fallbacks":[{"model":"a"}]})"), "body.model_missing");
  for (const std::string_view value : {"null", "1", "true", "[\"a\"]", "{\"model\":\"a\"}"}) {
    EXPECT_EQ(fault("{\"model\":" + std::string(value) + "}"), "body.model_not_text") << value;
  }
  EXPECT_EQ(fault(R"({"model":""})"), "accepted") << "no model has this name; the list says so";
  EXPECT_EQ(fault("{\"model\":\"" + std::string(kMaxModelName, 'a') + "\"}"), "accepted");
  EXPECT_EQ(fault("{\"model\":\"" + std::string(kMaxModelName + 1, 'a') + "\"}"),
            "body.model_too_long");
}

TEST(BodyScanner, RefusesWrongTypesOfWhatWeActUpon) {
  for (const std::string_view rest :
       {R"("stream":1)", R"("stream":"true")", R"("stream":[])", R"("max_tokens":"1")",
        R"("max_tokens":-1)", R"("max_tokens":1.5)", R"("max_tokens":1e3)",
        R"("max_tokens":9223372036854775808)", R"("max_tokens":true)", R"("metadata":[])",
        R"("metadata":"x")", R"("metadata":{"user_id":7})", R"("tools":{})", R"("tools":"x")",
        R"("fallbacks":"claude-x")", R"("fallbacks":{})"}) {
    EXPECT_EQ(fault("{\"model\":\"a\"," + std::string(rest) + "}"), "body.wrong_type") << rest;
  }
  const policy::BodyFacts absent = facts(
      R"({"model":"a","stream":null,"max_tokens":null,"metadata":{"user_id":null},"tools":null,"fallbacks":null})");
  EXPECT_FALSE(absent.stream);
  EXPECT_FALSE(absent.max_tokens);
  EXPECT_EQ(absent.user_id, "");
  EXPECT_EQ(absent.tools, 0U);
  EXPECT_FALSE(facts(R"({"model":"a","stream":false})").stream);
}

TEST(BodyScanner, HoldsTheWholeBodyToRfc8259) {
  for (const std::string_view body : {"",
                                      " ",
                                      "{",
                                      "{\"model\":\"a\"",
                                      "{\"model\":\"a\",}",
                                      "{\"model\":\"a\"}}",
                                      "{\"model\":\"a\"} x",
                                      "\xef\xbb\xbf{\"model\":\"a\"}",
                                      "{'model':'a'}",
                                      "{\"model\":\"a\",\"messages\":[{\"content\":[01]}]}",
                                      "{\"model\":\"a\",\"messages\":[{\"content\":\"a\nb\"}]}",
                                      "{\"model\":\"a\",\"messages\":[{\"content\":\"\\x\"}]}",
                                      "{\"model\":\"a\",\"system\":[1,]}",
                                      "{\"model\":\"a\",\"metadata\":{\"x\":tru}}",
                                      "{\"model\":\"a\",\"stream\":tru}",
                                      "{\"model\":x}",
                                      "{\"model\":\"a\",\"tools\":}",
                                      "{\"model\":\"a\",\"tools\":[{\"input_schema\":{\"a\" 1}}]}",
                                      "{\"model\":\"a\" \"b\":1}",
                                      "{\"model\":\"a\",\"max_tokens\":-}",
                                      "nope"}) {
    EXPECT_EQ(fault(body), "body.invalid_json") << body;
  }
  EXPECT_EQ(fault(std::string_view("{\"model\":\"a\"}\0", 14)), "body.invalid_json");
  for (const std::string_view body : {"[]", "[{\"model\":\"a\"}]", "null", "7", "\"model\""}) {
    EXPECT_EQ(fault(body), "body.not_an_object") << body;
  }
}

TEST(BodyScanner, HoldsTheWholeBodyToUtf8) {
  for (const std::string_view wrong :
       {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
    for (const std::size_t before : {0U, 1U, 63U, 4095U, 4096U, 9000U}) {
      const std::string start =
          "{\"model\":\"a\",\"messages\":[{\"content\":\"" + std::string(before, 'x');
      const auto result = scan_body(start + std::string(wrong) + "\"}]}");
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().reason, BodyReason::kNotUtf8);
      // A stray continuation byte counts to the character before it.
      EXPECT_EQ(result.error().offset, start.size() - (wrong[0] == '\x80' ? 1 : 0));
    }
  }
  // Before everything else that is wrong, wherever it stands.
  for (const std::string_view body :
       {"nope\xff", "{\"model\":7,\"a\":\"\xff\"}", "{\"\xff\":1,\"model\":\"a\"}",
        "{\"model\":\"\xff\"}", "{\"model\":\"a\"}\xff"}) {
    EXPECT_EQ(fault(body), "body.not_utf8") << body;
  }
  EXPECT_EQ(fault("{\"model\":\"a\",\"system\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}"),
            "accepted");
  EXPECT_EQ(fault(R"({"model":"a","system":"\ud800 \udc00","x":"\ud83d"})"), "accepted");
}

TEST(BodyScanner, BoundsDepthAndModels) {
  const auto nested = [](std::string_view key, std::size_t levels) {
    return "{\"model\":\"a\",\"" + std::string(key) + "\":" + std::string(levels, '[') +
           std::string(levels, ']') + "}";
  };
  for (const std::string_view key : {"system", "messages", "anything"}) {
    EXPECT_EQ(fault(nested(key, kMaxDepth - 1)), "accepted") << key;
    EXPECT_EQ(fault(nested(key, kMaxDepth)), "body.too_deep") << key;
  }
  EXPECT_EQ(fault(nested("x", 1'000'000)), "body.too_deep");
  EXPECT_EQ(fault(std::string(1'000'000, '[')), "body.too_deep");
  const auto many = [](std::size_t count) {
    std::string body = R"({"model":"a","fallbacks":[)";
    for (std::size_t i = 1; i < count; ++i) body += i == 1 ? "\"m\"" : ",{\"model\":\"m\"}";
    return body + "]}";
  };
  EXPECT_EQ(facts(many(kMaxModels)).models.size(), kMaxModels);
  EXPECT_EQ(fault(many(kMaxModels + 1)), "body.too_many_models");
}

TEST(BodyScanner, BoundsWhatItKeeps) {
  std::string body = R"({"model":"a","metadata":{"user_id":")" + std::string(kMaxUserId - 1, 'u') +
                     "\xc3\xa4\"},\"tools\":[";
  for (std::size_t i = 0; i < kMaxToolNames + 6; ++i) {
    body += R"({"name":")" + std::string(kMaxToolName + 5, 't') + R"("},)";
  }
  const policy::BodyFacts kept = facts(body + R"({"name":7},7]})");
  EXPECT_EQ(kept.user_id, std::string(kMaxUserId - 1, 'u')) << "not half a character";
  EXPECT_EQ(kept.tools, kMaxToolNames + 8);
  ASSERT_EQ(kept.tool_names.size(), kMaxToolNames);
  EXPECT_EQ(kept.tool_names[0], std::string(kMaxToolName, 't'));
}

TEST(BodyScanner, TellsWhereTheFaultIs) {
  const auto at = [](std::string_view body) { return scan_body(body).error().offset; };
  EXPECT_EQ(at(R"({"model":"a","model":"b"})"), 13U);
  EXPECT_EQ(at(R"({"model":"a","stream":7})"), 22U);
  EXPECT_EQ(at(R"({"model":"a" "x":7})"), 13U);
}

TEST(BodyScanner, HasACodeAndASentenceForEveryReason) {
  for (int i = 0; i <= static_cast<int>(BodyReason::kWrongType); ++i) {
    const auto reason = static_cast<BodyReason>(i);
    EXPECT_TRUE(text_of(reason).starts_with("body."));
    EXPECT_TRUE(sentence(reason).ends_with('.'));
    if (reason != BodyReason::kInvalidJson) {
      EXPECT_NE(text_of(reason), text_of(BodyReason::kInvalidJson));
    }
  }
}

}  // namespace
}  // namespace sallyport::gateway
