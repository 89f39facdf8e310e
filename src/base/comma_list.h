// Lists that commas part, as in header fields (RFC 9110 section 5.6.1). Views into the text, no
// allocation: some of them are read in every request.
//
//   while (!list.empty()) use(take_element(list));
#pragma once

#include <string_view>

namespace sallyport {

/// Without the spaces and tabs around it (OWS, RFC 9110 section 5.6.3).
[[nodiscard]] constexpr std::string_view trim(std::string_view text) {
  auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes the first element and its comma away from `list` and returns the element, trimmed; it is
/// empty where nothing stands between two commas. Nothing behind the last comma is no element.
[[nodiscard]] constexpr std::string_view take_element(std::string_view& list) {
  auto comma = list.find(',');
  auto element = trim(list.substr(0, comma));
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return element;
}

}  // namespace sallyport
