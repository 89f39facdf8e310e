#include "admin/return_path.h"

#include <algorithm>
#include <optional>

#include "admin/api/input.h"

namespace sallyport::admin {
namespace {

constexpr std::size_t kMostPath = 1024;  // bytes

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f && c != '\\' && c != '"' && c != '<' && c != '>';
}

}  // namespace

std::string return_path(std::string_view wanted) {
  bool fits = wanted.size() <= kMostPath && wanted.starts_with('/') &&
              wanted.find("//") == std::string_view::npos &&
              std::ranges::all_of(wanted, is_visible);
  bool signs_in = wanted.starts_with("/sign-in") || wanted.starts_with("/sign-out");
  return std::string(fits && !signs_in ? wanted : "/");
}

std::string return_path_of_query(std::string_view query) {
  constexpr std::string_view kName = "return=";
  std::optional<std::string_view> found;
  while (!query.empty()) {
    auto end = std::min(query.find('&'), query.size());
    auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!pair.starts_with(kName)) continue;
    if (found) return "/";
    found = pair.substr(kName.size());
  }
  auto decoded = found ? percent_decode(*found) : std::nullopt;
  return decoded ? return_path(*decoded) : "/";
}

}  // namespace sallyport::admin
