// Appends JSON to a string, one member after the other, without a tree and without allocation
// beyond the string's own. Used for audit records, log lines, refusals and --json output.
//
//   std::string line;
//   JsonWriter json(line);
//   json.begin().text("id", id).number("status", 200);
//   json.object("tokens").number("input", 3).end().end();
//
// Output is valid RFC 8259 in ASCII-safe form: control characters are escaped, bytes that are not
// valid UTF-8 become U+FFFD. The caller keeps objects and arrays balanced.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin();                        ///< `{` as a value of an array or at the top
  JsonWriter& object(std::string_view name);  ///< `"name":{`
  JsonWriter& array(std::string_view name);   ///< `"name":[`
  JsonWriter& end();                          ///< closes an object
  JsonWriter& end_array();                    ///< closes an array

  JsonWriter& text(std::string_view name, std::string_view value);
  JsonWriter& number(std::string_view name, std::int64_t value);
  JsonWriter& boolean(std::string_view name, bool value);
  JsonWriter& null(std::string_view name);
  /// `value` is JSON already and is copied as it stands.
  JsonWriter& raw(std::string_view name, std::string_view value);
  JsonWriter& item(std::string_view value);  ///< a text in an array

  /// text() unless the value is empty.
  JsonWriter& text_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
  }

 private:
  [[nodiscard]] bool follows() const;  ///< something that needs a comma after it
  void separate();
  void name(std::string_view name);
  std::string& out_;
};

/// Appends `"..."` with JSON escapes.
void append_json_text(std::string& out, std::string_view text);

}  // namespace sallyport
