// Rules for identity providers, with what is known of Entra ID: an `iss` is compared byte for byte,
// so a near miss here is a gateway that refuses everybody.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/encoding.h"
#include "base/guid.h"
#include "base/nearest.h"
#include "base/url.h"
#include "config/rules.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

using identity::IssuerSettings;
using identity::TokenKind;

struct Entra {
  enum class Version { kNone, kV1, kV2 };
  Version version = Version::kNone;
  std::string tenant;  ///< lower case; empty where the URL has no tenant id
};

// The authorities of the public, US government and Chinese clouds.
constexpr std::string_view kEntraHosts[] = {"login.microsoftonline.com", "login.microsoftonline.us",
                                            "login.partner.microsoftonline.cn"};
// Versions that Entra's older authority writes into tokens of `ver` 1.0.
constexpr std::string_view kEntraV1Host = "sts.windows.net";

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    auto end = std::min(path.find('/'), path.size());
    if (end > 0) parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

Entra recognise(const IssuerSettings& issuer) {
  Entra entra;
  auto url = parse_url(issuer.issuer);
  if (!url) return entra;
  const std::string& host = url->host;
  if (host == kEntraV1Host) {
    entra.version = Entra::Version::kV1;
  } else if (std::ranges::find(kEntraHosts, host) != std::end(kEntraHosts)) {
    entra.version = Entra::Version::kV2;
  }
  auto parts = segments(url->path);
  if (!parts.empty() && is_guid(parts[0])) entra.tenant = lower_case(parts[0]);
  return entra;
}

// Discovery documents are pasted as issuers often enough; `iss` ends before the well-known part.
bool refuse_metadata_url(Scene& scene, const std::string& key, const std::string& issuer) {
  auto at = issuer.find("/.well-known");
  if (at == std::string::npos) return false;
  scene.report.error(
      key, {"config.issuer_is_metadata", "this is the address of the metadata, not the issuer",
            "end it before /.well-known", issuer.substr(0, at)});
  return true;
}

void check_entra_issuer(Scene& scene, const std::string& key, const std::string& issuer,
                        const Entra& entra) {
  auto url = parse_url(issuer);
  auto parts = segments(url->path);
  if (entra.tenant.empty()) {
    bool shared = !parts.empty() &&
                  (parts[0] == "common" || parts[0] == "organizations" || parts[0] == "consumers");
    scene.report.error(
        key,
        {"config.issuer_without_tenant",
         shared ? fmt::format("`{}` stands for many tenants, and no token carries it", parts[0])
                : "the URL has no tenant id, which `iss` always has",
         "write the tenant's id (a GUID, in the overview of the Entra portal)"});
    return;
  }
  auto right = entra.version == Entra::Version::kV1
                   ? fmt::format("https://{}/{}/", kEntraV1Host, entra.tenant)
                   : fmt::format("https://{}/{}/v2.0", url->host, entra.tenant);
  if (issuer == right) return;
  scene.report.error(key, {"config.issuer_not_exact",
                           entra.version == Entra::Version::kV1
                               ? "version 1 tokens of Entra ID end their `iss` in the tenant id "
                                 "and a slash"
                               : "version 2 tokens of Entra ID end their `iss` in the tenant id "
                                 "and /v2.0, in lower case and without a slash",
                           "write it exactly as tokens carry it", right});
}

// Registrations of Entra ID are GUIDs in `aud`, `azp` and `appid`. The tenant's id is a GUID, too,
// and gets pasted into the wrong box.
void check_entra_id(Scene& scene, const std::string& key, const std::string& id, const Entra& entra,
                    std::string_view what) {
  if (!entra.tenant.empty() && lower_case(id) == entra.tenant) {
    scene.report.error(key, {"config.tenant_id_here", "this is the id of the tenant",
                             fmt::format("write the application (client) id of {}", what)});
  } else if (!is_guid(id)) {
    scene.report.warning(key,
                         {"config.not_a_guid", fmt::format("Entra ID names {} by a GUID", what),
                          "write the application (client) id of its registration"});
  } else if (id != lower_case(id)) {
    scene.report.warning(key, {"config.not_a_guid", "Entra ID writes GUIDs in lower case",
                               "write it so", lower_case(id)});
  }
}

// Anybody in the tenant gets tokens for these; only an audience of one's own is a boundary.
bool is_microsoft_audience(std::string_view audience) {
  constexpr std::string_view kOthers[] = {
      "https://ai.azure.com",
      "https://cognitiveservices.azure.com",
      "https://graph.microsoft.com",
      "https://management.azure.com",
      "https://management.core.windows.net",
      "00000003-0000-0000-c000-000000000000",
      "00000002-0000-0000-c000-000000000000",
  };
  if (audience.ends_with('/')) audience.remove_suffix(1);
  return std::ranges::find(kOthers, lower_case(audience)) != std::end(kOthers);
}

void check_entra_audiences(Scene& scene, const std::string& key, const IssuerSettings& issuer,
                           const Entra& entra) {
  for (std::size_t i = 0; i < issuer.audiences.size(); ++i) {
    const auto& audience = issuer.audiences[i];
    auto item = fmt::format("{}.audiences[{}]", key, i);
    if (is_microsoft_audience(audience)) {
      scene.report.warning(
          item, {"config.foreign_audience", "everybody in the tenant can get a token for this API",
                 "register an API of your own and write its id"});
    } else if (audience.starts_with("api://") && issuer.token == TokenKind::kAccessToken) {
      if (entra.version != Entra::Version::kV2) continue;
      auto id = audience.substr(6, audience.find('/', 6) - 6);
      scene.report.warning(item, {"config.audience_is_uri",
                                  "version 2 tokens carry the bare id of the API, without api://",
                                  "write the id", is_guid(id) ? lower_case(id) : std::string{}});
    } else {
      check_entra_id(scene, item, audience, entra,
                     issuer.token == TokenKind::kIdToken ? "the client" : "the API");
    }
  }
}

void check_entra(Scene& scene, const std::string& key, const IssuerSettings& issuer) {
  Entra entra = recognise(issuer);
  if (entra.version == Entra::Version::kNone) return;
  check_entra_issuer(scene, key + ".issuer", issuer.issuer, entra);
  check_entra_audiences(scene, key, issuer, entra);
  for (std::size_t i = 0; i < issuer.clients.size(); ++i) {
    check_entra_id(scene, fmt::format("{}.clients[{}]", key, i), issuer.clients[i], entra,
                   "the client");
  }
  if (issuer.sign_in && !issuer.sign_in->client.empty()) {
    check_entra_id(scene, key + ".sign_in.client", issuer.sign_in->client, entra, "the client");
  }
}

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

void check_id_token(Scene& scene, const std::string& key, const IssuerSettings& issuer) {
  if (issuer.token != TokenKind::kIdToken) return;
  if (!issuer.require_scopes.empty()) {
    scene.report.error(
        key + ".require.scopes",
        {"config.scopes_of_id_token", "ID tokens carry no scopes, so nobody would be let in",
         "take them away, or set `token: access_token`"});
  }
  bool client_fits =
      issuer.clients.empty() || std::ranges::any_of(issuer.clients, [&](const auto& client) {
        return contains(issuer.audiences, client);
      });
  if (!client_fits) {
    scene.report.warning(key + ".clients",
                         {"config.clients_of_id_token",
                          "an ID token's client is its audience, and no audience is listed here",
                          "leave `clients` out, or list the audience"});
  }
}

void check_sign_in(Scene& scene, const std::string& key, const IssuerSettings& issuer) {
  if (!issuer.sign_in || !scene.report.sound(key + ".sign_in")) return;
  const auto& sign_in = *issuer.sign_in;
  bool id_token = issuer.token == TokenKind::kIdToken;
  if (id_token && !contains(issuer.audiences, sign_in.client)) {
    scene.report.warning(key + ".sign_in.client",
                         {"config.sign_in_refused",
                          "ID tokens for this client have it as audience, which is not accepted",
                          "add it to `audiences`"});
  }
  if (!id_token && !issuer.clients.empty() && !contains(issuer.clients, sign_in.client)) {
    scene.report.warning(key + ".sign_in.client",
                         {"config.sign_in_refused", "this client is not among `clients`",
                          "add it there, or its tokens are refused"});
  }
  if (id_token && !contains(sign_in.scopes, "openid")) {
    scene.report.warning(
        key + ".sign_in.scopes",
        {"config.sign_in_scopes", "without `openid` there is no ID token", "add openid"});
  }
  if (!contains(sign_in.scopes, "offline_access")) {
    scene.report.warning(
        key + ".sign_in.scopes",
        {"config.sign_in_scopes", "without `offline_access` people sign in again every hour or so",
         "add offline_access"});
  }
}

// Names that HTTP, the providers or the gateway itself use for something else.
void check_header(Scene& scene, const std::string& key, const std::string& header) {
  constexpr std::string_view kReserved[] = {"accept",
                                            "accept-encoding",
                                            "connection",
                                            "content-encoding",
                                            "content-length",
                                            "content-type",
                                            "cookie",
                                            "expect",
                                            "forwarded",
                                            "host",
                                            "keep-alive",
                                            "origin",
                                            "range",
                                            "referer",
                                            "te",
                                            "trailer",
                                            "transfer-encoding",
                                            "upgrade",
                                            "user-agent",
                                            "via",
                                            "x-app",
                                            "x-forwarded-for",
                                            "x-forwarded-host",
                                            "x-forwarded-port",
                                            "x-forwarded-proto",
                                            "x-real-ip",
                                            "x-request-id"};
  constexpr std::string_view kFamilies[] = {
      "anthropic-", "proxy-", "sec-", "x-claude-code-", "x-ms-client-principal", "x-stainless-"};
  if (header.empty()) return;
  if (header == "authorization" || header == "x-api-key") {
    scene.report.error(key, {"config.reserved_header", "tokens are looked for there in any case",
                             "take the key away, or name another header"});
  } else if (std::ranges::find(kReserved, header) != std::end(kReserved) ||
             std::ranges::any_of(kFamilies, [&](auto f) { return header.starts_with(f); })) {
    scene.report.error(key,
                       {"config.reserved_header", fmt::format("`{}` has another meaning", header),
                        "name a header that carries nothing but the token"});
  }
}

void check_files(Scene& scene, const std::string& key, const IssuerSettings& issuer) {
  check_authorities(scene, key + ".ca_file", issuer.ca_file);
  if (issuer.jwks_file.empty()) return;
  auto file = scene.environment.file(issuer.jwks_file, 1 << 20);
  if (!file) {
    scene.report.error(key + ".jwks_file",
                       {"config.file_unreadable", file.error().message,
                        "put the key set there and let the gateway's user read it"});
  } else if (auto text = file->content.reveal(); text.find("\"keys\"") == std::string_view::npos) {
    scene.report.error(
        key + ".jwks_file",
        {"config.not_a_key_set", fmt::format("{} holds no key set", shown(issuer.jwks_file)),
         "put {\"keys\": [...]} there (RFC 7517 section 5)"});
  }
  for (auto [name, given] :
       {std::pair{"ca_file", !issuer.ca_file.empty()}, std::pair{"proxy", !issuer.proxy.empty()}}) {
    if (!given) continue;
    scene.report.warning(
        fmt::format("{}.{}", key, name),
        {"config.key_without_effect", "with jwks_file nothing is fetched from this issuer",
         "take one of the two away"});
  }
}

// One audience, one kind of token (RFC 8725 section 3.12: mutually exclusive rules for different
// kinds), and one entry for an issuer and audience, so that it is plain whose rules count.
void check_audiences_apart(Scene& scene) {
  const auto& issuers = scene.draft.configuration.issuers;
  std::map<std::string, std::size_t> owner;  // audience -> first issuer with it
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    for (std::size_t j = 0; j < issuers[i].audiences.size(); ++j) {
      auto [first, is_new] = owner.emplace(issuers[i].audiences[j], i);
      if (is_new || first->second == i) continue;
      const auto& other = issuers[first->second];
      auto key = fmt::format("issuers[{}].audiences[{}]", i, j);
      if (other.token != issuers[i].token) {
        scene.report.error(key, {"config.audience_of_both_kinds",
                                 fmt::format("issuer {} takes the other kind of token for this "
                                             "audience",
                                             other.name),
                                 "use two registrations, one for each kind"});
      } else if (other.issuer == issuers[i].issuer) {
        scene.report.error(key,
                           {"config.audience_repeated",
                            fmt::format("issuer {} has the same issuer and audience", other.name),
                            "keep one of the two entries"});
      }
    }
  }
}

void check_issuers_apart(Scene& scene) {
  const auto& issuers = scene.draft.configuration.issuers;
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      auto key = fmt::format("issuers[{}]", i);
      if (!issuers[i].name.empty() && lower_case(issuers[i].name) == lower_case(issuers[j].name)) {
        scene.report.error(key + ".name",
                           {"config.name_taken", "another issuer has this name", "choose another"});
        continue;
      }
      auto tenant = recognise(issuers[i]).tenant;
      bool same = issuers[i].issuer == issuers[j].issuer ||
                  (!tenant.empty() && tenant == recognise(issuers[j]).tenant);
      if (same && !issuers[i].issuer.empty()) {
        scene.report.warning(key + ".issuer",
                             {"config.person_counts_twice",
                              fmt::format("{} is the same identity provider: who uses both is two "
                                          "people for records and revocations",
                                          issuers[j].name),
                              "name both issuers when you revoke somebody"});
      }
    }
  }
}

// `auth_time` is an optional claim: Entra ID writes it where the application asks for it, others
// where the client sends max_age. Whoever writes the key down has thought of it.
void check_heal_by(Scene& scene, const std::string& key) {
  if (scene.draft.given(key + ".heal_by")) return;
  scene.report.warning(
      key + ".heal_by",
      {"config.may_not_heal",
       "tokens may lack auth_time, and then a person whose sign-ins were revoked stays out until "
       "that is lifted, however often they sign in",
       "have the provider write auth_time (Entra ID: Token configuration, Add optional claim) and "
       "write heal_by: auth_time, or write heal_by: iat"});
}

// An application's token says nothing but that somebody in the tenant registered it.
void check_app_only(Scene& scene, const std::string& key, const IssuerSettings& issuer) {
  if (issuer.app_only != identity::Gate::kAllow) return;
  if (!issuer.clients.empty() || !issuer.require_roles.empty()) return;
  scene.report.error(key + ".app_only",
                     {"config.app_only_open", "every application of the tenant would be admitted",
                      "name the applications in clients, or a role in require.roles"});
}

}  // namespace

void check_issuers(Scene& scene) {
  const auto& issuers = scene.draft.configuration.issuers;
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    auto key = fmt::format("issuers[{}]", i);
    const auto& issuer = issuers[i];
    if (!issuer.issuer.empty() && !refuse_metadata_url(scene, key + ".issuer", issuer.issuer)) {
      check_entra(scene, key, issuer);
    }
    check_id_token(scene, key, issuer);
    check_sign_in(scene, key, issuer);
    check_app_only(scene, key, issuer);
    check_heal_by(scene, key);
    check_header(scene, key + ".header", issuer.header);
    check_files(scene, key, issuer);
  }
  check_audiences_apart(scene);
  check_issuers_apart(scene);
}

}  // namespace sallyport::config
