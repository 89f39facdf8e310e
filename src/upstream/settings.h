// What the administrator said about the model providers: the `upstreams` and `models` blocks,
// already checked, secrets read; and what may be said of each provider, one row a kind.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "cloud/settings.h"

namespace sallyport::upstream {

enum class Provider : std::uint8_t { kFoundry, kAnthropic, kMantle };

using CredentialKind = cloud::SourceKind;

/// What the configuration may say of a provider. What it is stands in provider_NAME.cc.
struct ProviderRules {
  Provider provider;
  std::string_view name;         ///< `provider: NAME`
  std::string_view title;        ///< in a sentence
  std::string_view described;    ///< on the page that lists them
  std::string_view target_key;   ///< the key that says where it is; empty: there is one place
  std::string_view target_word;  ///< its value, in a sentence
  std::string_view base_url;     ///< where no `base_url` is given; {} is the value of that key
  std::span<const std::string_view> hosts;  ///< its own; a * is anything
  std::string_view path;                    ///< that a base URL at these ends with; empty: any
  std::string_view path_code;               ///< of the finding where it does not
  std::span<const CredentialKind> credentials;
  std::span<const std::string_view> key_headers;  ///< that it reads a key from, the usual one first
  std::string_view model_mark;                    ///< that its names of models hold; empty: any
};

namespace rules_of_providers {
inline constexpr std::string_view kAzureHosts[] = {"*.azure.com", "*.azure.us", "*.azure.cn"};
inline constexpr std::string_view kAnthropicHosts[] = {"api.anthropic.com"};
inline constexpr std::string_view kMantleHosts[] = {"bedrock-mantle.*.api.aws"};
inline constexpr std::string_view kApiKeyHeaders[] = {"x-api-key", "api-key"};
inline constexpr CredentialKind kEntraOrKey[] = {
    CredentialKind::kApiKey,           CredentialKind::kImds,
    CredentialKind::kAppService,       CredentialKind::kArc,
    CredentialKind::kWorkloadIdentity, CredentialKind::kClientSecret,
    CredentialKind::kClientCertificate};
inline constexpr CredentialKind kKeyAlone[] = {CredentialKind::kApiKey};
}  // namespace rules_of_providers

// clang-format off: one provider a row.
inline constexpr ProviderRules kProviderRules[] = {
    {.provider = Provider::kFoundry, .name = "foundry", .title = "Foundry",
     .described = "Microsoft Foundry",
     .target_key = "resource", .target_word = "NAME",
     .base_url = "https://{}.services.ai.azure.com/anthropic",
     .hosts = rules_of_providers::kAzureHosts,
     .path = "/anthropic", .path_code = "config.foundry_path",
     .credentials = rules_of_providers::kEntraOrKey,
     .key_headers = rules_of_providers::kApiKeyHeaders, .model_mark = {}},
    {.provider = Provider::kAnthropic, .name = "anthropic", .title = "the Claude API",
     .described = "the Claude API",
     .target_key = {}, .target_word = {}, .base_url = "https://api.anthropic.com",
     .hosts = rules_of_providers::kAnthropicHosts, .path = {}, .path_code = {},
     .credentials = rules_of_providers::kKeyAlone,
     .key_headers = std::span(rules_of_providers::kApiKeyHeaders).first(1), .model_mark = {}},
    {.provider = Provider::kMantle, .name = "mantle", .title = "Mantle",
     .described = "Amazon Bedrock's Messages endpoint (Mantle)",
     .target_key = "region", .target_word = "REGION",
     .base_url = "https://bedrock-mantle.{}.api.aws/anthropic",
     .hosts = rules_of_providers::kMantleHosts,
     .path = "/anthropic", .path_code = "config.mantle_path",
     .credentials = rules_of_providers::kKeyAlone,
     .key_headers = std::span(rules_of_providers::kApiKeyHeaders).first(1),
     .model_mark = "anthropic."},
};
// clang-format on

/// The row of a provider: every provider of a configuration comes from one.
[[nodiscard]] constexpr const ProviderRules& rules_of(Provider provider) {
  for (const auto& row : kProviderRules) {
    if (row.provider == provider) return row;
  }
  check_failed("a provider without rules", __FILE__, __LINE__);
}
/// Null: there is no provider of that name.
[[nodiscard]] constexpr const ProviderRules* find_provider(std::string_view name) {
  for (const auto& row : kProviderRules) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

/// Foundry's audience. Two others are in use: `https://cognitiveservices.azure.com/.default` and
/// `https://ai.cognitiveservices.com/.default`; `sallyport upstream check` says which one is taken.
inline constexpr char kFoundryScope[] = "https://ai.azure.com/.default";
/// A provider's credential: where it comes from, and where a key is written.
struct CredentialSettings : cloud::SourceSettings {
  CredentialSettings() { scope = kFoundryScope; }
  std::string header = "x-api-key";  ///< of an API key: one of the provider's `key_headers`
};

struct UpstreamSettings {
  std::string name;
  Provider provider = Provider::kFoundry;
  std::string target;    ///< value of its `target_key`: the resource, the region; empty: base_url
  std::string base_url;  ///< https://host[:port][/path], no slash at the end; from `target` where
                         ///< that was given
  CredentialSettings credential;
  /// Where the credential comes from, in words: "file /etc/...", "variable NAME", "the
  /// configuration file". Never the credential.
  std::string credential_source;
  std::string ca_file;  ///< instead of the system's trust store
  std::string proxy;    ///< http://host:port for CONNECT; empty: direct
};

struct ModelSettings {
  std::string id;            ///< what clients ask for
  std::string display_name;  ///< for /v1/models; the id where not given
  std::string upstream;      ///< name of its one upstream
  std::string deployment;    ///< what the provider calls it
};

}  // namespace sallyport::upstream
