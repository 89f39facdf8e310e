// Each code of the rule table has at least one configuration that provokes it, and a good
// configuration provokes none. Sections of the facts (desktop-config) are named per row.
#include "profile/rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sallyport::profile {
namespace {

// A governed Entra profile without a fault.
json::object good() {
  return parse_json(R"({
    "inferenceProvider": "gateway",
    "inferenceGatewayBaseUrl": "https://claude.contoso.example",
    "inferenceCredentialKind": "interactive",
    "inferenceGatewayOidc": {
      "issuer": "https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0",
      "clientId": "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101",
      "bearerTokenType": "access_token",
      "scopes": "api://b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55/Gateway.Access"
    },
    "disableDeploymentModeChooser": true,
    "disableBypassPermissionsMode": true
  })")
      ->get_object();
}

struct Row {
  std::string_view code;
  Severity severity;
  std::string_view key;
  std::string_view change;   // members over good(); null takes a member away
  std::string_view options;  // words: bootstrap local governed, v=VERSION
};

constexpr Severity E = Severity::kError, W = Severity::kWarning, A = Severity::kAdvice;

const std::vector<Row>& rows() {
  static const std::vector<Row> table{
      // 7: provider, kinds, enums, ranges, lengths
      {"provider.missing", E, "inferenceProvider", R"({"inferenceProvider":null})", ""},
      {"value.enum", E, "inferenceProvider", R"({"inferenceProvider":"gatway"})", ""},
      {"value.enum", E, "otlpDesktopLogLevel",
       R"({"otlpEndpoint":"https://o.example","otlpDesktopLogLevel":"warning"})", ""},
      {"value.enum", E, "otlpContentCapture",
       R"({"otlpEndpoint":"https://o.example","otlpContentCapture":["prompts"]})", ""},
      {"value.range", E, "autoUpdaterEnforcementHours", R"({"autoUpdaterEnforcementHours":73})",
       ""},
      {"value.range", E, "relaunchEnforcementHours", R"({"relaunchEnforcementHours":-1})", ""},
      {"value.range", E, "inferenceModelPricingMultiplier",
       R"({"inferenceModelPricingEnabled":true,"inferenceModelPricingMultiplier":1.5})", ""},
      {"value.range", E, "inferenceGatewayOidc.redirectPort",
       R"({"inferenceGatewayOidc":{"issuer":"https://id.example","clientId":"c","redirectPort":70000}})",
       ""},
      {"value.length", E, "deploymentDisplayName",
       R"({"deploymentDisplayName":"0123456789012345678901234567890123456789012345678901234567890"})",
       ""},
      {"value.length", E, "banner.text",
       R"({"banner":{"enabled":true,"text":"01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x"}})",
       ""},
      {"value.pattern", E, "banner.textColor", R"({"banner":{"enabled":true,"textColor":"red"}})",
       ""},
      {"value.pattern", E, "deploymentOrganizationUuid",
       R"({"deploymentOrganizationUuid":"{5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4}"})", ""},
      {"value.pattern", E, "inferenceBedrockSsoAccountId",
       R"({"inferenceProvider":"bedrock","inferenceBedrockSsoAccountId":"1234"})", ""},
      {"value.pattern", E, "inferenceVertexRegion",
       R"({"inferenceProvider":"vertex","inferenceVertexRegion":"Europe West"})", ""},
      {"value.type", E, "chatTabEnabled", R"({"chatTabEnabled":"yes"})", ""},
      {"value.type", E, "inferenceModels", R"({"inferenceModels":"claude-x"})", ""},
      {"value.field_missing", E, "inferenceGatewayOidc",
       R"({"inferenceGatewayOidc":{"issuer":"https://id.example"}})", ""},
      {"value.field_missing", E, "managedMcpServers[0]",
       R"({"managedMcpServers":[{"transport":"http","url":"https://m.example"}]})", ""},
      {"value.field_type", E, "inferenceModels[0].supports1m",
       R"({"inferenceModels":[{"name":"claude-x","supports1m":"yes"}]})", ""},
      {"value.field_unknown", W, "inferenceGatewayOidc.isuer",
       R"({"inferenceGatewayOidc":{"issuer":"https://id.example","clientId":"c","isuer":"x"}})",
       ""},
      {"value.too_new", E, "inferenceProvider",
       R"({"inferenceProvider":"anthropic","inferenceCredentialKind":"static","inferenceAnthropicApiKey":"k"})",
       "v=1.8000.0"},
      {"banner.not_enabled", W, "banner", R"({"banner":{"text":"hello"}})", ""},
      // 7: URLs
      {"url.scheme", E, "inferenceGatewayBaseUrl",
       R"({"inferenceGatewayBaseUrl":"http://claude.contoso.example"})", ""},
      {"url.scheme", E, "inferenceGatewayBaseUrl",
       R"({"inferenceGatewayBaseUrl":"http://localhost:8443"})", ""},
      {"url.scheme", E, "egressProxyUrl", R"({"egressProxyUrl":"socks5://p.example:1080"})", ""},
      {"url.scheme", E, "banner.linkUrl",
       R"({"banner":{"enabled":true,"linkUrl":"http://x.example"}})", ""},
      {"url.credentials", E, "inferenceGatewayBaseUrl",
       R"({"inferenceGatewayBaseUrl":"https://user:pass@claude.contoso.example"})", ""},
      {"url.invalid", E, "inferenceGatewayBaseUrl",
       R"({"inferenceGatewayBaseUrl":"claude.contoso.example"})", ""},
      {"proxy.both", A, "egressProxyUrl",
       R"({"egressProxyUrl":"http://p.example:8080","egressProxyPacUrl":"http://p.example/pac"})",
       ""},
      // 8: mandatory keys and credentials
      {"provider.required_key", E, "inferenceGatewayBaseUrl", R"({"inferenceGatewayBaseUrl":null})",
       ""},
      {"provider.required_key", E, "inferenceFoundryResource", R"({"inferenceProvider":"foundry"})",
       ""},
      {"provider.required_key", E, "inferenceVertexRegion", R"({"inferenceProvider":"vertex"})",
       ""},
      {"provider.required_key", E, "inferenceBedrockRegion", R"({"inferenceProvider":"bedrock"})",
       ""},
      {"provider.required_key", E, "inferenceBedrockBaseUrl",
       R"({"inferenceProvider":"bedrock","inferenceBedrockRegion":"eu-central-1","inferenceCredentialKind":"external-idp","inferenceIdpOidc":{"issuer":"https://id.example","clientId":"c"}})",
       ""},
      {"credential.missing", E, "inferenceCredentialKind",
       R"({"inferenceCredentialKind":"static","inferenceGatewayOidc":null})", ""},
      {"credential.several", E, "inferenceCredentialKind",
       R"({"inferenceCredentialHelper":"/opt/h"})", ""},
      {"credential.static_beside_interactive", E, "inferenceGatewayApiKey",
       R"({"inferenceGatewayApiKey":"k"})", ""},
      {"credential.kind_mismatch", E, "inferenceCredentialKind",
       R"({"inferenceCredentialKind":"static"})", ""},
      {"credential.kind_missing", E, "inferenceCredentialKind",
       R"({"inferenceCredentialKind":null})", ""},
      {"credential.kind_missing", A, "inferenceCredentialKind",
       R"({"inferenceCredentialKind":null,"inferenceGatewayOidc":null,"inferenceCredentialHelper":"/opt/h"})",
       ""},
      {"credential.kind_not_for_provider", E, "inferenceCredentialKind",
       R"({"inferenceCredentialKind":"workforce"})", ""},
      {"credential.kind_too_new", E, "inferenceCredentialKind",
       R"({"inferenceCredentialKind":"external-idp"})", "v=1.46388.2"},
      {"credential.legacy_kind", E, "inferenceCredentialKind",
       R"({"inferenceCredentialKind":"oauth"})", ""},
      {"gateway.own_sign_in", A, "inferenceCredentialKind", R"({"inferenceGatewayOidc":null})", ""},
      {"vertex.default_credentials", A, "inferenceVertexCredentialsFile",
       R"({"inferenceProvider":"vertex","inferenceCredentialKind":null})", ""},
      {"foundry.resource_url", E, "inferenceFoundryResource",
       R"({"inferenceProvider":"foundry","inferenceFoundryResource":"https://contoso-ai.services.ai.azure.com"})",
       ""},
      {"bedrock.base_url_path", E, "inferenceBedrockBaseUrl",
       R"({"inferenceProvider":"bedrock","inferenceBedrockBaseUrl":"https://b.example/v1"})", ""},
      // 9: sign-in
      {"oidc.issuer_metadata_url", E, "inferenceGatewayOidc.issuer",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0/.well-known/openid-configuration"}})",
       ""},
      {"oidc.issuer_entra_v2", E, "inferenceGatewayOidc.issuer",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4"}})",
       ""},
      {"oidc.issuer_entra_v2", E, "inferenceGatewayOidc.issuer",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0/"}})",
       ""},
      {"oidc.issuer_entra_v2", E, "inferenceGatewayOidc.issuer",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://sts.windows.net/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/"}})",
       ""},
      {"oidc.issuer_any_tenant", E, "inferenceGatewayOidc.issuer",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://login.microsoftonline.com/common/v2.0"}})",
       ""},
      {"oidc.issuer_form", E, "inferenceGatewayOidc.issuer",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://id.example/?x=1"}})", ""},
      {"oidc.guid_swapped", E, "inferenceGatewayOidc.clientId",
       R"({"inferenceGatewayOidc":{"clientId":"5B1F0E7A-3c52-4d8e-9a41-7d20c6e1b9f4","issuer":"https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0"}})",
       ""},
      {"oidc.guid_swapped", E, "inferenceFoundryClientId",
       R"({"inferenceProvider":"foundry","inferenceFoundryTenantId":"5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4","inferenceFoundryClientId":"5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4"})",
       ""},
      {"oidc.guid_swapped", E, "bootstrapOidc.clientId",
       R"({"bootstrapUrl":"https://b.example","bootstrapOidc":{"scopes":"x","issuer":"https://login.microsoftonline.com/8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101/v2.0","clientId":"5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4"}})",
       ""},
      {"oidc.guid_form", E, "inferenceGatewayOidc.clientId",
       R"({"inferenceGatewayOidc":{"clientId":"my-app","issuer":"https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0"}})",
       ""},
      {"oidc.client_id", E, "inferenceGatewayOidc.clientId",
       R"({"inferenceGatewayOidc":{"clientId":"","issuer":"https://id.example"}})", ""},
      {"oidc.client_secret", E, "inferenceGatewayOidc.clientSecret",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://id.example","clientSecret":"s"}})",
       ""},
      {"oidc.endpoints", E, "inferenceGatewayOidc",
       R"({"inferenceGatewayOidc":{"clientId":"c","authorizationUrl":"https://id.example/a"}})",
       ""},
      {"oidc.endpoints_ignored", A, "inferenceGatewayOidc",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://id.example","tokenUrl":"https://id.example/t"}})",
       ""},
      {"oidc.scopes_missing", E, "inferenceGatewayOidc.scopes",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://id.example","bearerTokenType":"access_token"}})",
       ""},
      {"oidc.id_token", A, "inferenceGatewayOidc.bearerTokenType",
       R"({"inferenceGatewayOidc":{"clientId":"8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101","issuer":"https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0"}})",
       ""},
      {"oidc.google_id_token", W, "inferenceGatewayOidc",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://accounts.google.com"}})", ""},
      {"oidc.offline_access", W, "inferenceGatewayOidc.scopes",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://id.example","scopes":"openid profile"}})",
       ""},
      {"oidc.resource", E, "inferenceGatewayOidc.resource",
       R"({"inferenceGatewayOidc":{"clientId":"c","issuer":"https://id.example","resource":"https://r.example"}})",
       ""},
      {"oidc.redirect_port", A, "inferenceGatewayOidc.redirectPort",
       R"({"inferenceGatewayOidc":{"clientId":"8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101","redirectPort":5000,"issuer":"https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0"}})",
       ""},
      {"oidc.broker_issuer", E, "inferenceGatewayOidcAuthFlow",
       R"({"inferenceGatewayOidcAuthFlow":"broker","inferenceGatewayOidc":{"clientId":"c","issuer":"https://id.example"}})",
       ""},
      {"oidc.api_scope", E, "bootstrapOidc.scopes",
       R"({"bootstrapUrl":"https://b.example","bootstrapOidc":{"clientId":"8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101","issuer":"https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0","scopes":"api://x/.default"}})",
       ""},
      {"oidc.scopes_missing", E, "bootstrapOidc.scopes",
       R"({"bootstrapUrl":"https://b.example","bootstrapOidc":{"clientId":"c","issuer":"https://id.example","scopes":""}})",
       ""},
      // 7: models
      {"model.list_required", E, "inferenceModels", R"({"modelDiscoveryEnabled":false})", ""},
      {"model.list_required", E, "inferenceModels",
       R"({"inferenceProvider":"foundry","inferenceModels":[]})", ""},
      {"model.list_empty", W, "inferenceModels", R"({"inferenceModels":[]})", ""},
      {"model.all_filtered", E, "inferenceModels",
       R"({"inferenceModels":["gpt-4o","my-deployment"]})", ""},
      {"model.filtered", W, "inferenceModels[1]",
       R"({"inferenceModels":["claude-sonnet-5","sonnet-via-gpt"]})", ""},
      {"model.alias", E, "inferenceModels[0]",
       R"({"modelDiscoveryEnabled":false,"inferenceModels":["sonnet"]})", ""},
      {"model.suffix_1m", W, "inferenceModels[0]", R"({"inferenceModels":["claude-sonnet-5[1m]"]})",
       ""},
      {"model.twice", W, "inferenceModels[1]",
       R"({"inferenceModels":["claude-x",{"name":"claude-x"}]})", ""},
      {"model.two_defaults", W, "inferenceModels[1]",
       R"({"inferenceModels":[{"name":"claude-a","anthropicFamilyTier":"opus","isFamilyDefault":true},{"name":"claude-b","anthropicFamilyTier":"opus","isFamilyDefault":true}]})",
       ""},
      {"model.default_without_tier", W, "inferenceModels[0]",
       R"({"inferenceModels":[{"name":"claude-a","isFamilyDefault":true}]})", ""},
      // 7, 14: connectors and marketplaces
      {"mcp.transport", E, "managedMcpServers[0]",
       R"({"managedMcpServers":[{"name":"a","url":"https://m.example"}]})", ""},
      {"mcp.url", E, "managedMcpServers[0]",
       R"({"managedMcpServers":[{"name":"a","transport":"http"}]})", ""},
      {"mcp.command", E, "managedMcpServers[0]",
       R"({"managedMcpServers":[{"name":"a","transport":"stdio"}]})", ""},
      {"mcp.name_twice", E, "managedMcpServers[1].name",
       R"({"managedMcpServers":[{"name":"a","transport":"http","url":"https://m.example"},{"name":"a","transport":"http","url":"https://m.example"}]})",
       ""},
      {"mcp.legacy", E, "managedMcpServers[0].transport",
       R"({"managedMcpServers":[{"name":"a","transport":"builtin","server":"github"}]})", ""},
      {"mcp.legacy", E, "managedMcpServers[0].oauth",
       R"({"managedMcpServers":[{"name":"a","transport":"http","url":"https://m.example","oauth":1}]})",
       ""},
      {"mcp.legacy", E, "managedMcpServers[0].oauth.scope",
       R"({"managedMcpServers":[{"name":"a","transport":"http","url":"https://m.example","oauth":{"scope":["x"]}}]})",
       ""},
      {"mcp.legacy", E, "managedMcpServers[0].authorityHost",
       R"({"managedMcpServers":[{"name":"a","server":"microsoft365","authorityHost":"x"}]})", ""},
      {"mcp.map_form", E, "managedMcpServers[0]",
       R"({"managedMcpServers":[{"mcpServers":{"a":{}}}]})", ""},
      {"mcp.tenant_scope", E, "managedMcpServers[0].oauth",
       R"({"managedMcpServers":[{"name":"a","transport":"http","url":"https://m.example","oauth":{"tenantId":"t"}}]})",
       ""},
      {"mcp.endpoints", E, "managedMcpServers[0].oauth",
       R"({"managedMcpServers":[{"name":"a","transport":"http","url":"https://m.example","oauth":{"tokenUrl":"https://t.example"}}]})",
       ""},
      {"mcp.empty_client", W, "managedMcpServers[0].oauth.clientId",
       R"({"managedMcpServers":[{"name":"a","transport":"http","url":"https://m.example","oauth":{"clientId":""}}]})",
       ""},
      {"mcp.custom_url", E, "managedMcpServers[0]",
       R"({"managedMcpServers":[{"name":"a","server":"websearch","provider":"custom"}]})", ""},
      {"mcp.cloud_client", E, "managedMcpServers[0]",
       R"({"managedMcpServers":[{"name":"a","server":"microsoft365","azureCloud":"us-gov-high"}]})",
       ""},
      {"mcp.tool_policy", E, "managedMcpServers[0].toolPolicy.*",
       R"({"managedMcpServers":[{"name":"a","transport":"http","url":"https://m.example","toolPolicy":{"*":"deny"}}]})",
       ""},
      {"marketplace.repo", E, "allowedPluginMarketplaces[0]",
       R"({"allowedPluginMarketplaces":[{"source":"github"}]})", ""},
      {"marketplace.url", E, "allowedPluginMarketplaces[0]",
       R"({"allowedPluginMarketplaces":[{"source":"git"}]})", ""},
      {"marketplace.manifest", E, "allowedPluginMarketplaces[0]",
       R"({"allowedPluginMarketplaces":[{"source":"url","url":"https://p.example","installationPreference":"required"}]})",
       ""},
      {"marketplace.pin", W, "allowedPluginMarketplaces[0]",
       R"({"allowedPluginMarketplaces":[{"source":"github","repo":"a/b","ref":"main","installationPreference":"required"}]})",
       ""},
      {"marketplace.helper", E, "allowedPluginMarketplaces[0]",
       R"({"allowedPluginMarketplaces":[{"source":"github","repo":"a/b","credentialKind":"credentialHelper"}]})",
       ""},
      // 7, 10, 17: helpers, folders, hosts, telemetry, limits
      {"helper.arguments", E, "inferenceCredentialHelper",
       R"({"inferenceCredentialHelper":"/usr/bin/sallyport token"})", ""},
      {"helper.arguments", E, "inferenceCredentialHelper",
       R"({"inferenceCredentialHelper":"/opt/h --tenant x"})", ""},
      {"helper.not_absolute", E, "inferenceCredentialHelper",
       R"({"inferenceCredentialHelper":"~/bin/h"})", ""},
      {"workspace.folder", E, "allowedWorkspaceFolders[0]",
       R"({"allowedWorkspaceFolders":["%HOMEDRIVE%\\work"]})", ""},
      {"workspace.folder", E, "allowedWorkspaceFolders[0]",
       R"({"allowedWorkspaceFolders":[{"path":"work"}]})", ""},
      {"workspace.host", E, "coworkEgressAllowedHosts[0]",
       R"({"coworkEgressAllowedHosts":["https://a.example"]})", ""},
      {"workspace.host", E, "coworkEgressAllowedHosts[0]",
       R"({"coworkEgressAllowedHosts":["a.*.example"]})", ""},
      {"workspace.any_host", W, "coworkEgressAllowedHosts[0]",
       R"({"coworkEgressAllowedHosts":["*"]})", ""},
      {"workspace.host_port", E, "coworkEgressAllowedHosts[0]",
       R"({"coworkEgressAllowedHosts":["a.example:8443"]})", "v=1.25000.0"},
      {"otlp.path", E, "otlpEndpoint", R"({"otlpEndpoint":"https://o.example/v1/logs"})", ""},
      {"otlp.grpc", W, "otlpEndpoint", R"({"otlpEndpoint":"https://o.example:4317"})", ""},
      {"updates.no_effect", W, "autoUpdaterEnforcementHours",
       R"({"disableAutoUpdates":true,"autoUpdaterEnforcementHours":24})", ""},
      {"surfaces.all_off", W, "coworkTabEnabled",
       R"({"coworkTabEnabled":false,"isClaudeCodeForDesktopEnabled":false})", ""},
      {"key.conflict", E, "toolSearchEnabled",
       R"({"inferenceProvider":"vertex","toolSearchEnabled":true})", ""},
      {"key.requires", W, "inferenceMaxTokensPerWindow", R"({"inferenceMaxTokensPerWindow":1000})",
       ""},
      {"key.requires", E, "inferenceBedrockSsoStartUrl",
       R"({"inferenceProvider":"bedrock","inferenceBedrockSsoStartUrl":"https://x.awsapps.com/start"})",
       ""},
      {"key.requires", E, "inferenceVertexOAuthClientId",
       R"({"inferenceProvider":"vertex","inferenceVertexOAuthClientId":"c"})", ""},
      {"key.requires", E, "inferenceFoundryTenantId",
       R"({"inferenceProvider":"foundry","inferenceFoundryTenantId":"5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4"})",
       ""},
      // 2: forms of keys
      {"key.unknown", E, "inferenceGatewayBaseURL",
       R"({"inferenceGatewayBaseURL":"https://x.example"})", ""},
      {"key.unknown", W, "allowUserAddedMcpServers", R"({"allowUserAddedMcpServers":true})", ""},
      {"key.dotted", E, "inferenceGatewayOidc.clientId", R"({"inferenceGatewayOidc.clientId":"c"})",
       ""},
      {"key.no_effect", W, "inferenceFoundryResource",
       R"({"inferenceFoundryResource":"contoso-ai"})", ""},
      {"key.too_new", E, "inferenceGatewayOidc", R"({})", "v=1.6000.0"},
      {"key.too_new", W, "disableBypassPermissionsMode", R"({})", "v=1.40000.0"},
      {"key.undocumented", A, "dictationEnabled", R"({"dictationEnabled":true})", ""},
      {"key.standard_only", W, "forceLoginOrgUUID", R"({"forceLoginOrgUUID":"x"})", ""},
      {"text.placeholder", E, "inferenceGatewayBaseUrl",
       R"({"inferenceGatewayBaseUrl":"https://YOUR-GATEWAY.example"})", ""},
      {"text.placeholder", E, "inferenceGatewayOidc.clientId",
       R"({"inferenceGatewayOidc":{"clientId":"<client-id>","issuer":"https://id.example"}})", ""},
      // 18: ended spellings
      {"key.legacy", E, "isDxtEnabled", R"({"isDxtEnabled":true})", ""},
      {"key.legacy", E, "inferenceGatewayHeaders", R"({"inferenceGatewayHeaders":{"a":"b"}})", ""},
      {"key.removed", W, "betaFeaturesEnabled", R"({"betaFeaturesEnabled":true})", ""},
      {"key.deprecated", W, "organizationPluginsUrl",
       R"({"organizationPluginsUrl":"https://p.example"})", ""},
      {"value.legacy_map", E, "inferenceCustomHeaders", R"({"inferenceCustomHeaders":"X=1"})", ""},
      {"value.legacy_map", E, "otlpHeaders",
       R"({"otlpEndpoint":"https://o.example","otlpHeaders":["X: 1"]})", ""},
      {"value.legacy_record", E, "orgPluginSettings", R"({"orgPluginSettings":{"mcpServers":{}}})",
       ""},
      {"value.legacy_policy", E, "builtinToolPolicy.Bash",
       R"({"builtinToolPolicy":{"Bash":"ask-session"}})", ""},
      {"value.legacy_scheme", E, "inferenceGatewayAuthScheme",
       R"({"inferenceGatewayAuthScheme":"sso"})", ""},
      {"value.legacy_workforce", E, "inferenceCredentialKind",
       R"({"inferenceProvider":"vertex","inferenceVertexWorkforceAudience":"a"})", ""},
      // secrets, bootstrap, update-only, governed
      {"secret.in_profile", E, "inferenceGatewayApiKey", R"({"inferenceGatewayApiKey":"k"})", ""},
      {"secret.in_profile", W, "inferenceGatewayApiKey", R"({"inferenceGatewayApiKey":"k"})",
       "secrets"},
      {"secret.in_profile", W, "inferenceGatewayApiKey", R"({"inferenceGatewayApiKey":"k"})",
       "local"},
      {"secret.in_profile", E, "inferenceCustomHeaders.Ocp-Apim-Subscription-Key",
       R"({"inferenceCustomHeaders":{"Ocp-Apim-Subscription-Key":"k"}})", ""},
      {"secret.in_profile", E, "managedMcpServers[0].headers.Authorization",
       R"({"managedMcpServers":[{"name":"a","transport":"http","url":"https://m.example","headers":{"Authorization":"Bearer x"}}]})",
       ""},
      {"bootstrap.mdm_only", E, "egressProxyUrl", R"({"egressProxyUrl":"http://p.example:8080"})",
       "bootstrap"},
      {"bootstrap.loopback", E, "otlpEndpoint", R"({"otlpEndpoint":"http://127.0.0.1:4318"})",
       "bootstrap"},
      {"bootstrap.consent", A, "inferenceGatewayBaseUrl", R"({})", "bootstrap"},
      {"managed.update_only", W, "disableAutoUpdates", R"({"*":null,"disableAutoUpdates":true})",
       ""},
      {"governed.provider", E, "inferenceProvider", R"({"inferenceProvider":"foundry"})",
       "governed"},
      {"governed.sign_in", E, "inferenceCredentialKind", R"({"inferenceCredentialKind":"static"})",
       "governed"},
      {"governed.sign_in", E, "inferenceGatewayOidc", R"({"inferenceGatewayOidc":null})",
       "governed"},
      {"governed.credential", E, "inferenceCredentialHelper",
       R"({"inferenceCredentialHelper":"/opt/h"})", "governed"},
      {"governed.credential", E, "inferenceCustomHeaders.Ocp-Apim-Subscription-Key",
       R"({"inferenceCustomHeaders":{"Ocp-Apim-Subscription-Key":"k"}})", "governed"},
      {"governed.other_provider", E, "inferenceFoundryResource",
       R"({"inferenceFoundryResource":"contoso-ai"})", "governed"},
      {"governed.chooser", E, "disableDeploymentModeChooser",
       R"({"disableDeploymentModeChooser":false})", "governed"},
      {"governed.bootstrap", W, "bootstrapUrl", R"({"bootstrapUrl":"https://b.example"})",
       "governed"},
      {"governed.bypass", A, "disableBypassPermissionsMode",
       R"({"disableBypassPermissionsMode":null})", "governed"},
  };
  return table;
}

json::object changed(std::string_view change) {
  json::object values = good();
  const json::object wanted = parse_json(change).value().get_object();
  if (wanted.contains("*")) values.clear();
  for (const auto& member : wanted) {
    values.erase(member.key());
    if (!member.value().is_null()) values[member.key()] = member.value();
  }
  return values;
}

CheckOptions options_of(std::string_view words) {
  CheckOptions options;
  if (words == "bootstrap") options.delivery = Delivery::kBootstrap;
  if (words == "local") options.delivery = Delivery::kLocal;
  options.governed = words == "governed";
  options.allow_secrets = words == "secrets";
  if (words.starts_with("v=")) options.oldest_app = parse_version(words.substr(2));
  return options;
}

TEST(Rules, AGovernedEntraProfileHasNoFinding) {
  CheckOptions options;
  options.governed = true;
  for (const Finding& finding : check(good(), options)) {
    ADD_FAILURE() << finding.code << " " << finding.key << ": " << finding.why;
  }
}

TEST(Rules, EachFaultIsNamedWithItsKeyAndSeverity) {
  for (const Row& row : rows()) {
    Findings findings = check(changed(row.change), options_of(row.options));
    auto found = std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) {
      return finding.code == row.code && finding.key == row.key && finding.severity == row.severity;
    });
    if (found != findings.end()) continue;
    std::string all;
    for (const Finding& finding : findings) {
      all += "\n  " + std::string(finding.code) + " " + finding.key;
    }
    ADD_FAILURE() << row.code << " " << row.key << " for " << row.change
                  << " was not found, but:" << all;
  }
}

TEST(Rules, EveryFindingHasAReasonAndANextStepAndStandsInTheTable) {
  std::set<std::string_view> known;
  for (const RuleInfo& rule : rule_table()) known.insert(rule.code);
  for (const Row& row : rows()) {
    for (const Finding& finding : check(changed(row.change), options_of(row.options))) {
      EXPECT_TRUE(known.contains(finding.code)) << finding.code;
      EXPECT_FALSE(finding.why.empty()) << finding.code;
      EXPECT_FALSE(finding.next_step.empty()) << finding.code;
    }
  }
}

TEST(Rules, EveryRuleOfTheTableIsProvoked) {
  std::set<std::string_view> provoked;
  for (const Row& row : rows()) provoked.insert(row.code);
  for (const RuleInfo& rule : rule_table()) EXPECT_TRUE(provoked.contains(rule.code)) << rule.code;
  EXPECT_TRUE(std::is_sorted(rule_table().begin(), rule_table().end(),
                             [](const RuleInfo& a, const RuleInfo& b) { return a.code < b.code; }));
}

TEST(Rules, TheNearestRightThingIsNamed) {
  auto next_step = [](std::string_view change) {
    return check(changed(change), {}).front().next_step;
  };
  EXPECT_EQ(next_step(R"({"inferenceProvider":"gatway"})"), "did you mean gateway?");
  EXPECT_EQ(next_step(R"({"inferenceGatewayBaseURL":"https://x.example"})"),
            "did you mean inferenceGatewayBaseUrl?");
}

TEST(Rules, FindingsNeverShowASecret) {
  auto values = changed(
      R"({"inferenceGatewayApiKey":"sk-canary","inferenceCustomHeaders":"Authorization=sk-canary",
          "otlpHeaders":{"authorization":"sk-canary"},"inferenceGatewayBaseUrl":"https://u:sk-canary@h.example"})");
  for (const Finding& finding : check(values, {})) {
    EXPECT_EQ(finding.why.find("sk-canary"), std::string::npos) << finding.code;
    EXPECT_EQ(finding.next_step.find("sk-canary"), std::string::npos) << finding.code;
  }
}

TEST(Rules, HelpersWithBlanksInFoldersAreNoArguments) {
  for (std::string_view path : {R"("C:\\Program Files\\Contoso\\token helper.exe")",
                                R"("/Library/Application Support/x/sallyport-token")"}) {
    auto values =
        changed(R"({"inferenceCredentialKind":"helper-script","inferenceGatewayOidc":null})");
    values["inferenceCredentialHelper"] = parse_json(path).value();
    EXPECT_FALSE(has_errors(check(values, {}))) << path;
  }
}

TEST(Rules, PlainHttpIsForTheLiteralLoopbackAddressAlone) {
  EXPECT_FALSE(
      has_errors(check(changed(R"({"inferenceGatewayBaseUrl":"http://127.0.0.1:8443"})"), {})));
  EXPECT_TRUE(has_errors(
      check(changed(R"({"inferenceGatewayBaseUrl":"http://127.0.0.1.evil.example"})"), {})));
}

TEST(Rules, AnUnfinishedProfileOfEachProviderIsRefused) {
  for (std::string_view provider : {"gateway", "bedrock", "mantle", "vertex", "foundry"}) {
    json::object values;
    values["inferenceProvider"] = provider;
    EXPECT_TRUE(has_errors(check(values, {}))) << provider;
  }
}

}  // namespace
}  // namespace sallyport::profile
