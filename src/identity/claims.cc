#include "identity/claims.h"

#include <algorithm>

namespace sallyport::identity {
namespace {

constexpr std::size_t kIdentifierBytes = 512;
constexpr std::int64_t kYear9999 = 253402300799;

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Claim<std::string_view> identifier_of(const JsonView& value, std::string_view name) {
  if (!value.is_text()) return std::unexpected(ClaimFault{name, "not a text"});
  if (value.text().size() > kIdentifierBytes) {
    return std::unexpected(ClaimFault{name, "longer than 512 bytes"});
  }
  if (has_control_character(value.text())) {
    return std::unexpected(ClaimFault{name, "has a control character"});
  }
  return value.text();
}

Claim<std::vector<std::string_view>> list_of(const JsonView& value, std::string_view name) {
  std::vector<std::string_view> out;
  if (value.is_text()) {
    auto one = identifier_of(value, name);
    if (!one) return std::unexpected(one.error());
    out.push_back(*one);
    return out;
  }
  if (!value.is_array()) return std::unexpected(ClaimFault{name, "not a text or a list of texts"});
  for (JsonView item : value) {
    auto one = identifier_of(item, name);
    if (!one) return std::unexpected(one.error());
    out.push_back(*one);
  }
  return out;
}

}  // namespace

Claim<std::string_view> Claims::identifier(std::string_view name) const {
  auto value = root_.member(name);
  if (!value) return std::string_view{};
  return identifier_of(*value, name);
}

Claim<std::int64_t> Claims::date(std::string_view name) const {
  auto value = root_.member(name);
  if (!value) return 0;
  auto seconds = value->whole_number();
  if (!seconds || *seconds < 1 || *seconds > kYear9999) {
    return std::unexpected(ClaimFault{name, "not a number of seconds since 1970"});
  }
  return *seconds;
}

Claim<std::vector<std::string_view>> Claims::list(std::string_view name) const {
  auto value = root_.member(name);
  if (!value) return std::vector<std::string_view>{};
  return list_of(*value, name);
}

Claim<std::vector<std::string_view>> Claims::words(std::string_view name) const {
  auto value = root_.member(name);
  if (!value) return std::vector<std::string_view>{};
  if (!value->is_text()) return list_of(*value, name);
  std::string_view rest = value->text();
  if (has_control_character(rest)) {
    return std::unexpected(ClaimFault{name, "has a control character"});
  }
  std::vector<std::string_view> out;
  while (!rest.empty()) {
    auto space = rest.find(' ');
    if (space != 0) out.push_back(rest.substr(0, space));
    if (space == std::string_view::npos) break;
    rest.remove_prefix(space + 1);
  }
  return out;
}

Claim<std::vector<std::string_view>> Claims::nested_list(
    std::initializer_list<std::string_view> path) const {
  JsonView at = root_;
  for (std::string_view name : path) {
    auto next = at.member(name);
    if (!next) return std::vector<std::string_view>{};
    at = *next;
  }
  return list_of(at, *path.begin());
}

std::string Claims::display(std::string_view name) const {
  auto value = root_.member(name);
  return value && value->is_text() ? bounded(value->text()) : std::string();
}

std::string bounded(std::string_view text, std::size_t most) {
  if (text.size() > most) {
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
    text = text.substr(0, most);
  }
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto c = static_cast<unsigned char>(out[i]);
    if (c < 0x20 || c == 0x7f) out[i] = '?';
    // U+0080 to U+009F steer a terminal, too.
    bool c1 = c == 0xc2 && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) < 0xa0;
    if (c1) out.replace(i, 2, "?");
  }
  return out;
}

}  // namespace sallyport::identity
