// How a client learns where people sign in: OAuth 2.0 Protected Resource Metadata (RFC 9728),
// served to everybody, with what `sallyport sign-in` needs beside it. Built once a configuration;
// any thread. Holds nothing secret: client ids and scopes of public clients.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/settings.h"
#include "identity/settings.h"

namespace sallyport::gateway {

class ResourceMetadata {
 public:
  ResourceMetadata() = default;
  ResourceMetadata(const ListenSettings& listen,
                   const std::vector<identity::IssuerSettings>& issuers);

  /// True for the paths of the document: the well-known part goes between host and path (RFC 9728
  /// section 3.1); what a proxy forwards of a prefix alone is answered as well.
  [[nodiscard]] bool answers(std::string_view path) const {
    return path == path_ || path == path_below_prefix_;
  }
  /// The JSON document. Without `listen.public_url` (allowed on loopback alone) the resource is
  /// named as the client named it in `host`.
  [[nodiscard]] std::string document(std::string_view host) const;

 private:
  std::string path_;
  std::string path_below_prefix_;
  std::string resource_;  ///< listen.public_url
  std::string scheme_;    ///< for when there is none
  std::string rest_;      ///< what follows the resource
};

}  // namespace sallyport::gateway
