// Why a request ended as it did, in words for somebody who has no other document: what happened,
// what the person was told, what to do now. Pure.
#pragma once

#include <string>
#include <string_view>

#include "audit/history.h"

namespace sallyport::admin {

struct RequestStory {
  std::string what;       ///< for the help desk
  std::string told;       ///< the sentence in the answer that the person got; empty: none of ours
  std::string next_step;  ///< empty: nothing to do
  // Of a refusal by what the token says.
  std::string claim;
  std::string expected;
  std::string got;
  std::string revocation;  ///< id, where one refused or cut it
};

[[nodiscard]] RequestStory tell_request(const audit::Row& row);

}  // namespace sallyport::admin
