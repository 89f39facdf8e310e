// A code that is read from across the desk: five lines of `#`. Letters, digits and the hyphen;
// anything else becomes a blank. Pure.
#pragma once

#include <string>
#include <string_view>

namespace sallyport::app {

[[nodiscard]] std::string large_text(std::string_view text);

}  // namespace sallyport::app
