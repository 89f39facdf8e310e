// Rules for the providers' credentials: exactly one kind, what belongs to it, and the endpoint that
// follows from the file and from the variables that a platform sets.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/address.h"
#include "base/ascii.h"
#include "base/files.h"
#include "base/guid.h"
#include "base/url.h"
#include "config/pem.h"
#include "config/provider_words.h"
#include "config/rules.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

using upstream::CredentialKind;
using upstream::CredentialSettings;

constexpr std::string_view kDefault = "/.default";
constexpr std::string_view kPublicAuthority = "https://login.microsoftonline.com";
constexpr std::string_view kImdsHost = "http://169.254.169.254";
constexpr std::string_view kTokenPath = "/metadata/identity/oauth2/token";
constexpr std::string_view kArcEndpoint = "http://localhost:40342/metadata/identity/oauth2/token";
constexpr char kArcAgent[] = "/opt/azcmagent/bin/himds";
constexpr std::chrono::days kSoon{30};

/// One upstream's credential while its rules run.
struct Case {
  Scene& scene;
  std::string key;  ///< upstreams[0].credential
  CredentialSettings& settings;
  CredentialWords& words;
  std::string& source;  ///< what people are told of where it comes from

  [[nodiscard]] bool given(std::string_view name) const {
    return scene.draft.given(fmt::format("{}.{}", key, name));
  }
  void error(std::string_view name, Report::Words said) const {
    scene.report.error(name.empty() ? key : fmt::format("{}.{}", key, name), std::move(said));
  }
  [[nodiscard]] std::string variable(const char* name) const {
    auto value = scene.environment.variable(name);
    return value ? std::string(value->reveal()) : std::string();
  }
};

void refuse_keys(const Case& c, std::initializer_list<std::string_view> names,
                 std::string_view why) {
  for (auto name : names) {
    if (c.given(name)) {
      c.error(name, {"config.keys_exclude", std::string(why), "take this key away"});
    }
  }
}

// The kind's name, or nothing after a finding.
std::string_view only_kind(const Case& c) {
  std::string_view found;
  for (const auto& key : credential_keys()) {
    if (!c.given(key.name)) continue;
    if (!found.empty()) {
      c.error(key.name, {"config.keys_exclude", fmt::format("`{}` is a credential already", found),
                         "keep one of the two"});
      return {};
    }
    found = key.name;
  }
  if (found.empty()) {
    std::vector<std::string_view> names;
    names.reserve(credential_keys().size());
    for (const auto& key : credential_keys()) names.push_back(key.name);
    c.error("", {"config.missing_key", "this block names no credential",
                 fmt::format("write one of {}", fmt::join(names, ", "))});
  }
  return found;
}

bool is_tenant(std::string_view text) {
  return is_guid(text) ||
         (text.find('.') != text.npos && !text.starts_with('.') && !text.ends_with('.') &&
          text.find("..") == text.npos && std::ranges::all_of(text, [](char c) {
            return is_letter_or_digit(c) || c == '-' || c == '.';
          }));
}

void check_scope(const Case& c) {
  const auto& scope = c.settings.scope;
  bool https = scope.starts_with("https://") && scope.size() > 8 + kDefault.size();
  bool api = scope.starts_with("api://") && scope.size() > 6 + kDefault.size();
  if (scope.ends_with(kDefault) && (https || api)) return;
  std::string nearest;
  if (https || api) {
    nearest = scope;
    while (nearest.ends_with('/')) nearest.pop_back();
    nearest += kDefault;
  }
  c.error("scope", {"config.bad_value", "a scope is a resource and /.default",
                    fmt::format("the usual one is {}", upstream::kFoundryScope), nearest});
}

void check_guid(const Case& c, std::string_view name, const std::string& value) {
  if (value.empty() || is_guid(value)) return;
  c.error(name, {"config.bad_value", fmt::format("`{}` is not an id", shown(value)),
                 "write it like 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101; it stands in the portal"});
}

// ---- managed identity --------------------------------------------------------------------------

// The platform's own endpoint is plain HTTP; nothing but this machine may be asked that way.
bool is_platform_endpoint(const std::string& text) {
  auto url = parse_url(text);
  if (!url || url->is_https() || url->has_user_info || url->has_query || url->has_fragment)
    return false;
  bool link_local = is_ip_literal(url->host) && url->host.starts_with("169.254.");
  return link_local || is_loopback_literal(url->host) || url->host == "localhost";
}

void take_endpoint(const Case& c, std::string endpoint, std::string_view from) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  if (is_platform_endpoint(endpoint)) {
    c.settings.endpoint = std::move(endpoint);
    return;
  }
  c.error("managed_identity",
          {"config.platform_endpoint",
           fmt::format("{} does not name an endpoint of this machine", from),
           "it is http at 127.0.0.1, localhost or 169.254.x.x; do not set it yourself"});
}

void take_imds(const Case& c) {
  c.settings.kind = CredentialKind::kImds;
  c.source = "managed identity (IMDS)";
  // The one override that Azure's own libraries know.
  auto host = c.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
  while (host.ends_with('/')) host.pop_back();
  if (host.empty()) {
    c.settings.endpoint = fmt::format("{}{}", kImdsHost, kTokenPath);
  } else {
    take_endpoint(c, host + std::string(kTokenPath), "AZURE_POD_IDENTITY_AUTHORITY_HOST");
  }
}

void take_app_service(const Case& c) {
  c.settings.kind = CredentialKind::kAppService;
  c.source = "managed identity (App Service or Container Apps)";
  auto header = c.scene.environment.variable("IDENTITY_HEADER");
  auto endpoint = c.variable("IDENTITY_ENDPOINT");
  if (!header || header->empty() || endpoint.empty()) {
    c.error("managed_identity",
            {"config.variable_missing", "IDENTITY_ENDPOINT and IDENTITY_HEADER are not set",
             "switch the app's managed identity on and restart it; or write `source: imds`"});
    return;
  }
  c.settings.secret = std::make_shared<const Secret>(header->reveal());
  take_endpoint(c, std::move(endpoint), "IDENTITY_ENDPOINT");
}

void take_arc(const Case& c) {
  c.settings.kind = CredentialKind::kArc;
  c.source = "managed identity (Azure Arc)";
  refuse_keys(
      c,
      {"managed_identity.client_id", "managed_identity.object_id", "managed_identity.resource_id"},
      "with Azure Arc a machine has its system-assigned identity alone");
  auto endpoint = c.variable("IDENTITY_ENDPOINT");
  take_endpoint(c, endpoint.empty() ? std::string(kArcEndpoint) : endpoint, "IDENTITY_ENDPOINT");
}

// The order is that of Microsoft's own libraries.
void detect(const Case& c) {
  bool endpoint = !c.variable("IDENTITY_ENDPOINT").empty();
  bool header = !c.variable("IDENTITY_HEADER").empty();
  bool fabric = !c.variable("IDENTITY_SERVER_THUMBPRINT").empty();
  bool learning = !c.variable("MSI_ENDPOINT").empty() && !c.variable("MSI_SECRET").empty();
  if ((endpoint && header && fabric) || (learning && !(endpoint && header))) {
    c.error("managed_identity",
            {"config.not_in_this_version",
             fmt::format("managed identities of {} are not in this version",
                         fabric ? "Service Fabric" : "Azure Machine Learning"),
             "use a virtual machine, App Service, Container Apps, Kubernetes or Azure Arc"});
  } else if (endpoint && header) {
    take_app_service(c);
  } else if (endpoint && !c.variable("IMDS_ENDPOINT").empty()) {
    take_arc(c);
  } else {
    auto agent = c.scene.environment.file(kArcAgent, 1);
    bool there = agent.has_value() || agent.error().code != kFileMissing;
    there ? take_arc(c) : take_imds(c);
  }
}

void check_managed_identity(const Case& c) {
  refuse_keys(c, {"ca_file", "proxy"},
              "a managed identity is asked for on this machine, never through a proxy");
  std::string_view first;
  for (std::string_view name : {"client_id", "object_id", "resource_id"}) {
    auto key = fmt::format("managed_identity.{}", name);
    if (!c.given(key)) continue;
    if (!first.empty()) {
      c.error(key, {"config.keys_exclude", fmt::format("`{}` names the identity already", first),
                    "keep one of the two"});
    }
    first = name;
  }
  check_guid(c, "managed_identity.client_id", c.settings.client_id);
  check_guid(c, "managed_identity.object_id", c.settings.object_id);
  if (!c.settings.resource_id.empty() && !c.settings.resource_id.starts_with("/subscriptions/")) {
    c.error("managed_identity.resource_id",
            {"config.bad_value", "a resource id starts with /subscriptions/",
             "copy it from the identity's properties in the portal"});
  }
  if (c.words.source == "imds") return take_imds(c);
  if (c.words.source == "app_service") return take_app_service(c);
  if (c.words.source == "arc") return take_arc(c);
  detect(c);
}

// ---- Entra's token endpoint --------------------------------------------------------------------

void take_token_url(const Case& c, std::string_view kind) {
  while (c.words.authority.ends_with('/')) c.words.authority.pop_back();
  if (!c.words.tenant.empty() && !is_tenant(c.words.tenant)) {
    c.error(fmt::format("{}.tenant", kind),
            {"config.bad_value", fmt::format("`{}` is not a tenant", shown(c.words.tenant)),
             "write the tenant's id, or a domain of it such as contoso.onmicrosoft.com"});
  }
  check_guid(c, fmt::format("{}.client_id", kind), c.settings.client_id);
  c.settings.endpoint = fmt::format("{}/{}/oauth2/v2.0/token", c.words.authority, c.words.tenant);
  check_authorities(c.scene, c.key + ".ca_file", c.settings.ca_file);
}

void check_workload_identity(const Case& c) {
  auto take = [&](std::string& into, std::string_view name, const char* variable) {
    if (into.empty()) into = c.variable(variable);
    if (!into.empty()) return;
    c.error("workload_identity",
            {"config.missing_key", fmt::format("`{}` is missing and {} is not set", name, variable),
             "give the pod the label azure.workload.identity/use: \"true\", or write the key"});
  };
  take(c.settings.client_id, "client_id", "AZURE_CLIENT_ID");
  take(c.words.tenant, "tenant", "AZURE_TENANT_ID");
  take(c.settings.token_file, "token_file", "AZURE_FEDERATED_TOKEN_FILE");
  if (c.words.authority.empty()) c.words.authority = c.variable("AZURE_AUTHORITY_HOST");
  if (c.words.authority.empty()) c.words.authority = kPublicAuthority;
  auto url = parse_url(c.words.authority);
  bool safe = url && (url->is_https() || is_loopback_literal(url->host)) && !url->has_user_info &&
              !url->has_query && !url->has_fragment;
  if (!safe) {
    c.error("workload_identity", {"config.bad_value", "AZURE_AUTHORITY_HOST is not an https URL",
                                  "write `authority: https://login.microsoftonline.com`"});
  }
  take_token_url(c, "workload_identity");
  c.source = fmt::format("workload identity {}, token in {}", c.settings.client_id,
                         shown(c.settings.token_file));
}

void check_certificate(const Case& c) {
  const auto& [source, tenant, authority, certificate_file, key_file] = c.words;
  take_token_url(c, "client_certificate");
  c.source = fmt::format("certificate {} of application {}", shown(certificate_file),
                         c.settings.client_id);
  if (certificate_file.empty() || key_file.empty()) return;  // told by the reader
  auto certificate_key = c.key + ".client_certificate.certificate";
  auto key_key = c.key + ".client_certificate.key";
  auto certificate = open_file(c.scene, certificate_key, certificate_file);
  auto key = open_file(c.scene, key_key, key_file);
  if (!certificate || !key) return;
  auto facts = read_certificates(certificate->content.reveal(), {});
  if (!facts) {
    return report_failure(c.scene, certificate_key, certificate_file, std::move(facts.error()));
  }
  auto now = c.scene.environment.now();
  auto date = format_time(facts->not_after).substr(0, 10);
  if (now > facts->not_after) {
    c.scene.report.warning(certificate_key, {"config.certificate_expired",
                                             fmt::format("the certificate expired on {}", date),
                                             "renew it: Entra will not accept it"});
  } else if (now + kSoon > facts->not_after) {
    c.scene.report.warning(certificate_key, {"config.certificate_expires_soon",
                                             fmt::format("the certificate expires on {}", date),
                                             "renew it, upload it at the registration and reload"});
  }
  auto fits = check_signing_key(certificate->content.reveal(), key->content.reveal());
  if (!fits) report_failure(c.scene, key_key, key_file, std::move(fits.error()));
  check_key_mode(c.scene, key_key, key_file, key->mode);
  c.settings.certificate = std::string(certificate->content.reveal());
  c.settings.secret = std::make_shared<const Secret>(std::move(key->content));
}

// A kind that the provider does not take.
bool refuse_unfit(const Case& c, const upstream::ProviderRules& rules, std::string_view key) {
  if (takes(rules, c.settings.kind)) return false;
  auto words = words_of_unfit_credential(upstream::kProviderRules, rules, c.settings.kind);
  c.error(key, {"config.credential_unfit", std::move(words.message), std::move(words.next_step)});
  return true;
}

}  // namespace

void check_credential(Scene& scene, std::size_t index) {
  auto& configuration = scene.draft.configuration;
  Case c{scene, fmt::format("upstreams[{}].credential", index),
         configuration.upstreams[index].credential, scene.draft.upstreams[index].credential,
         configuration.upstreams[index].credential_source};
  if (!scene.draft.given(c.key) || !scene.report.sound(c.key)) return;
  auto kind = only_kind(c);
  if (kind.empty()) return;
  if (kind != "api_key") refuse_keys(c, {"header"}, "a token is sent as `Authorization: Bearer`");
  const auto& rules = upstream::rules_of(configuration.upstreams[index].provider);
  bool known = scene.report.sound(fmt::format("upstreams[{}].provider", index));
  if (known && refuse_unfit(c, rules, kind)) return;
  if (kind == "api_key") {
    return refuse_keys(c, {"scope", "ca_file", "proxy"}, "an API key is not fetched from Entra");
  }
  check_scope(c);
  if (kind == "managed_identity") check_managed_identity(c);
  if (kind == "workload_identity") check_workload_identity(c);
  if (kind == "client_certificate") check_certificate(c);
  if (kind == "client_secret") {
    take_token_url(c, kind);
    c.source = fmt::format("secret of application {}, {}", c.settings.client_id, c.source);
  }
}

}  // namespace sallyport::config
