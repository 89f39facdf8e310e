// The text form of a GUID (RFC 9562 section 4), as Entra ID names tenants, applications and people.
#pragma once

#include <cstddef>
#include <string_view>

namespace sallyport {

/// 8-4-4-4-12 hexadecimal digits, any case, without braces.
[[nodiscard]] constexpr bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace sallyport
