#include "config/syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/address.h"
#include "base/ascii.h"
#include "base/encoding.h"

namespace sallyport::config {
namespace {

struct Unit {
  std::string_view suffix;
  std::int64_t milliseconds;
};
// Longest first: "ms" must not be read as "m" with a stray "s".
constexpr Unit kUnits[] = {{"ms", 1}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}};

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  for (const auto& unit : kUnits) {
    if (!text.ends_with(unit.suffix)) continue;
    auto count = parse_number(text.substr(0, text.size() - unit.suffix.size()));
    if (!count || *count > 1'000'000'000) return std::nullopt;
    return std::chrono::milliseconds{*count * unit.milliseconds};
  }
  return std::nullopt;
}

std::string format_duration(std::chrono::milliseconds duration) {
  auto count = duration.count();
  for (const auto& unit : {kUnits[1], kUnits[2], kUnits[3]}) {
    // 60s and 24h read better than 1m and 1d: go up only past two of the larger unit.
    if (count >= 2 * unit.milliseconds && count % unit.milliseconds == 0) {
      return fmt::format("{}{}", count / unit.milliseconds, unit.suffix);
    }
  }
  if (count % 1000 == 0) return fmt::format("{}s", count / 1000);
  return fmt::format("{}ms", count);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  if (text.empty() || text.size() > 18 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::optional<Address> parse_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto port = parse_number(text.substr(colon + 1));
  if (!port || *port > 65535) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  auto ip = parse_ip(host);
  if (!ip || bracketed != ip->v6) return std::nullopt;
  return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::optional<std::string> canonical_network(std::string_view text) {
  auto slash = text.find('/');
  auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return format_ip(*address);
  auto length = parse_number(text.substr(slash + 1));
  if (!length || *length > address->bits()) return std::nullopt;
  for (auto bit = static_cast<std::size_t>(*length);
       bit < static_cast<std::size_t>(address->bits()); ++bit) {
    address->bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> (bit % 8)));
  }
  return fmt::format("{}/{}", format_ip(*address), *length);
}

bool is_header_name(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [&](char c) {
    return is_letter_or_digit(c) || kMarks.find(c) != std::string_view::npos;
  });
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && is_letter_or_digit(text[0]) &&
         std::ranges::all_of(text, [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

bool is_plain_word(std::string_view text, std::size_t limit) {
  return !text.empty() && text.size() <= limit && std::ranges::all_of(text, [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
}

std::string shown(std::string_view text) {
  constexpr std::size_t kLimit = 80;
  bool cut = text.size() > kLimit;
  if (cut) {
    text = text.substr(0, kLimit);
    // Not in the middle of a character.
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) {
      text.remove_suffix(1);
    }
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xc0) text.remove_suffix(1);
  }
  std::string result(text);
  bool ascii_only = !is_utf8(result);
  for (char& c : result) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || (ascii_only && byte >= 0x80)) c = '?';
  }
  return cut ? result + "..." : result;
}

}  // namespace sallyport::config
