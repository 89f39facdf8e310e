// docs/errors.md: every refusal of the data plane, written from the tables that decide. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/refusal.h"

namespace sallyport::gateway {

/// Refusals of one origin, in the order of its enum.
struct RefusalGroup {
  std::string_view title;
  std::string_view text;
  std::vector<http::Refusal> refusals;
};

[[nodiscard]] std::vector<RefusalGroup> all_refusals();
[[nodiscard]] std::string errors_markdown();

}  // namespace sallyport::gateway
