// How many values an enum has, where they count from 0 without a gap: for tables and pages that have
// to have each of them, also one that is appended tomorrow.
//
//   static_assert(std::size(kRows) == enum_count<Cause>);
#pragma once

#include <cstddef>
#include <string_view>

namespace sallyport {

/// The compiler writes a value of an enum by its name, and any other as a cast: `(Cause)22`.
template <auto kValue>
[[nodiscard]] consteval bool is_enumerator() {
  const std::string_view text = __PRETTY_FUNCTION__;
  const std::size_t cast = text.rfind(')');
  return cast == text.npos || text[cast + 1] < '0' || text[cast + 1] > '9';
}

template <typename Enum, std::size_t kFrom = 0>
[[nodiscard]] consteval std::size_t count_enumerators() {
  if constexpr (is_enumerator<static_cast<Enum>(kFrom)>()) {
    return count_enumerators<Enum, kFrom + 1>();
  } else {
    return kFrom;
  }
}

template <typename Enum>
inline constexpr std::size_t enum_count = count_enumerators<Enum>();

}  // namespace sallyport
