#include "base/json_reader.h"

#include <array>
#include <bit>
#include <utility>

#include "base/json_specials.h"
#include "base/uninitialized.h"

namespace sallyport {

char JsonReader::look() {
  while (at_ < end_) {
    const char c = *at_;
    if (static_cast<unsigned char>(c) > ' ') return c;  // nearly always at once
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c;
    ++at_;
  }
  return 0;
}

bool JsonReader::fault() {
  failed_ = true;
  return false;
}

JsonKind JsonReader::peek() {
  if (failed_) return JsonKind::kNone;
  switch (look()) {
    case '{':
      return JsonKind::kObject;
    case '[':
      return JsonKind::kArray;
    case '"':
      return JsonKind::kText;
    case 't':
      return JsonKind::kTrue;
    case 'f':
      return JsonKind::kFalse;
    case 'n':
      return JsonKind::kNull;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      return JsonKind::kNumber;
    default:
      return JsonKind::kNone;
  }
}

bool JsonReader::open() {
  ++at_;
  first_ = true;
  if (++depth_ <= kMaxDepth) return true;
  too_deep_ = true;
  return fault();
}

bool JsonReader::begin_object() {
  if (failed_ || look() != '{') return fault();
  return open();
}

bool JsonReader::begin_array() {
  if (failed_ || look() != '[') return fault();
  return open();
}

bool JsonReader::next_member(JsonText& key_out) {
  if (failed_) return false;
  const char c = look();
  if (c == '}') {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (c != ',') return fault();
    ++at_;
  }
  return key(key_out);
}

bool JsonReader::next_element() {
  if (failed_) return false;
  const char c = look();
  if (c == ']') {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (first_) {
    first_ = false;
    return true;
  }
  if (c != ',') return fault();
  ++at_;
  return true;
}

bool JsonReader::key(JsonText& key_out) {
  if (!text(key_out)) return false;
  if (look() != ':') return fault();
  ++at_;
  return true;
}

bool JsonReader::text(JsonText& value) {
  if (failed_ || look() != '"') return fault();
  first_ = false;
  const char* close = short_text_end();
  value.escaped = false;
  if (close == nullptr) close = text_end(value.escaped);
  if (close == nullptr) return fault();
  value.raw = {at_ + 1, close};
  value.offset = offset();
  at_ = close + 1;
  return true;
}

// Of the text whose opening quote comes next. Most end within sixteen bytes, without an escape; of
// others this knows nothing (null).
inline const char* JsonReader::short_text_end() {
  if (end_ - at_ <= 16) return nullptr;
  const std::uint64_t specials = json_specials::specials_of_16(at_ + 1, beyond_ascii_);
  const char* first = at_ + 1 + std::countr_zero(specials | 0x8000);
  return *first == '"' ? first : nullptr;
}

[[gnu::noinline]] const char* JsonReader::text_end(bool& escaped) {
  JsonTextMarks marks;
  const char* close = find_json_text_end(at_ + 1, end_, marks);
  escaped = marks.escaped;
  beyond_ascii_ |= marks.beyond_ascii;
  return close;
}

bool JsonReader::number(std::string_view& token) {
  if (failed_) return false;
  look();
  first_ = false;
  const char* start = at_;
  if (!scan_number()) return fault();
  token = {start, at_};
  return true;
}

bool JsonReader::scan_number() {
  const auto digits = [this] {
    const char* at = at_;
    while (at < end_ && *at >= '0' && *at <= '9') ++at;
    return std::exchange(at_, at) != at;
  };
  if (at_ < end_ && *at_ == '-') ++at_;
  if (at_ < end_ && *at_ == '0') {
    ++at_;  // nothing may follow a leading zero but a fraction or an exponent
  } else if (!digits()) {
    return false;
  }
  if (at_ < end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return false;
  }
  if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return false;
  }
  return true;
}

bool JsonReader::literal(std::string_view word) {
  if (std::string_view(at_, end_).substr(0, word.size()) != word) return fault();
  at_ += word.size();
  return true;
}

bool JsonReader::scalar(char first) {
  switch (first) {
    case '"': {
      bool escaped = false;
      const char* close = short_text_end();
      if (close == nullptr) close = text_end(escaped);
      if (close == nullptr) return fault();
      at_ = close + 1;
      return true;
    }
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    default:
      return scan_number() || fault();
  }
}

bool JsonReader::skip() {
  if (failed_) return false;
  const char first = look();
  if (first == '{' || first == '[') return skip_nested();
  first_ = false;
  return scalar(first);
}

bool JsonReader::skip_nested() {
  SALLYPORT_UNINITIALIZED std::array<bool, kMaxDepth + 1> in_object;  // written before it is read
  const unsigned outside = depth_;
  JsonText ignored;
  do {
    // A value starts here.
    const char first = look();
    if (first == '{' || first == '[') {
      if (!open()) return false;
      in_object[depth_] = first == '{';
    } else {
      first_ = false;
      if (!scalar(first)) return false;
    }
    // Close what ends here, up to the next value.
    while (depth_ > outside) {
      const bool more = in_object[depth_] ? next_member(ignored) : next_element();
      if (failed_) return false;
      if (more) break;
    }
  } while (depth_ > outside);
  return true;
}

bool JsonReader::finish() {
  return !failed_ && look() == 0 && at_ == end_;
}

}  // namespace sallyport
