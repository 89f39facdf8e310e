#include "config/reload.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/address.h"
#include "config/schema.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

struct Fixed {
  std::string_view path;  // as the schema's row with needs_restart; a test holds both together
  std::string (*show)(const Configuration& configuration);
};

constexpr Fixed kFixed[] = {
    {"listen.address",
     [](const Configuration& c) { return format_address(c.listen.host, c.listen.port); }},
    {"listen.workers", [](const Configuration& c) { return fmt::format("{}", c.listen.workers); }},
    {"audit.directory", [](const Configuration& c) { return c.audit.directory.string(); }},
    {"store", [](const Configuration& c) { return c.store_path; }},
    {"admin.socket", [](const Configuration& c) { return c.admin.socket; }},
    {"admin.listen",
     [](const Configuration& c) {
       return c.admin.listen ? format_address(c.admin.listen->host, c.admin.listen->port)
                             : std::string("no port");
     }},
};

}  // namespace

Findings refuse_reload(const Configuration& running, const Configuration& next) {
  Findings findings;
  for (const auto& fixed : kFixed) {
    auto before = fixed.show(running);
    auto after = fixed.show(next);
    if (before == after) continue;
    Finding finding{Severity::kError,
                    "config.needs_restart",
                    next.path,
                    {},
                    std::string(fixed.path),
                    {},
                    {},
                    {}};
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
