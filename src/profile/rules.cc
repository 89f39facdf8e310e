#include "profile/rules.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

constexpr std::array kTable{
    RuleInfo{"banner.not_enabled", "A banner without \"enabled\": true shows nothing."},
    RuleInfo{"bedrock.base_url_path", "Bedrock's base URL is an origin without a path."},
    RuleInfo{"bootstrap.consent",
             "From a bootstrap server this value may wait for the user's consent."},
    RuleInfo{"bootstrap.loopback", "Loopback addresses in a bootstrap answer are dropped."},
    RuleInfo{"bootstrap.mdm_only",
             "A key that only MDM may deliver stands in a bootstrap profile."},
    RuleInfo{"bootstrap.origin", "A base URL from a bootstrap server has the server's origin."},
    RuleInfo{"bootstrap.trust_alone",
             "trustBootstrapDelivery alone takes the device from its local file."},
    RuleInfo{"credential.bedrock_helper", "A helper for Bedrock prints a bearer token."},
    RuleInfo{"credential.kind_mismatch",
             "The pinned kind is not the kind of the source that is set."},
    RuleInfo{"credential.kind_missing", "The credential kind is not pinned."},
    RuleInfo{"credential.kind_not_for_provider", "The provider has no credential of this kind."},
    RuleInfo{"credential.kind_too_new", "The oldest build does not know this credential kind."},
    RuleInfo{"credential.legacy_kind", "The kind oauth ended on 2026-10-07."},
    RuleInfo{"credential.missing", "The provider has no credential source."},
    RuleInfo{"credential.several", "More than one credential source is set."},
    RuleInfo{"credential.static_beside_interactive",
             "A static key stands beside interactive sign-in."},
    RuleInfo{"foundry.resource_name", "The Foundry resource's name has an unusual form."},
    RuleInfo{"foundry.resource_url", "The Foundry resource is a name, not a URL or host."},
    RuleInfo{"gateway.own_sign_in",
             "Interactive without an OIDC object: the gateway signs people in."},
    RuleInfo{"governed.bootstrap", "A bootstrap answer replaces a governed profile's values."},
    RuleInfo{"governed.bypass", "The agent may be let run without asking."},
    RuleInfo{"governed.chooser", "People can go back to claude.ai."},
    RuleInfo{"governed.credential", "A governed profile holds a credential, helper or key header."},
    RuleInfo{"governed.other_provider", "A governed profile holds another provider's keys."},
    RuleInfo{"governed.provider", "A governed profile is in gateway mode."},
    RuleInfo{"governed.sign_in", "A governed profile names interactive sign-in and its provider."},
    RuleInfo{"helper.arguments", "A helper's path takes no arguments."},
    RuleInfo{"helper.not_absolute", "A helper's path is absolute, without ~ and variables."},
    RuleInfo{"key.conflict", "Two keys or values exclude each other."},
    RuleInfo{"key.deprecated", "The key is deprecated."},
    RuleInfo{"key.dotted", "Dotted sub-keys are never read."},
    RuleInfo{"key.legacy", "An old spelling, most of which ended on 2026-10-07."},
    RuleInfo{"key.no_effect", "The key belongs to another provider."},
    RuleInfo{"key.removed", "The app no longer has this key."},
    RuleInfo{"key.requires", "The key has no effect without another."},
    RuleInfo{"key.standard_only", "The key acts in standard deployments alone."},
    RuleInfo{"key.too_new", "The oldest build does not know the key or field."},
    RuleInfo{"key.undocumented", "The key is known by name alone."},
    RuleInfo{"key.unknown", "The app does not know this key."},
    RuleInfo{"managed.update_only",
             "A managed profile with app-behaviour keys alone governs nothing."},
    RuleInfo{"marketplace.helper", "A marketplace with a helper names its path."},
    RuleInfo{"marketplace.manifest", "A forced marketplace from a URL has the manifest's hash."},
    RuleInfo{"marketplace.pin", "A forced git marketplace is pinned to a commit."},
    RuleInfo{"marketplace.repo", "A github marketplace names its repository."},
    RuleInfo{"marketplace.url", "A git or url marketplace has a URL."},
    RuleInfo{"mcp.cloud_client", "Another cloud than global needs clientId."},
    RuleInfo{"mcp.command", "A stdio server has a command."},
    RuleInfo{"mcp.custom_url", "customUrl goes with provider custom."},
    RuleInfo{"mcp.empty_client", "An empty clientId is suspect."},
    RuleInfo{"mcp.endpoints", "authorizationUrl, tokenUrl and clientId go together."},
    RuleInfo{"mcp.legacy", "A field or form that ended on 2026-10-07."},
    RuleInfo{"mcp.map_form", "Servers are a list, not an mcpServers map."},
    RuleInfo{"mcp.name_twice", "Server names are unique."},
    RuleInfo{"mcp.tenant_scope", "tenantId needs scope."},
    RuleInfo{"mcp.tool_policy", "Tool policies are allow, ask or blocked."},
    RuleInfo{"mcp.transport", "An entry that is no built-in has a transport."},
    RuleInfo{"mcp.url", "A remote server has a URL."},
    RuleInfo{"model.alias", "A bare alias needs model discovery."},
    RuleInfo{"model.all_filtered", "The app would filter the model list to nothing."},
    RuleInfo{"model.default_without_tier", "isFamilyDefault needs a tier."},
    RuleInfo{"model.filtered", "The app would take this model out of the list."},
    RuleInfo{"model.list_empty", "The model list is empty."},
    RuleInfo{"model.list_required", "This provider needs a model list."},
    RuleInfo{"model.suffix_1m", "[1m] is written as supports1m."},
    RuleInfo{"model.tier", "The tier is none that the app knows."},
    RuleInfo{"model.twice", "A model stands twice in the list."},
    RuleInfo{"model.two_defaults", "A tier has two defaults."},
    RuleInfo{"oidc.api_scope", "A bootstrap scope in Entra is CLIENT_ID/.default."},
    RuleInfo{"oidc.broker_issuer", "The broker signs in to Entra alone."},
    RuleInfo{"oidc.client_id", "The client ID is empty."},
    RuleInfo{"oidc.client_secret", "The app is a public client without a secret."},
    RuleInfo{"oidc.endpoints", "A sign-in object has an issuer, or both endpoint URLs."},
    RuleInfo{"oidc.endpoints_ignored", "Endpoint URLs are ignored beside an issuer."},
    RuleInfo{"oidc.google_id_token", "Google's ID tokens are not refreshed."},
    RuleInfo{"oidc.guid_form", "Entra's tenant and client IDs are GUIDs."},
    RuleInfo{"oidc.guid_swapped", "The tenant's GUID stands as the client's, or the reverse."},
    RuleInfo{"oidc.id_token", "Conditional Access cannot target an ID token."},
    RuleInfo{"oidc.issuer_any_tenant", "common and organizations admit every tenant."},
    RuleInfo{"oidc.issuer_entra_v2", "An Entra issuer ends in /v2.0."},
    RuleInfo{"oidc.issuer_form", "An issuer has neither query nor fragment."},
    RuleInfo{"oidc.issuer_metadata_url", "The issuer is the base URL, not the metadata URL."},
    RuleInfo{"oidc.issuer_okta", "An Okta issuer names its authorization server."},
    RuleInfo{"oidc.offline_access", "Scopes without offline_access: no silent refresh."},
    RuleInfo{"oidc.redirect_port", "Entra needs no fixed redirect port."},
    RuleInfo{"oidc.resource", "resource goes with access_token, and not with Entra."},
    RuleInfo{"oidc.scopes_missing", "Access-token mode and bootstrap need scopes."},
    RuleInfo{"otlp.grpc", "Two of three telemetry streams speak no gRPC."},
    RuleInfo{"otlp.path", "The telemetry endpoint is a base address."},
    RuleInfo{"platform.no_effect", "The platform does not act on the key."},
    RuleInfo{"platform.path", "A path has the form of another platform."},
    RuleInfo{"platform.value", "The platform does not know the value."},
    RuleInfo{"provider.missing", "No provider: the app starts in standard mode."},
    RuleInfo{"provider.required_key", "The provider's mandatory key is missing."},
    RuleInfo{"proxy.both", "A PAC URL wins over a proxy URL."},
    RuleInfo{"secret.in_profile", "A secret stands in a profile."},
    RuleInfo{"surfaces.all_off", "All three surfaces are off."},
    RuleInfo{"text.placeholder", "Placeholder text was left in."},
    RuleInfo{"updates.no_effect", "Enforcement hours without updates."},
    RuleInfo{"url.credentials", "A URL holds user:pass@."},
    RuleInfo{"url.invalid", "A URL cannot be read."},
    RuleInfo{"url.scheme", "A URL uses https (http for the literal 127.0.0.1)."},
    RuleInfo{"value.enum", "The value is none of the allowed words."},
    RuleInfo{"value.field_missing", "A mandatory field of an object is missing."},
    RuleInfo{"value.field_requires", "A field has no effect without another."},
    RuleInfo{"value.field_type", "A field of an object has another type."},
    RuleInfo{"value.field_unknown", "The app does not know a field of an object."},
    RuleInfo{"value.legacy_map", "Text and list forms of maps ended on 2026-10-07."},
    RuleInfo{"value.legacy_policy", "ask-session ended on 2026-10-07."},
    RuleInfo{"value.legacy_record", "The record form of orgPluginSettings ended on 2026-10-07."},
    RuleInfo{"value.legacy_scheme", "The schemes sso and auto ended on 2026-10-07."},
    RuleInfo{"value.legacy_workforce",
             "interactive with a workforce audience ended on 2026-10-07."},
    RuleInfo{"value.length", "The text is too long."},
    RuleInfo{"value.pattern", "The text does not have the form that the app wants."},
    RuleInfo{"value.range", "The number is outside its range."},
    RuleInfo{"value.too_new", "The oldest build does not know this value."},
    RuleInfo{"value.type", "The value has another type than the key wants."},
    RuleInfo{"vertex.default_credentials", "Vertex without a credential searches the device."},
    RuleInfo{"workspace.any_host", "The agent's tools may reach every host."},
    RuleInfo{"workspace.folder", "A workspace folder that the app ignores."},
    RuleInfo{"workspace.host", "A sandbox host that the app drops."},
    RuleInfo{"workspace.host_port", "Ports void the sandbox list on older builds."},
};

// The place of a finding's key in the catalogue: managedMcpServers[0].url -> that of its list.
std::size_t position(const Finding& finding) {
  std::string_view name = finding.key;
  name = name.substr(0, name.find_first_of(".["));
  const Key* key = Catalogue::builtin().find(name);
  const auto& keys = Catalogue::builtin().keys();
  return key == nullptr ? keys.size() : static_cast<std::size_t>(key - keys.data());
}

Findings in_order(Findings findings) {
  std::vector<std::size_t> order(findings.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    auto rank = [&](std::size_t i) {
      return std::tuple(-static_cast<int>(findings[i].severity), position(findings[i]), i);
    };
    return rank(a) < rank(b);
  });
  Findings sorted;
  for (std::size_t i : order) sorted.push_back(std::move(findings[i]));
  return sorted;
}

}  // namespace

Findings check(const json::object& values, const CheckOptions& options) {
  Check run(values, options);
  check_keys(run);
  check_values(run);
  check_urls(run);
  check_connection(run);
  check_sign_in(run);
  check_models(run);
  check_connectors(run);
  check_workspace(run);
  check_delivery(run);
  check_platform(run);
  if (options.governed) check_governed(run);
  return in_order(std::move(run).take());
}

std::span<const RuleInfo> rule_table() {
  return kTable;
}

}  // namespace sallyport::profile
