// Structured log lines on stderr: text on a terminal, JSON otherwise. Never a secret: what is
// logged is a stable event name and fields that the caller chose; tokens, keys and bodies have no
// business here (the tests search every log for canaries).
//
//   log::info("config.reloaded", {{"file", path}, {"sha256", hash}});
//
// Thread-safe and never blocks the caller: lines pass through a bounded queue; when it is full the
// oldest are dropped and the next line says how many. `log::limited` keeps a stranger from filling
// the log: at most ten lines a second of one event, the rest counted. Never throws: a line for which
// there is no memory is lost.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sallyport::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kAuto, kText, kJson };

/// A field's value: text or a whole number. Views need to live for the call alone.
struct Field {
  Field(std::string_view field_name, std::string_view value) : name(field_name), text(value) {}
  Field(std::string_view field_name, const std::string& value) : name(field_name), text(value) {}
  Field(std::string_view field_name, const char* value) : name(field_name), text(value) {}
  Field(std::string_view field_name, std::int64_t value)
      : name(field_name), number(value), is_number(true) {}
  Field(std::string_view field_name, std::uint64_t value)
      : Field(field_name, static_cast<std::int64_t>(value)) {}
  Field(std::string_view field_name, int value)
      : Field(field_name, static_cast<std::int64_t>(value)) {}
  Field(std::string_view field_name, unsigned value)
      : Field(field_name, static_cast<std::int64_t>(value)) {}
  std::string_view name;
  std::string_view text;
  std::int64_t number = 0;
  bool is_number = false;
};
using Fields = std::initializer_list<Field>;

/// Starts the writer thread. Before it (and in tests) lines go straight to stderr.
void start(Format format, Level least);
/// Writes what is queued and stops the writer thread.
void stop();

void write(Level level, std::string_view event, Fields fields) noexcept;
inline void debug(std::string_view event, Fields fields = {}) noexcept {
  write(Level::kDebug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) noexcept {
  write(Level::kInfo, event, fields);
}
inline void warning(std::string_view event, Fields fields = {}) noexcept {
  write(Level::kWarning, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) noexcept {
  write(Level::kError, event, fields);
}

/// As write(), for lines that a stranger can cause.
void limited(Level level, std::string_view event, Fields fields) noexcept;
/// The same for a state that lasts, such as no descriptor left: one line a minute.
void once_a_minute(Level level, std::string_view event, Fields fields) noexcept;

}  // namespace sallyport::log
