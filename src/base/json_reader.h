// Reads JSON from one piece of text without a tree and without allocation: strict RFC 8259, byte
// offsets kept, nothing changed. For the hot paths and for splicing; elsewhere use a library.
//
//   JsonReader json(text);
//   JsonText key, model;
//   if (json.begin_object()) {
//     while (json.next_member(key)) {
//       if (key.is("model") && json.peek() == JsonKind::kText) json.text(model);
//       else json.skip();
//     }
//   }
//   if (!json.finish()) ...  // malformed, or something stands after the value
//
// Every member and element that next_...() announces must be read or skipped. After the first fault
// every call returns false and failed() is true; what was read before stays valid. Values that are
// skipped are checked as strictly as those that are read. Not checked: UTF-8 (check the whole text,
// unless finish() and not beyond_ascii()) and lone surrogates in escapes (RFC 8259 section 8.2
// leaves them open). Iterative; more than kMaxDepth levels are a fault. The text outlives the
// reader and all views.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport {

enum class JsonKind { kObject, kArray, kText, kNumber, kTrue, kFalse, kNull, kNone };

/// A text as it stands between its quotes.
struct JsonText {
  std::string_view raw;
  std::size_t offset = 0;  ///< of the opening quote; the token has raw.size() + 2 bytes
  bool escaped = false;    ///< holds at least one backslash

  /// Compares the decoded text.
  [[nodiscard]] bool is(std::string_view plain) const {
    return escaped ? is_decoded(plain) : raw == plain;
  }
  /// The decoded text. A lone surrogate becomes U+FFFD.
  [[nodiscard]] std::string decode() const;
  /// Code points of the decoded text; a pair of surrogate escapes is one.
  [[nodiscard]] std::size_t characters() const;

 private:
  [[nodiscard]] bool is_decoded(std::string_view plain) const;
};

/// What was met while the end of a text was looked for. Set, never taken back.
struct JsonTextMarks {
  bool escaped = false;       ///< a backslash
  bool beyond_ascii = false;  ///< a byte from 0x80 on, in the text or shortly behind it
};

class JsonReader {
 public:
  static constexpr unsigned kMaxDepth = 512;

  explicit JsonReader(std::string_view text, std::size_t start = 0)
      : begin_(text.data()), at_(begin_ + start), end_(begin_ + text.size()) {}

  /// What stands next, judged by its first character; kNone at the end or at nonsense.
  [[nodiscard]] JsonKind peek();

  bool begin_object();
  /// Gives the next key of the innermost object, its value comes next; false at its end.
  bool next_member(JsonText& key);
  bool begin_array();
  /// True: an element comes next; false at the end of the innermost array.
  bool next_element();

  bool text(JsonText& value);
  bool number(std::string_view& token);
  /// Any value, with everything in it.
  bool skip();
  /// True if the text ends here, but for white space, and no fault was seen.
  [[nodiscard]] bool finish();

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool too_deep() const { return too_deep_; }
  /// False: all that was read so far is ASCII, and so UTF-8.
  [[nodiscard]] bool beyond_ascii() const { return beyond_ascii_; }
  /// Of the next byte to read, or of the fault.
  [[nodiscard]] std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  char look();  ///< skips white space; 0 at the end
  bool fault();
  bool open();
  bool key(JsonText& key);
  bool skip_nested();
  bool scalar(char first);
  bool literal(std::string_view word);
  const char* short_text_end();
  const char* text_end(bool& escaped);
  bool scan_number();

  const char* begin_;
  const char* at_;
  const char* end_;
  unsigned depth_ = 0;
  bool first_ = false;  ///< just behind an opening bracket: no comma wanted
  bool failed_ = false;
  bool too_deep_ = false;
  bool beyond_ascii_ = false;
};

/// Finds the closing quote of a JSON text whose content starts at `begin`; null if a control
/// character, a wrong escape or the end comes first.
[[nodiscard]] const char* find_json_text_end(const char* begin, const char* end,
                                             JsonTextMarks& marks);

/// A JSON number as a whole number: no sign, fraction or exponent, at most 2^63 - 1.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view token);

}  // namespace sallyport
