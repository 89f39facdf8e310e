// JSON as people and devices write it, read strictly and with places: a failure names the line and
// the column. A byte order mark is read over (PowerShell 5.1 writes one); a name that stands twice
// in one object is refused, since readers disagree about which one counts. Pure functions.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::profile {

namespace json = boost::json;

/// Line and column (both from 1, columns in bytes) of a byte offset.
struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};
[[nodiscard]] Place place_of(std::string_view text, std::size_t offset);
/// "line 3, column 14"
[[nodiscard]] std::string place_text(std::string_view text, std::size_t offset);

/// RFC 8259, strict UTF-8, at most 32 levels, no duplicate names. Error: json.invalid.
[[nodiscard]] Result<json::value> parse_json(std::string_view text);

/// Compact and in UTF-8; numbers in their shortest form. What goes into one plist or registry text.
[[nodiscard]] std::string compact_json(const json::value& value);
/// Two spaces a level, short arrays of plain values on one line, a newline at the end.
[[nodiscard]] std::string pretty_json(const json::value& value);

}  // namespace sallyport::profile
