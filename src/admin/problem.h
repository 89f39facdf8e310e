// What the administrator's API says when the answer is no: application/problem+json (RFC 9457) with
// our code and the next step. Commands print the same sentence.
//
//   {"type":"urn:sallyport:problem:revocation.kind","title":"Bad Request","status":400,
//    "detail":"...","code":"revocation.kind","next_step":"...","pointer":"/kind"}
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::admin {

struct Problem {
  int status = 500;
  Error error;
  std::string pointer = {};  ///< JSON pointer (RFC 6901) into the body, or `?name` of a query field
  int retry_after = 0;       ///< seconds; 0: no such header
  std::string more_fields = {};  ///< whole header lines, each with its line end
  /// Members of its own (RFC 9457 3.2) as JSON text, without braces: `"findings":[...]`.
  std::string more = {};
};

/// Makes the failure value of a handler.
[[nodiscard]] inline std::unexpected<Problem> refuse(int status, Error error,
                                                     std::string pointer = {}) {
  return std::unexpected(Problem{status, std::move(error), std::move(pointer)});
}

[[nodiscard]] std::string problem_body(const Problem& problem);

}  // namespace sallyport::admin
