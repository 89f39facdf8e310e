// links: http
// What it costs to read a message: a request's head as Claude Code sends it, with a token of
// 1.4 KB, a provider's head, and a stream's chunks.
#include <benchmark/benchmark.h>

#include "http/message_parser.h"

namespace sallyport::http {
namespace {

std::string request() {
  return "POST /v1/messages?beta=true HTTP/1.1\r\nhost: claude.contoso.example\r\n"
         "accept: application/json\r\nauthorization: Bearer " +
         std::string(1400, 'e') +
         "\r\ncontent-type: application/json\r\nanthropic-version: 2023-06-01\r\n"
         "anthropic-beta: interleaved-thinking-2025-05-14,fine-grained-tool-streaming\r\n"
         "user-agent: claude-cli/2.1.329 (external, cli)\r\nx-app: cli\r\n"
         "content-length: 0\r\n\r\n";
}

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    "request-id: req_011CSHoEeqs5C35K2UUqR7Fy\r\ncache-control: no-cache\r\n"
    "anthropic-ratelimit-requests-remaining: 3999\r\ndate: Sat, 21 Nov 2026 10:00:00 GMT\r\n"
    "strict-transport-security: max-age=31536000\r\ntransfer-encoding: chunked\r\n\r\n";

void RequestHeads(benchmark::State& state) {
  const std::string bytes = request();
  RequestParser parser;
  for (auto _ : state) {
    parser.reset();
    auto used = parser.feed(bytes);
    if (!used || !parser.done()) state.SkipWithError("refused");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(RequestHeads);

void ResponseHeads(benchmark::State& state) {
  ResponseParser parser;
  for (auto _ : state) {
    parser.reset();
    auto used = parser.feed(kAnswer);
    if (!used || !parser.head_done()) state.SkipWithError("refused");
  }
}
BENCHMARK(ResponseHeads);

void Chunks(benchmark::State& state) {
  std::string chunk = "a0\r\n" + std::string(0xa0, 'x') + "\r\n";
  ResponseParser parser;
  if (!parser.feed(kAnswer)) state.SkipWithError("refused");
  std::string held = chunk;
  for (auto _ : state) {
    auto used = parser.feed(held);
    if (!used) state.SkipWithError("refused");
    held.erase(0, *used);
    held += chunk;
  }
}
BENCHMARK(Chunks);

}  // namespace
}  // namespace sallyport::http
