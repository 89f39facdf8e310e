// One header field as it stood on the wire: views into the connection's buffer, valid while the
// head that they came from is. Names keep the sender's case; compare with name_is.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/comma_list.h"

namespace sallyport::http {

struct Field {
  std::string_view name;
  std::string_view value;  ///< without the white space around it
};
using Fields = std::span<const Field>;
using sallyport::trim;

namespace detail {

template <typename Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// Eight characters of each, compared without regard to the case of ASCII letters.
inline bool same_word(std::uint64_t name, std::uint64_t lower) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t ascii = lower & kOnes * 0x7f;  // so that no sum carries over
  const std::uint64_t from_a = ascii + kOnes * (0x80 - 'a');
  const std::uint64_t beyond_z = ascii + kOnes * (0x7f - 'z');
  const std::uint64_t letters = from_a & ~beyond_z & ~lower & kOnes * 0x80;
  return ((name ^ lower) & ~(letters >> 2)) == 0;  // a letter may differ by 0x20
}

/// Of the same size. What is left of a word's length is read again with what stands before it.
inline bool same_letters(std::string_view name_text, std::string_view lower_text) {
  const std::size_t size = name_text.size();
  const char* name = name_text.begin();
  const char* lower = lower_text.begin();
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      if (!same_word(load<std::uint64_t>(name + at), load<std::uint64_t>(lower + at))) return false;
    }
    return same_word(load<std::uint64_t>(name + size - 8), load<std::uint64_t>(lower + size - 8));
  }
  if (size >= 4) {
    const auto both_ends = [size](const char* of) {
      return load<std::uint32_t>(of) | std::uint64_t{load<std::uint32_t>(of + size - 4)} << 32;
    };
    return same_word(both_ends(name), both_ends(lower));
  }
  std::uint64_t name_word = 0;
  std::uint64_t lower_word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    name_word = name_word << 8 | static_cast<unsigned char>(name[i]);
    lower_word = lower_word << 8 | static_cast<unsigned char>(lower[i]);
  }
  return same_word(name_word, lower_word);
}

}  // namespace detail

/// ASCII case-insensitive; `lower` must be lower case.
[[nodiscard]] constexpr bool name_is(std::string_view name, std::string_view lower) {
  if (name.size() != lower.size()) return false;
  if !consteval {
    return detail::same_letters(name, lower);
  }
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

/// Appends `name: value` with its line end.
inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  const std::size_t before = out.size();
  const std::size_t all = before + name.size() + value.size() + 4;
  out.resize_and_overwrite(all, [&](char* data, std::size_t) {
    char* to = data + before;
    to += name.copy(to, name.size());
    *to++ = ':';
    *to++ = ' ';
    to += value.copy(to, value.size());
    *to++ = '\r';
    *to = '\n';
    return all;
  });
}

}  // namespace sallyport::http
