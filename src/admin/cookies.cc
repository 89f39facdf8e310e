#include "admin/cookies.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::admin {

FoundCookie find_cookie(http::Fields fields, std::string_view name) {
  FoundCookie found;
  for (const auto& field : fields) {
    if (!http::name_is(field.name, "cookie")) continue;
    auto rest = field.value;
    while (!rest.empty()) {
      auto end = std::min(rest.find(';'), rest.size());
      auto pair = trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      auto equals = pair.find('=');
      if (equals == std::string_view::npos || trim(pair.substr(0, equals)) != name) continue;
      if (++found.times == 1) found.value = trim(pair.substr(equals + 1));
    }
  }
  return found;
}

bool is_random_text(std::string_view value) {
  constexpr std::size_t kLength = 43;  // of 256 bits
  return value.size() == kLength && std::ranges::all_of(value, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

std::string set_cookie(std::string_view name, std::string_view value, SameSite same_site,
                       std::chrono::seconds life) {
  return fmt::format("set-cookie: {}={}; Max-Age={}; Path=/; Secure; HttpOnly; SameSite={}\r\n",
                     name, value, life.count(), same_site == SameSite::kStrict ? "Strict" : "Lax");
}

}  // namespace sallyport::admin
