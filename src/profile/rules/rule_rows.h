// The table of rules_test.cc: a change of a good configuration and what it provokes. For tests
// alone.
#pragma once

#include <string_view>
#include <vector>

#include "profile/finding.h"

namespace sallyport::profile {

struct RuleRow {
  std::string_view code;
  Severity severity;
  std::string_view key;
  std::string_view change;   // members over good(); null takes a member away
  std::string_view options;  // words: bootstrap[=URL] local governed secrets v=VERSION PLATFORM
};

[[nodiscard]] const std::vector<RuleRow>& rule_rows();

}  // namespace sallyport::profile
