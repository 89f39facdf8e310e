// links: gateway
// The check of a request body: bytes a second over bodies of the shapes that Claude Code sends.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <string>

#include "gateway/body_scanner.h"

namespace {

using namespace sallyport;

constexpr std::string_view kProse =
    "The port is a setting, so the place to look is the configuration file, not the code. ";
/// Source code as it stands in tool results: an escape every thirty bytes or so.
constexpr std::string_view kCode =
    R"(if (config.find(\"listen\") != end) {\n    return open(config[\"listen\"], 8443);\n  }\n)";
constexpr std::string_view kGerman =
    "Die Schl\xc3\xbcssel f\xc3\xbcr den \xc3\x9c"
    "bergang stehen \xe2\x80\x93 wie immer \xe2\x80\x93 in der Ablage. ";

std::string body_of(std::size_t size, std::string_view text) {
  std::string body =
      R"({"model":"claude-sonnet-5","max_tokens":32000,"stream":true,"system":[{"type":"text",)"
      R"("text":"You help the people of Example Corp with their source code."}],"tools":[)";
  for (int i = 0; i < 4; ++i) {
    body +=
        R"({"name":"Read","description":"Return the text of one file.","input_schema":)"
        R"({"type":"object","properties":{"file_path":{"type":"string"}},"required":["file_path"]}},)";
  }
  body.back() = ']';
  body += R"(,"metadata":{"user_id":"{\"device_id\":\"9f2d0c6b\"}"},"messages":[)";
  while (body.size() < size) {
    body += R"({"role":"user","content":[{"type":"text","text":")";
    const std::size_t end = body.size() + 4000 < size ? body.size() + 4000 : size;
    do {
      body += text;
    } while (body.size() < end);
    body += "\"}]},";
  }
  body.back() = ']';
  return body + "}";
}

void scan(benchmark::State& state, std::string_view text) {
  const std::string body = body_of(static_cast<std::size_t>(state.range(0)), text);
  for (auto _ : state) {
    const auto facts = gateway::scan_body(body);
    if (!facts) state.SkipWithError("refused");
    benchmark::DoNotOptimize(facts);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK_CAPTURE(scan, prose, kProse)->Arg(2000)->Arg(100'000)->Arg(4'000'000);
BENCHMARK_CAPTURE(scan, code, kCode)->Arg(2000)->Arg(100'000)->Arg(4'000'000);
BENCHMARK_CAPTURE(scan, german, kGerman)->Arg(100'000);

void utf8_alone(benchmark::State& state, std::string_view text) {
  const std::string body = body_of(100'000, text);
  for (auto _ : state) {
    benchmark::DoNotOptimize(simdjson::validate_utf8(body.data(), body.size()));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK_CAPTURE(utf8_alone, prose, kProse);
BENCHMARK_CAPTURE(utf8_alone, german, kGerman);

/// What a library's tree costs for the same check (without places of the values).
void simdjson_tree(benchmark::State& state, std::string_view text) {
  const simdjson::padded_string body(body_of(100'000, text));
  simdjson::dom::parser parser;
  for (auto _ : state) benchmark::DoNotOptimize(parser.parse(body).error());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK_CAPTURE(simdjson_tree, prose, kProse);
BENCHMARK_CAPTURE(simdjson_tree, code, kCode);

}  // namespace
