#include "config/syntax.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace sallyport::config {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

struct Unit {
  std::string_view suffix;
  std::int64_t milliseconds;
};
// Longest first: "ms" must not be read as "m" with a stray "s".
constexpr Unit kUnits[] = {{"ms", 1}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}};

// The address family's binary form, for whole-address work; family 0: not a literal.
struct Binary {
  int family = 0;
  unsigned char bytes[16] = {};
  int bits() const { return family == AF_INET ? 32 : 128; }
};

Binary to_binary(std::string_view host) {
  Binary result;
  if (host.size() >= INET6_ADDRSTRLEN) return result;
  std::string text(host);
  if (text.find('\0') != std::string::npos) return result;
  if (::inet_pton(AF_INET, text.c_str(), result.bytes) == 1) {
    result.family = AF_INET;
  } else if (::inet_pton(AF_INET6, text.c_str(), result.bytes) == 1) {
    result.family = AF_INET6;
  }
  return result;
}

std::string to_text(const Binary& address) {
  char buffer[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(address.family, address.bytes, buffer, sizeof buffer);
  return buffer;
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.front() == '-') return false;
  bool after_dot = false;
  for (char c : host) {
    if (!is_letter(c) && !is_digit(c) && c != '-' && c != '.' && c != '_') return false;
    if (c == '.' && after_dot) return false;
    after_dot = c == '.';
  }
  return true;
}

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

bool is_ip_literal(std::string_view host) {
  return to_binary(host).family != 0;
}

bool is_loopback_literal(std::string_view host) {
  Binary address = to_binary(host);
  if (address.family == AF_INET) return address.bytes[0] == 127;
  if (address.family != AF_INET6) return false;
  return std::all_of(address.bytes, address.bytes + 15, [](auto b) { return b == 0; }) &&
         address.bytes[15] == 1;
}

std::optional<Address> parse_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto port = parse_number(text.substr(colon + 1));
  if (!port || *port > 65535) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  int family = to_binary(host).family;
  if (family == 0 || bracketed != (family == AF_INET6)) return std::nullopt;
  return Address{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string format_address(const Address& address) {
  bool is_v6 = address.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(is_v6 ? "[{}]:{}" : "{}:{}"), address.host, address.port);
}

std::optional<std::string> canonical_network(std::string_view text) {
  auto slash = text.find('/');
  Binary address = to_binary(text.substr(0, slash));
  if (address.family == 0) return std::nullopt;
  if (slash == std::string_view::npos) return to_text(address);
  auto length = parse_number(text.substr(slash + 1));
  if (!length || *length > address.bits()) return std::nullopt;
  for (int bit = static_cast<int>(*length); bit < address.bits(); ++bit) {
    address.bytes[bit / 8] &= static_cast<unsigned char>(~(0x80u >> (bit % 8)));
  }
  return fmt::format("{}/{}", to_text(address), *length);
}

std::optional<Url> parse_url(std::string_view text) {
  // RFC 3986 section 2: what a URL can hold, the percent sign included.
  constexpr std::string_view kMarks = "-._~:/?#[]@!$&'()*+,;=%";
  if (text.size() > 2048 || !std::ranges::all_of(text, [&](char c) {
        return is_letter(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos;
      })) {
    return std::nullopt;
  }
  Url url;
  auto separator = text.find("://");
  if (separator == std::string_view::npos) return std::nullopt;
  url.scheme = text.substr(0, separator);
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  std::string_view rest = text.substr(separator + 3);
  auto end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, end);
  rest.remove_prefix(end);
  if (auto at = authority.rfind('@'); at != std::string_view::npos) {
    url.has_user = true;
    authority.remove_prefix(at + 1);
  }
  if (!authority.empty() && authority.front() == '[') {
    auto close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    url.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
    if (to_binary(url.host).family != AF_INET6) return std::nullopt;
  } else {
    url.host = authority.substr(0, authority.find(':'));
    authority.remove_prefix(url.host.size());
    if (!is_host_name(url.host)) return std::nullopt;
  }
  if (!authority.empty()) {
    url.port = authority.substr(1);
    auto port = parse_number(url.port);
    if (authority.front() != ':' || !port || *port == 0 || *port > 65535) return std::nullopt;
  }
  auto path_end = std::min(rest.find_first_of("?#"), rest.size());
  url.path = rest.substr(0, path_end);
  rest.remove_prefix(path_end);
  url.has_query = rest.starts_with('?');
  url.has_fragment = rest.find('#') != std::string_view::npos;
  return url;
}

bool is_guid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_header_name(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [&](char c) {
    return is_letter(c) || is_digit(c) || kMarks.find(c) != std::string_view::npos;
  });
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && (is_letter(text[0]) || is_digit(text[0])) &&
         std::ranges::all_of(text, [](char c) {
           return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
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
