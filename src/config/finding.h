// What `sallyport config check` and the start say about sallyport.yaml: one finding a defect, with
// the place, the nearest right name and the next step. Plain values, any thread. A finding never
// carries a secret: values of secret keys are not printed, not even in part.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"

namespace sallyport::config {

/// A place in the file, counted from 1; line 0: the file as a whole.
struct Place {
  int line = 0;
  int column = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

enum class Severity { kError, kWarning };

struct Finding {
  Severity severity = Severity::kError;
  std::string_view code;  ///< stable, a string literal: config.unknown_key
  std::string file;
  Place place;
  std::string key;        ///< `issuers[0].audiences`; empty where the file as a whole is meant
  std::string message;    ///< one sentence without the final full stop
  std::string nearest;    ///< the nearest right name or value; may be empty
  std::string next_step;  ///< what to do now; may be empty
};
using Findings = std::vector<Finding>;

/// "FILE:LINE:COL: error: KEY: message; next step", one line without its end. Control characters
/// in what the file said are shown as '?'.
[[nodiscard]] std::string text(const Finding& finding);

/// Appends one object to the array or document that `json` is writing.
void append_json(JsonWriter& json, const Finding& finding);

[[nodiscard]] std::size_t count_errors(const Findings& findings);

/// The findings' errors as one Error, for callers that have room for one sentence: the first
/// error's text and how many more there are.
[[nodiscard]] Error as_error(const Findings& findings);

}  // namespace sallyport::config
