// What is said where a provider is given what is not its own: sentences made from the rows of the
// providers (upstream/settings.h), so that a new row needs no sentence. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "upstream/settings.h"

namespace sallyport::config {

/// A key under `credential`, each one way to get what the provider is shown.
struct CredentialKey {
  std::string_view name;
  upstream::CredentialKind kind;  ///< of a managed identity: before its platform is found
  std::string_view what;          ///< that a provider takes or does not
};
[[nodiscard]] std::span<const CredentialKey> credential_keys();

[[nodiscard]] bool takes(const upstream::ProviderRules& rules, upstream::CredentialKind kind);

struct ProviderWords {
  std::string message;
  std::string next_step;
};

/// The key `target_key` stands at a provider that is found in another way.
[[nodiscard]] ProviderWords words_of_foreign_target(std::span<const upstream::ProviderRules> rows,
                                                    std::string_view target_key);
/// `chosen` does not take credentials of this kind.
[[nodiscard]] ProviderWords words_of_unfit_credential(std::span<const upstream::ProviderRules> rows,
                                                      const upstream::ProviderRules& chosen,
                                                      upstream::CredentialKind kind);

}  // namespace sallyport::config
