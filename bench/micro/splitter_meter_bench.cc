// links: gateway
// What one event of a stream costs between the socket that it came from and the one it goes to:
// splitting, metering, editing. One chunk an event, as providers flush them, unless named
// otherwise.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "gateway/answer_editor.h"
#include "http/event_stream.h"
#include "usage/token_meter.h"

namespace {

using namespace sallyport;

std::string delta(std::string_view text, std::string_view type = "text_delta",
                  std::string_view member = "text") {
  std::string event = "event: content_block_delta\ndata: ";
  event += R"({"type":"content_block_delta","index":1,"delta":{"type":")";
  event.append(type).append("\",\"").append(member).append("\":\"").append(text);
  return event + "\"}}\n\n";
}

const std::string kStart = R"(event: message_start
data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant",)"
                           R"("model":"claude-sonnet-5","content":[],"usage":{"input_tokens":412,)"
                           R"("cache_creation_input_tokens":1832,"output_tokens":4}}})"
                           "\n\n";

std::vector<std::string> deltas() {
  return {delta("I will look at the proxy's "), delta("configuration first, then "),
          delta("{\\\"file_path\\\": \\\"deploy/", "input_json_delta", "partial_json"),
          delta("The port is a setting, so the place to look ", "thinking_delta", "thinking")};
}

void split(benchmark::State& state) {
  const auto chunks = deltas();
  http::EventStreamSplitter splitter;
  std::size_t i = 0;
  for (auto _ : state) {
    splitter.feed(chunks[i++ % chunks.size()]);
    while (const auto* event = splitter.next()) benchmark::DoNotOptimize(event->data.data());
  }
}
BENCHMARK(split);

void meter_delta(benchmark::State& state) {
  std::vector<std::string> data;
  for (const std::string& event : deltas()) {
    data.push_back(event.substr(33, event.size() - 35));
  }
  usage::TokenMeter meter;
  std::size_t i = 0;
  for (auto _ : state) meter.on_event("content_block_delta", data[i++ % data.size()]);
  if (meter.characters() == 0) state.SkipWithError("nothing was counted");
}
BENCHMARK(meter_delta);

void meter_delta_in_another_order(benchmark::State& state) {
  const std::string data =
      R"({"index": 1, "delta": {"text": "configuration first, then ", "type": "text_delta"},)"
      R"( "type": "content_block_delta"})";
  usage::TokenMeter meter;
  for (auto _ : state) meter.on_event("content_block_delta", data);
  if (meter.characters() == 0) state.SkipWithError("nothing was counted");
}
BENCHMARK(meter_delta_in_another_order);

void meter_message_start(benchmark::State& state) {
  const std::string data = kStart.substr(27, kStart.size() - 29);
  usage::TokenMeter meter;
  for (auto _ : state) meter.on_event("message_start", data);
}
BENCHMARK(meter_message_start);

void run_editor(benchmark::State& state, const std::vector<std::string>& chunks,
                std::size_t events_per_round) {
  const upstream::RoutedModel renames[] = {{.id = "team", .deployment = "claude-sonnet-5"}};
  usage::TokenMeter meter;
  gateway::AnswerEditor editor(renames, meter);
  benchmark::DoNotOptimize(editor.feed(kStart).data());
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(editor.feed(chunks[i++ % chunks.size()]).data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events_per_round));
}

void edit_event_a_chunk(benchmark::State& state) {
  run_editor(state, deltas(), 1);
}
BENCHMARK(edit_event_a_chunk);

void edit_events_in_large_chunks(benchmark::State& state) {
  std::string chunk;
  for (int i = 0; i < 16; ++i) {
    for (const std::string& event : deltas()) chunk += event;
  }
  run_editor(state, {chunk}, 64);
}
BENCHMARK(edit_events_in_large_chunks);

void edit_event_in_two_chunks(benchmark::State& state) {
  std::vector<std::string> halves;
  for (const std::string& event : deltas()) {
    halves.push_back(event.substr(0, 60));
    halves.push_back(event.substr(60));
  }
  run_editor(state, halves, 1);
}
BENCHMARK(edit_event_in_two_chunks);

void whole_exchange(benchmark::State& state) {
  const upstream::RoutedModel renames[] = {{.id = "team", .deployment = "claude-sonnet-5"}};
  for (auto _ : state) {
    usage::TokenMeter meter;
    gateway::AnswerEditor editor(renames, meter);
    benchmark::DoNotOptimize(editor.feed(kStart).data());
    benchmark::DoNotOptimize(editor.finish().data());
    benchmark::DoNotOptimize(meter.finish(true).output);
  }
}
BENCHMARK(whole_exchange);

}  // namespace
