#include "base/nearest.h"

#include <algorithm>
#include <string>
#include <vector>

namespace sallyport {
namespace {

constexpr std::size_t kLongestName = 128;

std::string bare(std::string_view name) {
  std::string result;
  for (char c : name) {
    if (c == '_' || c == '-' || c == ' ') continue;
    result.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
  return result;
}

// Optimal string alignment distance: insertions, deletions, replacements, swapped neighbours.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> two_back(b.size() + 1), back(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) back[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t change = back[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({change, back[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], two_back[j - 2] + 1);
      }
    }
    std::swap(two_back, back);
    std::swap(back, row);
  }
  return back[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view wrong, std::span<const std::string_view> right) {
  if (wrong.size() > kLongestName) return {};
  std::string stem = bare(wrong);
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, stem.size() / 3) + 1;
  for (std::string_view candidate : right) {
    std::string other = bare(candidate);
    std::size_t d = distance(stem, other);
    // A short name is "near" everything: at least half of it must be right.
    if (d < best_distance && d * 2 <= std::max<std::size_t>(other.size(), 1)) {
      best = candidate;
      best_distance = d;
    }
  }
  return best;
}

}  // namespace sallyport
