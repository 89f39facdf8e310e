#include "config/finding.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::config {

std::string text(const Finding& finding) {
  std::string line = finding.file;
  if (finding.place.line > 0) {
    line += fmt::format(":{}:{}", finding.place.line, finding.place.column);
  }
  line += finding.severity == Severity::kError ? ": error: " : ": warning: ";
  if (!finding.key.empty()) line += finding.key + ": ";
  line += finding.message;
  if (!finding.nearest.empty()) line += fmt::format("; did you mean {}?", finding.nearest);
  if (!finding.next_step.empty()) line += "; " + finding.next_step;
  for (char& c : line) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return line;
}

void append_json(JsonWriter& json, const Finding& finding) {
  json.begin()
      .text("severity", finding.severity == Severity::kError ? "error" : "warning")
      .text("code", finding.code)
      .text("file", finding.file)
      .number("line", finding.place.line)
      .number("column", finding.place.column)
      .text("key", finding.key)
      .text("message", finding.message)
      .text_if("nearest", finding.nearest)
      .text_if("next_step", finding.next_step)
      .end();
}

std::size_t count_errors(const Findings& findings) {
  return static_cast<std::size_t>(
      std::ranges::count(findings, Severity::kError, &Finding::severity));
}

Error as_error(const Findings& findings) {
  auto first = std::ranges::find(findings, Severity::kError, &Finding::severity);
  if (first == findings.end()) return {"config.refused", "the configuration is refused", ""};
  std::size_t more = count_errors(findings) - 1;
  Error error{first->code, {}, first->next_step};
  Finding bare = *first;
  bare.next_step.clear();
  error.message = text(bare);
  if (auto at = error.message.find(": error: "); at != std::string::npos) {
    error.message.erase(at + 1, 7);
  }
  if (more > 0) {
    error.next_step =
        fmt::format("{}{}run `sallyport config check` to see {} more {}", error.next_step,
                    error.next_step.empty() ? "" : "; ", more, more == 1 ? "error" : "errors");
  }
  return error;
}

}  // namespace sallyport::config
