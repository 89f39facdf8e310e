// What the administrator said about the model providers: the `upstreams` and `models` blocks,
// already checked, secrets read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"

namespace sallyport::upstream {

enum class Provider { kFoundry, kAnthropic };

struct UpstreamSettings {
  std::string name;
  Provider provider = Provider::kFoundry;
  std::string base_url;  ///< https://host[:port][/path], no slash at the end; from `resource` where
                         ///< that was given
  std::shared_ptr<const Secret> api_key;
  std::string credential_header = "x-api-key";  ///< x-api-key | api-key
  std::string ca_file;                          ///< instead of the system's trust store
  std::string proxy;                            ///< http://host:port for CONNECT; empty: direct
};

struct ModelSettings {
  std::string id;            ///< what clients ask for
  std::string display_name;  ///< for /v1/models; the id where not given
  std::string upstream;      ///< name of its one upstream
  std::string deployment;    ///< what the provider calls it
};

}  // namespace sallyport::upstream
