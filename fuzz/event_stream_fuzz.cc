// links: gateway
// A stream is split, edited and metered the same however its bytes are cut into chunks, and all
// that is not a named edit leaves as it came. The first byte of the input seeds the cuts.
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "gateway/answer_editor.h"
#include "http/event_stream.h"
#include "usage/token_meter.h"

namespace {

using namespace sallyport;

using Event = std::tuple<std::string, std::string, std::string, unsigned, bool>;

struct Reading {
  std::vector<Event> events;
  std::string rest, raw, sent;
  usage::Usage usage;
};

Reading read(const std::vector<std::string>& chunks) {
  Reading out;
  http::EventStreamSplitter splitter;
  const auto take = [&] {
    while (const http::StreamEvent* event = splitter.next()) {
      out.raw += event->raw;
      out.events.emplace_back(event->raw, event->name, event->data, event->data_lines,
                              event->oversized);
      if (event->data_lines == 0) continue;
      // The end of a line of data is the end of a line of the event.
      const std::size_t end = http::raw_offset(*event, event->data.size());
      SALLYPORT_CHECK(event->raw[end] == '\n' || event->raw[end] == '\r');
    }
  };
  for (const std::string& chunk : chunks) {
    splitter.feed(chunk);
    take();
  }
  splitter.finish();
  take();
  out.rest = splitter.unfinished();
  SALLYPORT_CHECK(splitter.between_events() == out.rest.empty());

  const upstream::RoutedModel renames[] = {{.id = "id", .deployment = "claude-sonnet-5"}};
  usage::TokenMeter meter;
  gateway::AnswerEditor editor(renames, meter);
  for (const std::string& chunk : chunks) {
    const std::string copy(chunk.data(), chunk.size());  // goes away after its round
    for (const std::string_view piece : editor.feed(copy)) out.sent += piece;
  }
  for (const std::string_view piece : editor.finish()) out.sent += piece;
  out.usage = meter.finish(true);
  return out;
}

auto numbers(const usage::Usage& u) {
  return std::tuple(u.input, u.output, u.cache_write_5m, u.cache_write_1h, u.cache_read, u.thinking,
                    u.web_searches, u.model, u.message_id, u.stop_reason, u.error_type, u.complete,
                    u.estimated, u.malformed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::mt19937 random(data[0]);
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  const Reading whole = read({text});
  SALLYPORT_CHECK(whole.raw + whole.rest == text);

  const std::size_t longest = std::size_t{1} << (random() % 8);
  std::vector<std::string> chunks;
  for (std::size_t at = 0; at < text.size();) {
    chunks.push_back(text.substr(at, random() % (longest + 1)));
    at += chunks.back().size();
  }
  const Reading split = read(chunks);
  SALLYPORT_CHECK(split.events == whole.events);
  SALLYPORT_CHECK(split.rest == whole.rest);
  SALLYPORT_CHECK(split.sent == whole.sent);
  SALLYPORT_CHECK(numbers(split.usage) == numbers(whole.usage));

  const bool may_be_edited = text.find("DONE") != std::string::npos ||
                             text.find("model") != std::string::npos ||
                             text.find('\\') != std::string::npos;
  SALLYPORT_CHECK(may_be_edited || whole.sent == text);
  return 0;
}
