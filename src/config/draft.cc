#include "config/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sallyport::config {

void Report::put(Severity severity, const std::string& key, Place place, Words words) {
  if (severity == Severity::kError) draft_.broken.insert(key);
  if (findings_.size() >= kMaxFindings && severity == Severity::kWarning) {
    ++dropped_;
    return;
  }
  Finding finding{severity, words.code, file_, place, key, {}, {}, {}};
  finding.message = std::move(words.message);
  finding.nearest = std::move(words.nearest);
  finding.next_step = std::move(words.next_step);
  if (findings_.size() < kMaxFindings) {
    findings_.push_back(std::move(finding));
    return;
  }
  // An error must not get lost behind a hundred warnings: it takes the place of one.
  ++dropped_;
  auto warning = std::ranges::find(findings_, Severity::kWarning, &Finding::severity);
  if (warning != findings_.end()) *warning = std::move(finding);
}

void Report::error(const std::string& key, Place place, Words words) {
  put(Severity::kError, key, place, std::move(words));
}

void Report::warning(const std::string& key, Place place, Words words) {
  put(Severity::kWarning, key, place, std::move(words));
}

void Report::error(const std::string& key, Words words) {
  put(Severity::kError, key, place_of(key), std::move(words));
}

void Report::warning(const std::string& key, Words words) {
  put(Severity::kWarning, key, place_of(key), std::move(words));
}

void Report::add(Findings findings) {
  for (auto& finding : findings) {
    put(finding.severity, finding.key, finding.place,
        {finding.code, std::move(finding.message), std::move(finding.next_step),
         std::move(finding.nearest)});
  }
}

Place Report::place_of(std::string key) const {
  while (!key.empty()) {
    auto found = draft_.configuration.places.find(key);
    if (found != draft_.configuration.places.end()) return found->second;
    auto cut = key.find_last_of(".[");
    key.erase(cut == std::string::npos ? 0 : cut);
  }
  return {};
}

bool Report::sound(std::string_view key) const {
  auto first = draft_.broken.lower_bound(key);
  if (first == draft_.broken.end() || !first->starts_with(key)) return true;
  // "limits.connections" is broken where "limits.connect" is asked for: only a whole name counts.
  for (auto it = first; it != draft_.broken.end() && it->starts_with(key); ++it) {
    if (it->size() == key.size() || (*it)[key.size()] == '.' || (*it)[key.size()] == '[') {
      return false;
    }
  }
  return true;
}

Findings Report::take() {
  // Not stable_sort: libstdc++ 12 builds it on a deprecated function. Ties are decided by key.
  std::ranges::sort(findings_, [](const Finding& a, const Finding& b) {
    return std::tie(a.place.line, a.place.column, a.key, a.code) <
           std::tie(b.place.line, b.place.column, b.key, b.code);
  });
  if (dropped_ > 0) {
    Finding more{Severity::kWarning, "config.more", file_, {}, {}, {}, {}, {}};
    more.message = fmt::format("{} more findings are not shown", dropped_);
    more.next_step = "mend these first, then check again";
    findings_.push_back(std::move(more));
  }
  return std::move(findings_);
}

}  // namespace sallyport::config
