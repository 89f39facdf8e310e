// What the administrator said about the model providers: the `upstreams` and `models` blocks,
// already checked, secrets read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"

namespace sallyport::upstream {

enum class Provider { kFoundry, kAnthropic };

/// Where a provider's credential comes from. All but the key are sources of Entra tokens.
enum class CredentialKind : std::uint8_t {
  kApiKey,
  kImds,              ///< managed identity of a virtual machine
  kAppService,        ///< managed identity in App Service, Functions and Container Apps
  kArc,               ///< managed identity of a machine outside Azure, by Azure Arc's agent
  kWorkloadIdentity,  ///< a Kubernetes service account's token, exchanged at Entra
  kClientSecret,
  kClientCertificate,
};

/// Foundry's audience. Two others are in use: `https://cognitiveservices.azure.com/.default` and
/// `https://ai.cognitiveservices.com/.default`; `sallyport upstream check` says which one is taken.
inline constexpr char kFoundryScope[] = "https://ai.azure.com/.default";
/// Where Azure Arc's agent puts the keys of its challenges on Linux.
inline constexpr char kArcTokenFolder[] = "/var/opt/azcmagent/tokens";

struct CredentialSettings {
  CredentialKind kind = CredentialKind::kApiKey;
  /// The API key, App Service's identity header, the client secret, or the certificate's private
  /// key as PEM; null for the others.
  std::shared_ptr<const Secret> secret;
  std::string header = "x-api-key";   ///< of an API key: x-api-key | api-key
  std::string scope = kFoundryScope;  ///< ends with /.default; from here on not for an API key
  std::string endpoint;               ///< the platform's address, or Entra's token URL
  std::string client_id;              ///< of the application, or of a user-assigned identity
  std::string object_id;              ///< of a user-assigned identity
  std::string resource_id;            ///< of a user-assigned identity
  std::string token_file;             ///< of a workload identity; read at every request
  std::string certificate;            ///< PEM, the application's certificate first
  std::string ca_file;                ///< for Entra, instead of the system's trust store
  std::string proxy;                  ///< to Entra; empty: the environment's
  std::string arc_token_folder = kArcTokenFolder;
};

struct UpstreamSettings {
  std::string name;
  Provider provider = Provider::kFoundry;
  std::string base_url;  ///< https://host[:port][/path], no slash at the end; from `resource` where
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
