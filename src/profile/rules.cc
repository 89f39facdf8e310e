#include "profile/rules.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

// The place of a finding's key in the catalogue: managedMcpServers[0].url -> that of its list.
std::size_t position(const Finding& finding) {
  std::string_view name = finding.key;
  name = name.substr(0, name.find_first_of(".["));
  const Key* key = Catalogue::builtin().find(name);
  const auto& keys = Catalogue::builtin().keys();
  return key == nullptr ? keys.size() : static_cast<std::size_t>(key - keys.data());
}

Findings in_order(Findings findings) {
  std::vector<std::size_t> order(findings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    auto rank = [&](std::size_t i) {
      return std::tuple(-static_cast<int>(findings[i].severity), position(findings[i]), i);
    };
    return rank(a) < rank(b);
  });
  Findings sorted;
  for (std::size_t i : order) sorted.push_back(std::move(findings[i]));
  return sorted;
}

}  // namespace

Findings check(const json::object& values, const CheckOptions& options) {
  Check run(values, options);
  check_keys(run);
  check_values(run);
  check_urls(run);
  check_connection(run);
  check_sign_in(run);
  check_models(run);
  check_connectors(run);
  check_workspace(run);
  check_delivery(run);
  check_platform(run);
  if (options.governed) check_governed(run);
  return in_order(std::move(run).take());
}

std::span<const RuleInfo> rule_table() {
  return kRules;
}

}  // namespace sallyport::profile
