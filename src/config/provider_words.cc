#include "config/provider_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace sallyport::config {
namespace {

using upstream::CredentialKind;
using upstream::ProviderRules;

constexpr CredentialKey kKeys[] = {
    {"api_key", CredentialKind::kApiKey, "API keys"},
    {"managed_identity", CredentialKind::kImds, "Entra's tokens"},
    {"workload_identity", CredentialKind::kWorkloadIdentity, "Entra's tokens"},
    {"client_certificate", CredentialKind::kClientCertificate, "Entra's tokens"},
    {"client_secret", CredentialKind::kClientSecret, "Entra's tokens"},
};

// "`provider: foundry` or `provider: other`", of the rows that fit; empty: none does.
template <typename Fits>
std::string choices(std::span<const ProviderRules> rows, Fits fits) {
  std::string all;
  for (const auto& row : rows) {
    if (!fits(row)) continue;
    all += fmt::format("{}`provider: {}`", all.empty() ? "" : " or ", row.name);
  }
  return all;
}

}  // namespace

std::span<const CredentialKey> credential_keys() {
  return kKeys;
}

bool takes(const ProviderRules& rules, CredentialKind kind) {
  return std::ranges::find(rules.credentials, kind) != rules.credentials.end();
}

ProviderWords words_of_foreign_target(std::span<const ProviderRules> rows,
                                      std::string_view target_key) {
  const auto has_it = [&](const ProviderRules& row) { return row.target_key == target_key; };
  std::vector<std::string_view> titles;
  for (const auto& row : rows) {
    if (has_it(row)) titles.push_back(row.title);
  }
  return {fmt::format("only {} {} {}s", fmt::join(titles, " and "),
                      titles.size() > 1 ? "have" : "has", target_key),
          fmt::format("take it away, or set {}", choices(rows, has_it))};
}

ProviderWords words_of_unfit_credential(std::span<const ProviderRules> rows,
                                        const ProviderRules& chosen, CredentialKind kind) {
  std::vector<std::string> ways;
  for (const auto& key : kKeys) {
    if (takes(chosen, key.kind)) ways.push_back(fmt::format("`{}`", key.name));
  }
  const auto others = choices(rows, [&](const ProviderRules& row) { return takes(row, kind); });
  const auto* key = std::ranges::find(kKeys, kind, &CredentialKey::kind);
  SALLYPORT_CHECK(key != std::end(kKeys));
  return {fmt::format("{} does not take {}", chosen.title, key->what),
          fmt::format("write {}{}{}", fmt::join(ways, " or "), others.empty() ? "" : ", or set ",
                      others)};
}

}  // namespace sallyport::config
