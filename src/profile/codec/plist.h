// Property lists, Apple's format for preferences and configuration profiles.
//
// Reading: XML and binary, by own strict readers: a failure has to name its place, and libplist 2.2
// aborts the process on a binary text with a NUL inside (an assertion, found by our fuzz target).
// Values become JSON: dict and array as such, data as its base64 text, a date as its text. No
// entity definitions; at most 32 levels, 200,000 values and 16 MiB. Writing: XML as Claude
// Desktop's own export lays it out (facts: desktop-config 3). Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "profile/json_text.h"

namespace sallyport::profile {

[[nodiscard]] bool is_binary_plist(std::string_view bytes);

/// Error: plist.invalid with line and column (XML) or byte (binary).
[[nodiscard]] Result<json::value> parse_plist(std::string_view bytes);
[[nodiscard]] Result<json::value> parse_binary_plist(std::string_view bytes);

/// Whether XML 1.0 can carry the text at all: no NUL, no control characters but tab and line ends.
[[nodiscard]] bool xml_can_carry(std::string_view text);
/// Escapes & < > and carriage returns.
[[nodiscard]] std::string xml_text(std::string_view text);
/// Also quotes and line ends, for attribute values.
[[nodiscard]] std::string xml_attribute(std::string_view text);

/// Writes a plist piece by piece, indented by tabs.
class PlistWriter {
 public:
  /// The head and the outer <dict>.
  PlistWriter();
  void begin_dict();
  void begin_dict(std::string_view key);
  void end_dict();
  void begin_array(std::string_view key);
  void end_array();
  void text(std::string_view key, std::string_view value);
  void integer(std::string_view key, std::int64_t value);
  void real(std::string_view key, double value);
  void boolean(std::string_view key, bool value);
  /// Booleans and whole numbers natively, everything else as one text, as the app exports it.
  void setting(std::string_view key, const json::value& value);
  void item(std::string_view value);  ///< a text in an array
  /// Closes the outer dict and gives the document.
  [[nodiscard]] std::string finish() &&;

 private:
  void line(std::string_view content);
  void key(std::string_view name);
  std::string out_;
  std::size_t depth_ = 0;
};

}  // namespace sallyport::profile
