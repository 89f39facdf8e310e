// Every code that a rule can give, with what it says. A code is written as rule("area.reason"),
// where it is made and where it is compared: one that no rule has does not compile.
//
//   if (finding.code == rule("secret.in_profile")) ...
#pragma once

#include <string_view>

namespace sallyport::profile {

struct RuleInfo {
  std::string_view code;
  std::string_view summary;
};

inline constexpr RuleInfo kRules[] = {
    {"banner.not_enabled", "A banner without \"enabled\": true shows nothing."},
    {"bedrock.base_url_path", "Bedrock's base URL is an origin without a path."},
    {"bootstrap.consent", "From a bootstrap server this value may wait for the user's consent."},
    {"bootstrap.loopback", "Loopback addresses in a bootstrap answer are dropped."},
    {"bootstrap.mdm_only", "A key that only MDM may deliver stands in a bootstrap profile."},
    {"bootstrap.origin", "A base URL from a bootstrap server has the server's origin."},
    {"bootstrap.trust_alone", "trustBootstrapDelivery alone takes the device from its local file."},
    {"credential.bedrock_helper", "A helper for Bedrock prints a bearer token."},
    {"credential.kind_mismatch", "The pinned kind is not the kind of the source that is set."},
    {"credential.kind_missing", "The credential kind is not pinned."},
    {"credential.kind_not_for_provider", "The provider has no credential of this kind."},
    {"credential.kind_too_new", "The oldest build does not know this credential kind."},
    {"credential.legacy_kind", "The kind oauth ended on 2026-10-07."},
    {"credential.missing", "The provider has no credential source."},
    {"credential.several", "More than one credential source is set."},
    {"credential.static_beside_interactive", "A static key stands beside interactive sign-in."},
    {"foundry.resource_name", "The Foundry resource's name has an unusual form."},
    {"foundry.resource_url", "The Foundry resource is a name, not a URL or host."},
    {"gateway.own_sign_in", "Interactive without an OIDC object: the gateway signs people in."},
    {"governed.bootstrap", "A bootstrap answer replaces a governed profile's values."},
    {"governed.bypass", "The agent may be let run without asking."},
    {"governed.chooser", "People can go back to claude.ai."},
    {"governed.credential", "A governed profile holds a credential, helper or key header."},
    {"governed.other_provider", "A governed profile holds another provider's keys."},
    {"governed.provider", "A governed profile is in gateway mode."},
    {"governed.sign_in", "A governed profile names interactive sign-in and its provider."},
    {"helper.arguments", "A helper's path takes no arguments."},
    {"helper.not_absolute", "A helper's path is absolute, without ~ and variables."},
    {"key.conflict", "Two keys or values exclude each other."},
    {"key.deprecated", "The key is deprecated."},
    {"key.dotted", "Dotted sub-keys are never read."},
    {"key.legacy", "An old spelling, most of which ended on 2026-10-07."},
    {"key.no_effect", "The key belongs to another provider."},
    {"key.removed", "The app no longer has this key."},
    {"key.requires", "The key has no effect without another."},
    {"key.standard_only", "The key acts in standard deployments alone."},
    {"key.too_new", "The oldest build does not know the key or field."},
    {"key.undocumented", "The key is known by name alone."},
    {"key.unknown", "The app does not know this key."},
    {"managed.update_only", "A managed profile with app-behaviour keys alone governs nothing."},
    {"marketplace.helper", "A marketplace with a helper names its path."},
    {"marketplace.manifest", "A forced marketplace from a URL has the manifest's hash."},
    {"marketplace.pin", "A forced git marketplace is pinned to a commit."},
    {"marketplace.repo", "A github marketplace names its repository."},
    {"marketplace.url", "A git or url marketplace has a URL."},
    {"mcp.cloud_client", "Another cloud than global needs clientId."},
    {"mcp.command", "A stdio server has a command."},
    {"mcp.custom_url", "customUrl goes with provider custom."},
    {"mcp.empty_client", "An empty clientId is suspect."},
    {"mcp.endpoints", "authorizationUrl, tokenUrl and clientId go together."},
    {"mcp.legacy", "A field or form that ended on 2026-10-07."},
    {"mcp.map_form", "Servers are a list, not an mcpServers map."},
    {"mcp.name_twice", "Server names are unique."},
    {"mcp.tenant_scope", "tenantId needs scope."},
    {"mcp.tool_policy", "Tool policies are allow, ask or blocked."},
    {"mcp.transport", "An entry that is no built-in has a transport."},
    {"mcp.url", "A remote server has a URL."},
    {"model.alias", "A bare alias needs model discovery."},
    {"model.all_filtered", "The app would filter the model list to nothing."},
    {"model.default_without_tier", "isFamilyDefault needs a tier."},
    {"model.filtered", "The app would take this model out of the list."},
    {"model.list_empty", "The model list is empty."},
    {"model.list_required", "This provider needs a model list."},
    {"model.suffix_1m", "[1m] is written as supports1m."},
    {"model.tier", "The tier is none that the app knows."},
    {"model.twice", "A model stands twice in the list."},
    {"model.two_defaults", "A tier has two defaults."},
    {"oidc.api_scope", "A bootstrap scope in Entra is CLIENT_ID/.default."},
    {"oidc.broker_issuer", "The broker signs in to Entra alone."},
    {"oidc.client_id", "The client ID is empty."},
    {"oidc.client_secret", "The app is a public client without a secret."},
    {"oidc.endpoints", "A sign-in object has an issuer, or both endpoint URLs."},
    {"oidc.endpoints_ignored", "Endpoint URLs are ignored beside an issuer."},
    {"oidc.google_id_token", "Google's ID tokens are not refreshed."},
    {"oidc.guid_form", "Entra's tenant and client IDs are GUIDs."},
    {"oidc.guid_swapped", "The tenant's GUID stands as the client's, or the reverse."},
    {"oidc.id_token", "Conditional Access cannot target an ID token."},
    {"oidc.issuer_any_tenant", "common and organizations admit every tenant."},
    {"oidc.issuer_entra_v2", "An Entra issuer ends in /v2.0."},
    {"oidc.issuer_form", "An issuer has neither query nor fragment."},
    {"oidc.issuer_metadata_url", "The issuer is the base URL, not the metadata URL."},
    {"oidc.issuer_okta", "An Okta issuer names its authorization server."},
    {"oidc.offline_access", "Scopes without offline_access: no silent refresh."},
    {"oidc.redirect_port", "Entra needs no fixed redirect port."},
    {"oidc.resource", "resource goes with access_token, and not with Entra."},
    {"oidc.scopes_missing", "Access-token mode and bootstrap need scopes."},
    {"otlp.grpc", "Two of three telemetry streams speak no gRPC."},
    {"otlp.path", "The telemetry endpoint is a base address."},
    {"platform.no_effect", "The platform does not act on the key."},
    {"platform.path", "A path has the form of another platform."},
    {"platform.value", "The platform does not know the value."},
    {"provider.missing", "No provider: the app starts in standard mode."},
    {"provider.required_key", "The provider's mandatory key is missing."},
    {"proxy.both", "A PAC URL wins over a proxy URL."},
    {"secret.in_profile", "A secret stands in a profile."},
    {"surfaces.all_off", "All three surfaces are off."},
    {"text.placeholder", "Placeholder text was left in."},
    {"updates.no_effect", "Enforcement hours without updates."},
    {"url.credentials", "A URL holds user:pass@."},
    {"url.invalid", "A URL cannot be read."},
    {"url.scheme", "A URL uses https (http for the literal 127.0.0.1)."},
    {"value.enum", "The value is none of the allowed words."},
    {"value.field_missing", "A mandatory field of an object is missing."},
    {"value.field_requires", "A field has no effect without another."},
    {"value.field_type", "A field of an object has another type."},
    {"value.field_unknown", "The app does not know a field of an object."},
    {"value.legacy_map", "Text and list forms of maps ended on 2026-10-07."},
    {"value.legacy_policy", "ask-session ended on 2026-10-07."},
    {"value.legacy_record", "The record form of orgPluginSettings ended on 2026-10-07."},
    {"value.legacy_scheme", "The schemes sso and auto ended on 2026-10-07."},
    {"value.legacy_workforce", "interactive with a workforce audience ended on 2026-10-07."},
    {"value.length", "The text is too long."},
    {"value.pattern", "The text does not have the form that the app wants."},
    {"value.range", "The number is outside its range."},
    {"value.too_new", "The oldest build does not know this value."},
    {"value.type", "The value has another type than the key wants."},
    {"vertex.default_credentials", "Vertex without a credential searches the device."},
    {"workspace.any_host", "The agent's tools may reach every host."},
    {"workspace.folder", "A workspace folder that the app ignores."},
    {"workspace.host", "A sandbox host that the app drops."},
    {"workspace.host_port", "Ports void the sandbox list on older builds."},
};

/// The code itself. Does not compile when no rule has it.
[[nodiscard]] consteval std::string_view rule(std::string_view code) {
  for (const RuleInfo& known : kRules) {
    if (known.code == code) return known.code;
  }
  throw "no rule has this code";
}

/// The first word of codes with its point: rule_area("platform."). Does not compile when no rule's
/// code begins so.
[[nodiscard]] consteval std::string_view rule_area(std::string_view area) {
  for (const RuleInfo& known : kRules) {
    if (area.ends_with('.') && known.code.starts_with(area)) return area;
  }
  throw "no rule has a code of this area";
}

/// What a rule file names its finding with; the same as rule(), without the word.
class RuleCode {
 public:
  consteval RuleCode(const char* code) : text_(rule(code)) {}  // NOLINT: a literal is a code
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace sallyport::profile
