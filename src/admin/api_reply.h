// What a client of the administrator's API makes of an answer (problem.h is the other side). Pure;
// any thread.
//
//   200                        done
//   400, 415, 422              the asking was wrong
//   403, 404, 409, 412         the answer is no
//   anything else              it did not work
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sallyport::admin {

struct ApiReply {
  long status = 0;
  std::string body;
};

enum class Verdict { kDone, kWrongInput, kNo, kFailed };

[[nodiscard]] Verdict verdict_of(long status);

/// The sentence of a problem document.
struct ProblemWords {
  std::string code;
  std::string detail;
  std::string next_step;  ///< may be empty
};

/// Nothing: the body is no problem document of a gateway.
[[nodiscard]] std::optional<ProblemWords> read_problem(std::string_view body);

}  // namespace sallyport::admin
