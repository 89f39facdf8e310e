#include "identity/strict_json.h"

#include <charconv>
#include <cmath>

#include "base/encoding.h"

namespace sallyport::identity {
namespace {

std::optional<std::uint32_t> four_hex(std::string_view text) {
  std::uint32_t value = 0;
  if (text.size() < 4) return std::nullopt;
  auto [stop, error] = std::from_chars(text.data(), text.data() + 4, value, 16);
  if (error != std::errc() || stop != text.data() + 4) return std::nullopt;
  return value;
}

// The grammar lets \u0000 and half of a surrogate pair pass; a text with either is not UTF-8 once
// decoded, or ends early in somebody's C. `raw` has well-formed escapes only.
bool has_unfit_escape(std::string_view raw) {
  for (auto at = raw.find('\\'); at != std::string_view::npos; at = raw.find('\\', at)) {
    if (raw[at + 1] != 'u') {
      at += 2;
      continue;
    }
    std::uint32_t point = four_hex(raw.substr(at + 2)).value_or(0);
    if (point == 0 || (point >= 0xdc00 && point <= 0xdfff)) return true;
    at += 6;
    if (point < 0xd800 || point > 0xdfff) continue;
    if (!raw.substr(at).starts_with("\\u")) return true;
    std::uint32_t low = four_hex(raw.substr(at + 2)).value_or(0);
    if (low < 0xdc00 || low > 0xdfff) return true;
    at += 6;
  }
  return false;
}

// Nearly all names that are compared differ in length or in their last character.
bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && (a.empty() || a.back() == b.back()) && a == b;
}

}  // namespace

std::string_view describe(JsonFault fault) {
  switch (fault) {
    case JsonFault::kSyntax:
      return "not valid JSON";
    case JsonFault::kEncoding:
      return "not valid UTF-8 text";
    case JsonFault::kDuplicate:
      return "a member name stands twice";
    case JsonFault::kTooDeep:
      return "nested too deeply";
    case JsonFault::kTooLarge:
      return "too large";
  }
  return "not valid JSON";
}

/// Walks the reader once and notes what it sees; recursive, the depth limit bounds the stack.
class StrictJson::Builder {
 public:
  Builder(std::string_view text, const JsonLimits& limits) : json_(text), limits_(limits) {
    out_.nodes_.reserve(64);
  }

  std::expected<StrictJson, JsonFault> run() {
    if (!value({}, 0)) return std::unexpected(fault_);
    if (!json_.finish()) return std::unexpected(JsonFault::kSyntax);
    return std::move(out_);
  }

 private:
  bool fail(JsonFault fault) {
    fault_ = fault;
    return false;
  }

  bool value(std::string_view name, std::size_t depth) {
    if (out_.nodes_.size() >= limits_.nodes) return fail(JsonFault::kTooLarge);
    auto index = static_cast<std::uint32_t>(out_.nodes_.size());
    JsonKind kind = json_.peek();
    out_.nodes_.push_back({.name = name, .text = {}, .end = index + 1, .kind = kind});
    switch (kind) {
      case JsonKind::kObject:
        return object(index, depth);
      case JsonKind::kArray:
        return array(index, depth);
      case JsonKind::kText:
        return text(out_.nodes_[index].text);
      case JsonKind::kNumber:
        return json_.number(out_.nodes_[index].text) || fail(JsonFault::kSyntax);
      default:
        return json_.skip() || fail(JsonFault::kSyntax);
    }
  }

  bool object(std::uint32_t index, std::size_t depth) {
    if (depth >= limits_.depth) return fail(JsonFault::kTooDeep);
    if (!json_.begin_object()) return fail(JsonFault::kSyntax);
    JsonText key;
    for (std::size_t members = 0; json_.next_member(key); ++members) {
      if (members >= limits_.members) return fail(JsonFault::kTooLarge);
      std::string_view name;
      if (!decode(key, name)) return false;
      if (stands_already(index, name)) return fail(JsonFault::kDuplicate);
      if (!value(name, depth + 1)) return false;
    }
    return close(index);
  }

  bool array(std::uint32_t index, std::size_t depth) {
    if (depth >= limits_.depth) return fail(JsonFault::kTooDeep);
    if (!json_.begin_array()) return fail(JsonFault::kSyntax);
    while (json_.next_element()) {
      if (!value({}, depth + 1)) return false;
    }
    return close(index);
  }

  bool close(std::uint32_t index) {
    out_.nodes_[index].end = static_cast<std::uint32_t>(out_.nodes_.size());
    return !json_.failed() || fail(JsonFault::kSyntax);
  }

  // Quadratic, but over at most 256 names; hashing costs more for the two dozen of a real token.
  bool stands_already(std::uint32_t object, std::string_view name) const {
    const auto& nodes = out_.nodes_;
    for (std::uint32_t i = object + 1; i < nodes.size(); i = nodes[i].end) {
      if (same_name(nodes[i].name, name)) return true;
    }
    return false;
  }

  bool text(std::string_view& to) {
    JsonText found;
    return json_.text(found) ? decode(found, to) : fail(JsonFault::kSyntax);
  }

  bool decode(const JsonText& found, std::string_view& to) {
    if (!found.escaped) {
      to = found.raw;
      return true;
    }
    if (has_unfit_escape(found.raw)) return fail(JsonFault::kEncoding);
    to = out_.decoded_.emplace_front(found.decode());
    return true;
  }

  JsonReader json_;
  const JsonLimits& limits_;
  StrictJson out_;
  JsonFault fault_ = JsonFault::kSyntax;
};

std::expected<StrictJson, JsonFault> StrictJson::parse(std::string_view text,
                                                       const JsonLimits& limits) {
  if (text.size() > limits.bytes) return std::unexpected(JsonFault::kTooLarge);
  if (!is_utf8(text)) return std::unexpected(JsonFault::kEncoding);
  return Builder(text, limits).run();
}

JsonView StrictJson::root() const {
  return {this, 0};
}

std::optional<std::int64_t> JsonView::whole_number() const {
  if (kind() != JsonKind::kNumber) return std::nullopt;
  constexpr std::int64_t kExact = std::int64_t{1} << 53;  // RFC 7493 section 2.2
  std::string_view digits = text();
  std::int64_t whole = 0;
  auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
  if (error == std::errc() && stop == digits.data() + digits.size()) {
    return whole >= -kExact && whole <= kExact ? std::optional(whole) : std::nullopt;
  }
  double value = 0;
  auto [end, range] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (range != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (!(std::abs(value) <= static_cast<double>(kExact))) return std::nullopt;
  return static_cast<std::int64_t>(std::floor(value));
}

std::optional<JsonView> JsonView::member(std::string_view name) const {
  if (!is_object()) return std::nullopt;
  const auto& nodes = document_->nodes_;
  const std::uint32_t end = node().end;
  for (std::uint32_t i = index_ + 1; i < end; i = nodes[i].end) {
    if (same_name(nodes[i].name, name)) return JsonView(document_, i);
  }
  return std::nullopt;
}

JsonView::Iterator& JsonView::Iterator::operator++() {
  index_ = document_->nodes_[index_].end;
  return *this;
}

}  // namespace sallyport::identity
