// Rules about OpenID Connect sign-in objects (facts: desktop-config 7 and 9): what the app's
// browser sign-in with PKCE needs, and the traps of Entra registrations.
#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/guid.h"
#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

constexpr std::array<std::string_view, 4> kSignInKeys{
    "inferenceGatewayOidc", "inferenceIdpOidc", "inferenceVertexWorkforceOidc", "bootstrapOidc"};

bool has_scope(std::string_view scopes, std::string_view wanted) {
  std::string padded = " " + std::string(scopes) + " ";
  return padded.find(" " + std::string(wanted) + " ") != std::string::npos;
}

bool is_okta_host(std::string_view host) {
  return host.ends_with(".okta.com") || host.ends_with(".oktapreview.com") ||
         host.ends_with(".okta-emea.com");
}

// A custom authorization server is https://ORG.okta.com/oauth2/ID; the organization's own server
// issues access tokens that only Okta can check.
void check_okta(Check& check, const std::string& place, const Url& issuer) {
  if (!is_okta_host(issuer.host)) return;
  std::string_view organization = std::string_view(issuer.host).substr(0, issuer.host.find('.'));
  std::string_view path = issuer.path;
  while (path.ends_with('/')) path.remove_suffix(1);
  std::string_view server = path.starts_with("/oauth2/") ? path.substr(8) : std::string_view();
  bool named = !server.empty() && server != "v1" && server.find('/') == std::string_view::npos;
  if (named && path == issuer.path && !organization.ends_with("-admin")) return;
  if (organization.ends_with("-admin")) organization.remove_suffix(6);
  check.add(path.empty() ? Severity::kWarning : Severity::kError, "oidc.issuer_okta", place,
            path.empty() ? "the organization's own server issues access tokens that a gateway "
                           "cannot check, and it has no scopes of its own"
                         : "this is no issuer of an Okta authorization server",
            fmt::format("write https://{}{}/oauth2/ID, for example with the ID default",
                        organization, issuer.host.substr(issuer.host.find('.'))));
}

void check_issuer(Check& check, const std::string& key, std::string_view issuer) {
  std::string place = key + ".issuer";
  if (contains_word(issuer, "/.well-known/")) {
    check.error("oidc.issuer_metadata_url", place,
                "it is the metadata URL, not the issuer; discovery then fails with HTTP 404 or 405",
                fmt::format("write {}", issuer.substr(0, issuer.find("/.well-known/"))));
    return;
  }
  auto url = parse_any_url(issuer);
  if (!url) return;  // url.invalid says so
  if (!url->query.empty() || !url->fragment.empty()) {
    check.error("oidc.issuer_form", place, "an issuer has neither query nor fragment",
                "write the base URL alone");
    return;
  }
  for (std::string_view endpoint : {"/authorize", "/token", "/keys", "/userinfo"}) {
    if (!url->path.ends_with(endpoint)) continue;
    check.error("oidc.issuer_form", place, "it is one endpoint of the provider, not the issuer",
                "write the base URL alone; the app finds the endpoints itself");
    return;
  }
  check_okta(check, place, *url);
  if (!is_entra_host(url->host)) return;
  if (url->host == "sts.windows.net") {
    check.error("oidc.issuer_entra_v2", place, "sts.windows.net issues version 1 tokens",
                "write https://login.microsoftonline.com/TENANT/v2.0 and set the application's "
                "accepted token version to 2");
    return;
  }
  std::string_view path = url->path;
  if (!path.ends_with("/v2.0")) {
    std::string tenant = entra_tenant(issuer);
    check.error(
        "oidc.issuer_entra_v2", place, "an Entra issuer ends in /v2.0 with nothing behind it",
        fmt::format("write https://{}/{}/v2.0", url->host, tenant.empty() ? "TENANT" : tenant));
    return;
  }
  for (std::string_view shared : {"/common/", "/organizations/", "/consumers/"}) {
    if (path.starts_with(shared)) {
      check.error("oidc.issuer_any_tenant", place,
                  "it admits people of every tenant, and no token carries this issuer",
                  "write your own tenant's id in place of it");
    }
  }
}

void check_tokens(Check& check, const std::string& key, const json::object& oidc, bool entra) {
  std::string_view scopes = member_text(oidc, "scopes");
  std::string_view type = member_text(oidc, "bearerTokenType");
  bool access = type == "access_token";
  if (access && scopes.empty()) {
    check.error("oidc.scopes_missing", key + ".scopes",
                "bearerTokenType access_token needs the scopes of the API that checks the token",
                "set scopes, for Entra api://API-ID/Scope.Name");
  }
  if (!access) {
    if (entra) {
      check.advice("oidc.id_token", key + ".bearerTokenType",
                   "an ID token is meant for the app itself; Conditional Access cannot target it, "
                   "and it carries no scopes or API roles",
                   "use access_token with a scope of the gateway's own registration");
    }
    if (contains_word(member_text(oidc, "issuer"), "accounts.google.com") ||
        contains_word(member_text(oidc, "authorizationUrl"), "accounts.google.com")) {
      check.warning("oidc.google_id_token", key,
                    "Google gives no fresh ID token on refresh: people sign in again about hourly",
                    "use bearerTokenType access_token");
    }
    if (!scopes.empty() && !has_scope(scopes, "offline_access")) {
      check.warning("oidc.offline_access", key + ".scopes",
                    "scopes are sent as they stand, and without offline_access there is no silent "
                    "refresh",
                    "add offline_access, or leave scopes out");
    }
  }
  if (!member_text(oidc, "resource").empty() && (!access || entra)) {
    check.error("oidc.resource", key + ".resource",
                entra ? "Entra ID knows no resource parameter beside scopes"
                      : "it is used with access_token alone",
                "remove it");
  }
}

// The client's GUID, and redirect and broker details.
void check_client(Check& check, const std::string& key, const json::object& oidc, bool entra) {
  std::string_view client = member_text(oidc, "clientId");
  if (oidc.contains("clientId") && client.empty()) {
    check.error("oidc.client_id", key + ".clientId", "it is empty",
                "copy the application (client) ID from the registration");
  } else if (entra && !client.empty() && !is_guid(client)) {
    check.error("oidc.guid_form", key + ".clientId", "Entra client IDs are GUIDs",
                "copy the application (client) ID from the registration's overview page");
  }
  if (entra && oidc.contains("redirectPort")) {
    check.advice("oidc.redirect_port", key + ".redirectPort",
                 "Entra accepts any port on http://127.0.0.1/callback; a fixed one can be taken",
                 "remove redirectPort");
  }
  auto url = parse_any_url(member_text(oidc, "issuer"));
  bool exact = url && (is_okta_host(url->host) || contains_word(url->host, "ping"));
  if (exact && !oidc.contains("redirectPort")) {
    check.advice("oidc.redirect_port", key + ".redirectPort",
                 "this provider compares the redirect address with its port, and the app takes a "
                 "free port each time",
                 "set redirectPort and register http://127.0.0.1:PORT/callback with the same port");
  }
  for (std::string_view name : {"clientSecret", "client_secret"}) {
    if (!oidc.contains(name)) continue;
    check.error("oidc.client_secret", fmt::format("{}.{}", key, name),
                "the app is a public client with PKCE and takes no secret; a Web registration ends "
                "in Token exchange failed (HTTP 401)",
                "register under Mobile and desktop applications and remove the secret");
  }
}

void check_object(Check& check, const std::string& key, const json::object& oidc) {
  std::string_view issuer = member_text(oidc, "issuer");
  bool pair = oidc.contains("authorizationUrl") && oidc.contains("tokenUrl");
  if (issuer.empty() && !pair) {
    check.error("oidc.endpoints", key, "it has neither issuer nor authorizationUrl and tokenUrl",
                "set issuer, for Entra https://login.microsoftonline.com/TENANT/v2.0");
  }
  if (!issuer.empty() && (oidc.contains("authorizationUrl") || oidc.contains("tokenUrl"))) {
    check.advice("oidc.endpoints_ignored", key,
                 "authorizationUrl and tokenUrl are ignored beside issuer", "remove them");
  }
  if (!issuer.empty()) check_issuer(check, key, issuer);
  auto url = parse_any_url(issuer);
  bool entra = url && is_entra_host(url->host);
  check_client(check, key, oidc, entra);
  bool bootstrap = key == "bootstrapOidc";
  std::string_view scopes = member_text(oidc, "scopes");
  if (bootstrap) {
    if (oidc.contains("scopes") && scopes.empty()) {
      check.error("oidc.scopes_missing", key + ".scopes",
                  "Entra refuses an empty scope (AADSTS900144)", "write CLIENT_ID/.default");
    }
    if (entra && contains_word(scopes, "api://")) {
      check.error("oidc.api_scope", key + ".scopes",
                  "api:// scopes fail on refresh after about an hour (AADSTS90009)",
                  "write CLIENT_ID/.default");
    }
    return;
  }
  if (key != "inferenceVertexWorkforceOidc") check_tokens(check, key, oidc, entra);
}

void check_broker(Check& check, std::string_view flow_key, std::string_view oidc_key) {
  if (check.text(flow_key) != "broker") return;
  const json::object* oidc = check.object(oidc_key);
  std::string_view issuer = oidc == nullptr ? std::string_view() : member_text(*oidc, "issuer");
  auto url = parse_any_url(issuer);
  if (url && is_entra_host(url->host) && std::string_view(url->path).ends_with("/v2.0")) return;
  check.error("oidc.broker_issuer", std::string(flow_key),
              "the broker (Web Account Manager, Company Portal) signs in to Entra alone",
              "set the issuer to https://login.microsoftonline.com/TENANT/v2.0, or use browser");
}

// The first GUID of a text in lower case, or empty.
std::string guid_in(std::string_view text) {
  constexpr std::size_t kLength = 36;
  for (std::size_t i = 0; i + kLength <= text.size(); ++i) {
    if (is_guid(text.substr(i, kLength))) return lower_case(text.substr(i, kLength));
  }
  return {};
}

// A tenant's GUID where a client's belongs, anywhere in the profile.
void check_swapped(Check& check) {
  std::vector<std::string> tenants;
  std::vector<std::pair<std::string, std::string>> clients;
  for (std::string_view name : kSignInKeys) {
    const json::object* oidc = check.object(name);
    if (oidc == nullptr) continue;
    if (auto tenant = entra_tenant(member_text(*oidc, "issuer")); !tenant.empty()) {
      tenants.push_back(tenant);
    }
    clients.emplace_back(fmt::format("{}.clientId", name),
                         lower_case(member_text(*oidc, "clientId")));
    // CLIENT/.default and api://CLIENT/Scope name an application, never a tenant
    if (auto id = guid_in(member_text(*oidc, "scopes")); !id.empty()) {
      clients.emplace_back(fmt::format("{}.scopes", name), id);
    }
  }
  if (auto tenant = check.text("inferenceFoundryTenantId"); !tenant.empty()) {
    tenants.push_back(lower_case(tenant));
  }
  clients.emplace_back("inferenceFoundryClientId",
                       lower_case(check.text("inferenceFoundryClientId")));
  for (const auto& [place, client] : clients) {
    bool same =
        !client.empty() && std::find(tenants.begin(), tenants.end(), client) != tenants.end();
    if (!same) continue;
    check.error("oidc.guid_swapped", place,
                "the same GUID stands as tenant and as client; one of them is in the wrong box",
                "Directory (tenant) ID belongs into the issuer, Application (client) ID into "
                "clientId");
  }
}

}  // namespace

void check_sign_in(Check& check) {
  for (std::string_view name : kSignInKeys) {
    if (const json::object* oidc = check.object(name))
      check_object(check, std::string(name), *oidc);
  }
  check_broker(check, "inferenceGatewayOidcAuthFlow", "inferenceGatewayOidc");
  check_broker(check, "inferenceIdpAuthFlow", "inferenceIdpOidc");
  check_broker(check, "inferenceVertexWorkforceAuthFlow", "inferenceVertexWorkforceOidc");
  check_swapped(check);
  if (check.text("inferenceGatewayAuthScheme") == "sso" ||
      check.text("inferenceGatewayAuthScheme") == "auto") {
    check.error("value.legacy_scheme", "inferenceGatewayAuthScheme",
                "the schemes sso and auto ended on 2026-10-07 12:00 Pacific",
                "remove it and set inferenceCredentialKind to interactive");
  }
  if (check.kind() == "interactive" && check.has("inferenceVertexWorkforceAudience")) {
    check.error("value.legacy_workforce", "inferenceCredentialKind",
                "interactive with a workforce audience ended on 2026-10-07 12:00 Pacific",
                "set it to workforce");
  }
}

}  // namespace sallyport::profile
