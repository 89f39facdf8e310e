// How the gateway proves itself to a cloud's service: towards a model provider, Microsoft Graph, a
// store that the record is shipped to. Already checked, secrets read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/secret.h"

namespace sallyport::cloud {

/// Where a credential comes from. All but the key are sources of Entra tokens.
enum class SourceKind : std::uint8_t {
  kApiKey,            ///< it is held as it was given; nobody is asked
  kImds,              ///< managed identity of a virtual machine
  kAppService,        ///< managed identity in App Service, Functions and Container Apps
  kArc,               ///< managed identity of a machine outside Azure, by Azure Arc's agent
  kWorkloadIdentity,  ///< a Kubernetes service account's token, exchanged at Entra
  kClientSecret,
  kClientCertificate,
};

/// Where Azure Arc's agent puts the keys of its challenges on Linux.
inline constexpr char kArcTokenFolder[] = "/var/opt/azcmagent/tokens";

struct SourceSettings {
  SourceKind kind = SourceKind::kApiKey;
  /// The API key, App Service's identity header, the client secret, or the certificate's private
  /// key as PEM; null for the others.
  std::shared_ptr<const Secret> secret;
  std::string scope;        ///< ends with /.default; from here on not for an API key
  std::string endpoint;     ///< the platform's address, or Entra's token URL
  std::string client_id;    ///< of the application, or of a user-assigned identity
  std::string object_id;    ///< of a user-assigned identity
  std::string resource_id;  ///< of a user-assigned identity
  std::string token_file;   ///< of a workload identity; read at every request
  std::string certificate;  ///< PEM, the application's certificate first
  std::string ca_file;      ///< for Entra, instead of the system's trust store
  std::string proxy;        ///< to Entra; empty: the environment's
  std::string arc_token_folder = kArcTokenFolder;
};

}  // namespace sallyport::cloud
