#include "config/reload.h"

#include <fmt/format.h>

#include "config/schema.h"
#include "config/syntax.h"

namespace sallyport::config {

Findings refuse_reload(const Configuration& running, const Configuration& next) {
  Findings findings;
  for (const Row& row : schema()) {
    if (!row.reload.needs_restart()) continue;
    auto before = row.reload.show(running);
    auto after = row.reload.show(next);
    if (before == after) continue;
    Finding finding{
        Severity::kError, "config.needs_restart", next.path, {}, std::string(row.path), {}, {}, {}};
    if (auto place = next.places.find(finding.key); place != next.places.end()) {
      finding.place = place->second;
    }
    finding.message =
        fmt::format("a change from {} to {} needs a restart", shown(before), shown(after));
    finding.next_step = "restart the gateway, or take the change back";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace sallyport::config
