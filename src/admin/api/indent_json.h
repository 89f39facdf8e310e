// JSON as people read it: a member a line, two spaces a level. Pure; of valid JSON only.
#pragma once

#include <string>
#include <string_view>

namespace sallyport::admin {

/// Ends with a line end. Empty objects and lists stay on their line.
[[nodiscard]] std::string indent_json(std::string_view json);

}  // namespace sallyport::admin
