// Windows registration files (.reg), version 5: reading and writing.
//
// Read: UTF-16LE with byte order mark (as Windows writes them), UTF-8 with or without one; strings,
// DWORDs, hex() values with continuation lines, removals, comments. Written: UTF-16LE with mark and
// CRLF; a string that holds line ends or control characters as hex(1). Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sallyport::profile {

struct RegistryValue {
  enum class Kind { kText, kExpandText, kDword, kQword, kMultiText, kBinary, kRemoved };
  std::string name;  ///< empty: the key's unnamed default value
  Kind kind = Kind::kText;
  std::string text;          ///< of kText, kExpandText; kMultiText joined by line feeds
  std::uint64_t number = 0;  ///< of kDword, kQword
  std::size_t line = 0;
};
[[nodiscard]] std::string_view registry_kind_text(RegistryValue::Kind kind);

struct RegistryKey {
  std::string path;  ///< HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Claude
  bool removed = false;
  std::vector<RegistryValue> values;
  std::size_t line = 0;
};

/// Error: reg.invalid with line and column.
[[nodiscard]] Result<std::vector<RegistryKey>> parse_registry_text(std::string_view bytes);
[[nodiscard]] std::string print_registry_text(const std::vector<RegistryKey>& keys);

/// Windows compares key paths without regard to case.
[[nodiscard]] bool same_registry_path(std::string_view a, std::string_view b);

/// UTF-16LE with surrogate pairs, no mark.
[[nodiscard]] std::string to_utf16le(std::string_view utf8);
/// Lone surrogates and an odd length are refused. Error: reg.invalid.
[[nodiscard]] Result<std::string> from_utf16le(std::string_view bytes);

}  // namespace sallyport::profile
