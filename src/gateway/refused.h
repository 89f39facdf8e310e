// Why a request goes no further: what the person is told and what the record says of it, in one
// value. A step that refuses makes one and answers nobody; exchange.cc turns the request away.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "gateway/refusals.h"

namespace sallyport::gateway {

/// How a step of an exchange ended.
enum class Step : std::uint8_t {
  kOn,
  kRefused,  ///< Exchange::refused says why
  kGone,     ///< nobody is there to be answered
};

struct Refused {
  http::Refusal answer;
  std::string claim;  ///< what was looked at: "roles"
  std::string expected;
  std::string got;
  std::string next_step;   ///< what the administrator can do about it
  std::string revocation;  ///< its id, where that is why
  /// The record has what it says of this request already: no line of its own.
  bool recorded = false;
};
/// Null as long as nothing is refused: few requests are, and an exchange stays small.
using RefusedPtr = std::unique_ptr<Refused>;

[[nodiscard]] inline RefusedPtr refused(http::Refusal answer) {
  return std::make_unique<Refused>(Refused{.answer = std::move(answer)});
}

}  // namespace sallyport::gateway
