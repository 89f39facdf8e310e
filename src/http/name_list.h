// A fixed list of field names, for asking of every field of a message whether it is among them: by
// length first, so that nearly always nothing is compared at all.
//
//   constexpr NameList kOurs({"host", "via", "expect"});
//   if (kOurs.contains(field.name)) continue;
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "http/field.h"

namespace sallyport::http {

template <std::size_t N>
class NameList {
 public:
  static constexpr std::size_t kLongest = 31;

  /// In lower case; one that is longer than kLongest does not compile.
  consteval explicit NameList(const std::string_view (&names)[N]) {
    std::ranges::copy(names, names_.begin());
    std::ranges::sort(names_, {}, &std::string_view::size);
    for (std::string_view name : names_) {
      for (std::size_t longer = name.size() + 1; longer < first_.size(); ++longer) {
        ++first_.at(longer);
      }
      if (name.size() > kLongest) throw "too long";
    }
  }

  [[nodiscard]] bool contains(std::string_view name) const {
    if (name.size() > kLongest) return false;
    for (std::size_t i = first_[name.size()]; i < first_[name.size() + 1]; ++i) {
      if (name_is(name, names_[i])) return true;
    }
    return false;
  }

 private:
  std::array<std::string_view, N> names_{};
  std::array<std::uint8_t, kLongest + 2> first_{};  ///< of each length; its end is the next one's
};

}  // namespace sallyport::http
