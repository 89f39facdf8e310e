#include "admin/port_metadata.h"

namespace sallyport::admin {

gateway::ResourceMetadata port_metadata(const Settings& settings,
                                        const identity::Snapshot& data_plane) {
  gateway::ListenSettings listen;
  listen.tls_certificate = settings.tls_certificate;
  // On plain loopback the port may be any free one: the resource is what the client called it.
  if (!settings.tls_certificate.empty()) listen.public_url = settings.public_url;
  std::vector<identity::IssuerSettings> issuers;
  for (const auto& issuer : data_plane.issuers) {
    if (issuer.settings.name != settings.issuer) continue;
    auto& named = issuers.emplace_back();
    named.name = issuer.settings.name;
    named.issuer = issuer.settings.issuer;
    named.token = identity::TokenKind::kAccessToken;
    if (settings.command_line) {
      named.sign_in =
          identity::SignInSettings{settings.command_line->client, settings.command_line->scopes, 0};
    }
  }
  return {listen, issuers};
}

}  // namespace sallyport::admin
