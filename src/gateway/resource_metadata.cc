#include "gateway/resource_metadata.h"

#include <algorithm>

#include "base/json_writer.h"

namespace sallyport::gateway {
namespace {

constexpr std::string_view kWellKnown = "/.well-known/oauth-protected-resource";

void write_sign_in(JsonWriter& json, const identity::IssuerSettings& issuer) {
  json.begin().text("name", issuer.name).text("issuer", issuer.issuer);
  json.text("client", issuer.sign_in->client).array("scopes");
  for (const auto& scope : issuer.sign_in->scopes) json.item(scope);
  json.end_array().text("token", text(issuer.token));
  if (issuer.sign_in->redirect_port != 0) {
    json.number("redirect_port", issuer.sign_in->redirect_port);
  }
  json.end();
}

std::vector<std::string> scopes_of(const std::vector<identity::IssuerSettings>& issuers) {
  std::vector<std::string> scopes;
  for (const auto& issuer : issuers) {
    if (!issuer.sign_in) continue;
    for (const auto& scope : issuer.sign_in->scopes) {
      if (std::ranges::find(scopes, scope) == scopes.end()) scopes.push_back(scope);
    }
  }
  return scopes;
}

}  // namespace

ResourceMetadata::ResourceMetadata(const ListenSettings& listen,
                                   const std::vector<identity::IssuerSettings>& issuers)
    : path_(std::string(kWellKnown) + listen.path_prefix),
      path_below_prefix_(listen.path_prefix + std::string(kWellKnown)),
      resource_(listen.public_url),
      scheme_(listen.tls_certificate.empty() ? "http://" : "https://") {
  std::string whole;
  JsonWriter json(whole);
  json.begin().array("authorization_servers");
  for (const auto& issuer : issuers) json.item(issuer.issuer);
  json.end_array().array("scopes_supported");
  for (const auto& scope : scopes_of(issuers)) json.item(scope);
  json.end_array().array("bearer_methods_supported").item("header").end_array();
  json.array("sallyport_sign_in");
  for (const auto& issuer : issuers) {
    if (issuer.sign_in) write_sign_in(json, issuer);
  }
  json.end_array().end();
  rest_ = whole.substr(1);  // the resource goes first
}

std::string ResourceMetadata::document(std::string_view host) const {
  std::string text = "{\"resource\":";
  append_json_text(text, resource_.empty() ? scheme_ + std::string(host) : resource_);
  return text + "," + rest_;
}

}  // namespace sallyport::gateway
