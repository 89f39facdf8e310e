// What the administrator said about the model providers: the `upstreams` and `models` blocks,
// already checked, secrets read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cloud/settings.h"

namespace sallyport::upstream {

enum class Provider { kFoundry, kAnthropic };

using CredentialKind = cloud::SourceKind;

/// Foundry's audience. Two others are in use: `https://cognitiveservices.azure.com/.default` and
/// `https://ai.cognitiveservices.com/.default`; `sallyport upstream check` says which one is taken.
inline constexpr char kFoundryScope[] = "https://ai.azure.com/.default";
/// A provider's credential: where it comes from, and where a key is written.
struct CredentialSettings : cloud::SourceSettings {
  CredentialSettings() { scope = kFoundryScope; }
  std::string header = "x-api-key";  ///< of an API key: x-api-key | api-key
};

struct UpstreamSettings {
  std::string name;
  Provider provider = Provider::kFoundry;
  std::string base_url;  ///< https://host[:port][/path], no slash at the end; from `resource` where
                         ///< that was given
  CredentialSettings credential;
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
