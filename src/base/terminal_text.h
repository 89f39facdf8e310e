// Text from elsewhere (files, tokens, clients) made safe for a terminal and for one line of output.
#pragma once

#include <string>
#include <string_view>

namespace sallyport {

/// Control characters (also U+0080 to U+009F), line and paragraph separators, and characters that
/// are invisible or turn the direction of writing become \u{...}; \n and \t are written so. What is
/// not UTF-8 becomes '?'. Everything else stays.
[[nodiscard]] std::string for_terminal(std::string_view text);

}  // namespace sallyport
