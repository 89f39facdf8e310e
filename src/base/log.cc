#include "base/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/mutex.h"
#include "base/terminal_text.h"

namespace sallyport::log {
namespace {

constexpr std::size_t kQueueLines = 1024;  // 400 bytes each, made at the start
constexpr int kLimitPerSecond = 10;
constexpr std::size_t kLimitedEvents = 256;

// Writes whole lines to descriptor 2; a closed or full terminal loses lines, never the process.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string_view rest(message.payload.data(), message.payload.size());
    while (!rest.empty()) {
      ssize_t n = ::write(2, rest.data(), rest.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void flush_() override {}
};

struct State {
  std::atomic<bool> json{false};
  std::atomic<Level> least{Level::kInfo};
  std::shared_ptr<spdlog::sinks::sink> sink = std::make_shared<StderrSink>();
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::logger> logger;
  std::atomic<spdlog::logger*> running{nullptr};
  Mutex limit_mutex;
  struct Window {
    std::int64_t second = 0;
    int seen = 0;
  };
  std::map<std::string, Window, std::less<>> windows GUARDED_BY(limit_mutex);
};

State& state() {
  static State instance;
  return instance;
}

constexpr std::string_view level_name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

// A text from anywhere in a line for a terminal: bare where nothing in it needs a quote.
void append_shown(std::string& line, std::string_view text) {
  bool ascii = true;
  bool bare = !text.empty();
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    ascii &= byte < 0x80;
    bare &= byte > 0x20 && byte != 0x7f && byte != '"' && byte != '\\';
  }
  // Quotes escape what ASCII has of control characters; of the others more is harmful.
  const std::string safe = ascii ? std::string() : for_terminal(text);
  if (!ascii) text = safe;
  if (bare) {
    line += text;
  } else {
    append_json_text(line, text);
  }
}

std::string format_line(bool json, Level level, std::string_view event, Fields fields,
                        int dropped) {
  std::string line;
  std::string time = format_time(system_clock().wall());
  if (json) {
    JsonWriter writer(line);
    writer.begin().text("time", time).text("level", level_name(level)).text("event", event);
    for (const auto& field : fields) {
      if (field.is_number) {
        writer.number(field.name, field.number);
      } else {
        writer.text(field.name, field.text);
      }
    }
    if (dropped > 0) writer.number("dropped", dropped);
    writer.end();
  } else {
    line.append(time, 11, 12).append(" ").append(level_name(level)).append(" ").append(event);
    for (const auto& field : fields) {
      line.append(" ").append(field.name).append("=");
      if (field.is_number) {
        line += std::to_string(field.number);
      } else {
        append_shown(line, field.text);
      }
    }
    if (dropped > 0) line += " dropped=" + std::to_string(dropped);
  }
  line.push_back('\n');
  return line;
}

void emit(Level level, std::string_view event, Fields fields, int dropped) {
  auto& s = state();
  if (level < s.least.load(std::memory_order_relaxed)) return;
  std::string line =
      format_line(s.json.load(std::memory_order_relaxed), level, event, fields, dropped);
  if (auto* logger = s.running.load(std::memory_order_acquire)) {
    logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  } else {
    s.sink->log(spdlog::details::log_msg({}, spdlog::level::info,
                                         spdlog::string_view_t(line.data(), line.size())));
  }
}

// Counts a line of an event in its window of `seconds`; true for the first `most`. `dropped`: how
// many of the window before were not written.
bool may_write(std::string_view event, int most, std::int64_t seconds, int& dropped) {
  auto& s = state();
  auto now = unix_seconds(system_clock().wall());
  MutexLock lock(s.limit_mutex);
  auto found = s.windows.find(event);
  if (found == s.windows.end()) {
    if (s.windows.size() >= kLimitedEvents) return false;
    found = s.windows.emplace(std::string(event), State::Window{}).first;
  }
  auto& window = found->second;
  if (now < window.second || now - window.second >= seconds) {
    dropped = std::max(0, window.seen - most);
    window = {now, 0};
  }
  return ++window.seen <= most;
}

void write_rarely(Level level, std::string_view event, Fields fields, int most,
                  std::int64_t seconds) noexcept {
  try {
    int dropped = 0;
    if (may_write(event, most, seconds, dropped)) emit(level, event, fields, dropped);
  } catch (const std::exception&) {
    // No memory for a line: it is lost.
  }
}

}  // namespace

void start(Format format, Level least) {
  auto& s = state();
  s.json = format == Format::kJson || (format == Format::kAuto && ::isatty(2) == 0);
  s.least = least;
  if (s.logger) return;
  s.pool = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  s.logger = std::make_shared<spdlog::async_logger>("sallyport", s.sink, s.pool,
                                                    spdlog::async_overflow_policy::overrun_oldest);
  s.running.store(s.logger.get(), std::memory_order_release);
}

void stop() {
  auto& s = state();
  s.running.store(nullptr, std::memory_order_release);
  s.logger.reset();
  s.pool.reset();  // writes what is queued, then joins
}

void write(Level level, std::string_view event, Fields fields) noexcept {
  try {
    emit(level, event, fields, 0);
  } catch (const std::exception&) {
    // No memory for a line: it is lost.
  }
}

void limited(Level level, std::string_view event, Fields fields) noexcept {
  write_rarely(level, event, fields, kLimitPerSecond, 1);
}

void once_a_minute(Level level, std::string_view event, Fields fields) noexcept {
  write_rarely(level, event, fields, 1, 60);
}

}  // namespace sallyport::log
