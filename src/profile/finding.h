// What a check has to say: a stable code, how bad it is, the key it is about, why, and the next
// step. Findings are values; the rules make them, the report and the command line print them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sallyport::profile {

enum class Severity { kAdvice, kWarning, kError };

[[nodiscard]] constexpr std::string_view severity_text(Severity severity) {
  switch (severity) {
    case Severity::kAdvice:
      return "advice";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

struct Finding {
  std::string_view code;  ///< a string literal: area.reason
  Severity severity = Severity::kError;
  std::string key;        ///< the configuration key, or a place inside it: managedMcpServers[0].url
  std::string why;        ///< one sentence; never holds the value of a secret key
  std::string next_step;  ///< what to do now

  friend bool operator==(const Finding&, const Finding&) = default;
};

using Findings = std::vector<Finding>;

[[nodiscard]] inline bool has_errors(const Findings& findings) {
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::kError) return true;
  }
  return false;
}

}  // namespace sallyport::profile
