// One header field as it stood on the wire: views into the connection's buffer, valid while the
// head that they came from is. Names keep the sender's case; compare with name_is.
#pragma once

#include <span>
#include <string_view>

#include "base/comma_list.h"

namespace sallyport::http {

struct Field {
  std::string_view name;
  std::string_view value;  ///< without the white space around it
};
using Fields = std::span<const Field>;
using sallyport::trim;

/// ASCII case-insensitive; `lower` must be lower case.
[[nodiscard]] constexpr bool name_is(std::string_view name, std::string_view lower) {
  if (name.size() != lower.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (c != lower[i]) return false;
  }
  return true;
}

/// ASCII case-insensitive prefix test; `lower` must be lower case.
[[nodiscard]] constexpr bool name_starts_with(std::string_view name, std::string_view lower) {
  return name.size() >= lower.size() && name_is(name.substr(0, lower.size()), lower);
}

/// The first field of that (lower-case) name, or an empty view.
[[nodiscard]] constexpr std::string_view find_field(Fields fields, std::string_view lower) {
  for (const auto& field : fields) {
    if (name_is(field.name, lower)) return field.value;
  }
  return {};
}

}  // namespace sallyport::http
