#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "profile/egress_builder.h"

namespace sallyport::profile {
namespace {

void gateway(EgressBuilder& b) {
  if (b.provider_is("gateway"))
    b.add_url(b.text("inferenceGatewayBaseUrl"), "inferenceGatewayBaseUrl");
}

void gateway_oidc(EgressBuilder& b) {
  b.add_oidc("inferenceGatewayOidc");
  b.add_oidc("inferenceIdpOidc");
  if (b.provider_is("vertex")) b.add_oidc("inferenceVertexWorkforceOidc");
}

bool is_government(const EgressBuilder& b) {
  return b.text("inferenceBedrockRegion").starts_with("us-gov-");
}

void add_bedrock(EgressBuilder& b, bool government, std::string_view suffix) {
  std::string region = b.text("inferenceBedrockRegion");
  if (!b.provider_is("bedrock") || region.empty() || is_government(b) != government) return;
  if (b.has("inferenceBedrockBaseUrl")) {
    b.add_url(b.text("inferenceBedrockBaseUrl"), "inferenceBedrockBaseUrl");
  } else {
    b.add(fmt::format("bedrock-runtime{}.{}.amazonaws.com", suffix, region),
          "inferenceBedrockRegion");
  }
  b.add(fmt::format("bedrock{}.{}.amazonaws.com", suffix, region), "inferenceBedrockRegion");
}

void bedrock(EgressBuilder& b) {
  add_bedrock(b, false, "");
}
void bedrock_gov(EgressBuilder& b) {
  add_bedrock(b, true, "-fips");
}

void bedrock_profile(EgressBuilder& b) {
  std::string region = b.text("inferenceBedrockRegion");
  if (!b.provider_is("bedrock") || !b.has("inferenceBedrockProfile") || region.empty()) return;
  b.add("sts.amazonaws.com", "inferenceBedrockProfile");
  for (std::string_view service : {"sts", "portal.sso", "oidc"}) {
    b.add(fmt::format("{}.{}.amazonaws.com", service, region), "inferenceBedrockProfile");
  }
}

void bedrock_sso(EgressBuilder& b) {
  std::string region = b.text("inferenceBedrockSsoRegion");
  if (!b.provider_is("bedrock") || region.empty() || !b.has("inferenceBedrockSsoStartUrl")) return;
  b.add(fmt::format("oidc.{}.amazonaws.com", region), "inferenceBedrockSsoRegion");
  b.add(fmt::format("portal.sso.{}.amazonaws.com", region), "inferenceBedrockSsoRegion");
  b.add_url(b.text("inferenceBedrockSsoStartUrl"), "inferenceBedrockSsoStartUrl", true);
}

void mantle(EgressBuilder& b) {
  if (!b.provider_is("mantle")) return;
  if (b.has("inferenceBedrockBaseUrl")) {
    b.add_url(b.text("inferenceBedrockBaseUrl"), "inferenceBedrockBaseUrl");
  } else if (std::string region = b.text("inferenceBedrockRegion"); !region.empty()) {
    b.add(fmt::format("bedrock-mantle.{}.api.aws", region), "inferenceBedrockRegion");
  }
}

void vertex(EgressBuilder& b) {
  if (!b.provider_is("vertex")) return;
  std::string region = b.text("inferenceVertexRegion");
  if (b.has("inferenceVertexBaseUrl")) {
    b.add_url(b.text("inferenceVertexBaseUrl"), "inferenceVertexBaseUrl");
  } else if (region == "global") {
    b.add("aiplatform.googleapis.com", "inferenceVertexRegion");
  } else if (region == "eu" || region == "us") {
    b.add(fmt::format("aiplatform.{}.rep.googleapis.com", region), "inferenceVertexRegion");
  } else if (!region.empty()) {
    b.add(fmt::format("{}-aiplatform.googleapis.com", region), "inferenceVertexRegion");
  }
  b.add_listed("inferenceProvider");
}

void foundry(EgressBuilder& b) {
  std::string resource = b.text("inferenceFoundryResource");
  if (!b.provider_is("foundry")) return;
  if (b.has("inferenceFoundryBaseUrl")) {
    b.add_url(b.text("inferenceFoundryBaseUrl"), "inferenceFoundryBaseUrl");
  } else if (!resource.empty()) {
    b.add(fmt::format("{}.services.ai.azure.com", lower_case(resource)),
          "inferenceFoundryResource");
  }
}

void foundry_entra(EgressBuilder& b) {
  bool set = b.has("inferenceFoundryTenantId") && b.has("inferenceFoundryClientId");
  if (!b.provider_is("foundry") || !set) return;
  b.add_listed("inferenceFoundryTenantId");
  bool device_code =
      !b.has("inferenceFoundryAuthFlow") || b.text("inferenceFoundryAuthFlow") == "device-code";
  if (device_code) b.add("microsoft.com", "inferenceFoundryAuthFlow", true);
}

void bootstrap(EgressBuilder& b) {
  if (!b.has("bootstrapUrl") || b.is("bootstrapEnabled", false)) return;
  b.add_url(b.text("bootstrapUrl"), "bootstrapUrl");
  b.add_oidc("bootstrapOidc");
}

void updates(EgressBuilder& b) {
  if (!b.is("disableAutoUpdates", true) && !b.is("updateViaUpdatesHost", true)) {
    b.add_listed("disableAutoUpdates");
  }
}

void updates_host(EgressBuilder& b) {
  if (!b.is("disableAutoUpdates", true) && b.is("updateViaUpdatesHost", true)) {
    b.add_listed("updateViaUpdatesHost");
  }
}

// Hosts that an off-switch closes.
void unless_off(EgressBuilder& b, std::string_view key) {
  if (!b.is(key, true)) b.add_listed(key);
}

void mcp(EgressBuilder& b) {
  const json::value* list = b.find("managedMcpServers");
  if (list == nullptr || !list->is_array()) return;
  std::size_t index = 0;
  for (const json::value& item : list->get_array()) {
    std::string place = fmt::format("managedMcpServers[{}]", index++);
    if (!item.is_object()) continue;
    const json::object& server = item.get_object();
    auto member = [&](const json::object& from, std::string_view name) -> std::string {
      const json::value* value = from.if_contains(name);
      return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                    : std::string();
    };
    b.add_url(member(server, "url"), place);
    b.add_url(member(server, "customUrl"), place);
    b.add_url(member(server, "host"), place);
    std::string built_in = member(server, "server");
    bool entra = built_in == "microsoft365";
    if (entra) b.add("graph.microsoft.com", place);
    if (built_in == "github" && !server.contains("host")) b.add("api.github.com", place);
    if (built_in == "websearch") {
      std::string vendor = member(server, "provider");
      if (vendor == "brave") b.add("api.search.brave.com", place);
      if (vendor == "tavily") b.add("api.tavily.com", place);
      if (vendor == "exa") b.add("api.exa.ai", place);
    }
    const json::value* oauth = server.if_contains("oauth");
    if (oauth != nullptr && oauth->is_object()) {
      const json::object& object = oauth->get_object();
      b.add_url(member(object, "authorizationUrl"), place);
      b.add_url(member(object, "tokenUrl"), place);
      entra = entra || object.contains("tenantId");
      const json::value* servers = object.if_contains("authorizationServer");
      if (servers != nullptr && servers->is_array()) {
        for (const json::value& url : servers->get_array()) {
          if (url.is_string()) b.add_url(url.get_string(), place);
        }
      } else if (servers != nullptr && servers->is_string()) {
        b.add_url(servers->get_string(), place);
      }
    }
    if (entra) b.add("login.microsoftonline.com", place);
  }
}

void sandbox_hosts(EgressBuilder& b) {
  const json::value* list = b.find("coworkEgressAllowedHosts");
  if (list == nullptr || !list->is_array()) return;
  for (const json::value& item : list->get_array()) {
    if (item.is_string()) b.add(item.get_string(), "coworkEgressAllowedHosts");
  }
}

bool tool_disabled(const EgressBuilder& b, std::string_view tool) {
  const json::value* list = b.find("disabledBuiltinTools");
  if (list == nullptr || !list->is_array()) return false;
  const json::array& tools = list->get_array();
  return std::any_of(tools.begin(), tools.end(), [&](const json::value& item) {
    return item.is_string() && item.get_string() == tool;
  });
}

void preflight(EgressBuilder& b) {
  bool off = b.is("isClaudeCodeForDesktopEnabled", false) || b.is("skipWebFetchPreflight", true) ||
             tool_disabled(b, "WebFetch");
  if (!off) b.add_listed("skipWebFetchPreflight");
}

void marketplaces(EgressBuilder& b) {
  const json::value* list = b.find("allowedPluginMarketplaces");
  if (list == nullptr || !list->is_array()) return;
  for (const json::value& item : list->get_array()) {
    if (!item.is_object()) continue;
    const json::value* url = item.get_object().if_contains("url");
    if (url != nullptr && url->is_string()) {
      b.add_url(url->get_string(), "allowedPluginMarketplaces");
    } else {
      b.add("github.com", "allowedPluginMarketplaces");
    }
  }
}

constexpr std::array kConditions{
    EgressCondition{"runtime", "",
                    [](EgressBuilder& b) {
                      if (!b.offline()) b.add_listed("");
                    }},
    EgressCondition{"gateway", "model requests", gateway},
    EgressCondition{"gateway-oidc", "sign-in", gateway_oidc},
    EgressCondition{"anthropic", "model requests and sign-in",
                    [](EgressBuilder& b) {
                      if (b.provider_is("anthropic")) b.add_listed("inferenceProvider");
                    }},
    EgressCondition{"bedrock", "model requests and model list", bedrock},
    EgressCondition{"bedrock-gov", "model requests and model list (GovCloud, FIPS)", bedrock_gov},
    EgressCondition{"bedrock-profile", "AWS credentials of the named profile", bedrock_profile},
    EgressCondition{"bedrock-sso", "AWS IAM Identity Center sign-in", bedrock_sso},
    EgressCondition{"mantle", "model requests", mantle},
    EgressCondition{"vertex", "model requests and Google sign-in", vertex},
    EgressCondition{"foundry", "model requests", foundry},
    EgressCondition{"foundry-entra", "Entra ID sign-in", foundry_entra},
    EgressCondition{"bootstrap", "configuration from the bootstrap server", bootstrap},
    EgressCondition{"updates", "app updates", updates},
    EgressCondition{"updates-host", "app updates", updates_host},
    EgressCondition{"essential-telemetry", "crash and error reports",
                    [](EgressBuilder& b) { unless_off(b, "disableEssentialTelemetry"); }},
    EgressCondition{"nonessential-telemetry", "product analytics",
                    [](EgressBuilder& b) { unless_off(b, "disableNonessentialTelemetry"); }},
    EgressCondition{"nonessential-services", "icons, fonts and previews",
                    [](EgressBuilder& b) { unless_off(b, "disableNonessentialServices"); }},
    EgressCondition{"otlp", "telemetry to your collector",
                    [](EgressBuilder& b) { b.add_url(b.text("otlpEndpoint"), "otlpEndpoint"); }},
    EgressCondition{"extensions", "Python-based desktop extensions",
                    [](EgressBuilder& b) {
                      if (b.is("isDesktopExtensionEnabled", true))
                        b.add_listed("isDesktopExtensionEnabled");
                    }},
    EgressCondition{"mcp", "connectors and their sign-in", mcp},
    EgressCondition{"sandbox", "what the agent's tools may reach must be open here too",
                    sandbox_hosts},
    EgressCondition{"webfetch-preflight", "safety check before the agent fetches a page",
                    preflight},
    EgressCondition{"builtin-browser", "site safety check of the built-in browser",
                    [](EgressBuilder& b) {
                      if (b.is("builtinBrowserEnabled", true))
                        b.add_listed("builtinBrowserEnabled");
                    }},
    EgressCondition{"marketplaces", "plugin marketplaces", marketplaces},
    EgressCondition{"renderer", "rendering of user content",
                    [](EgressBuilder& b) {
                      b.add_url(b.text("userContentRendererUrl"), "userContentRendererUrl");
                    }},
};

}  // namespace

std::span<const EgressCondition> egress_conditions() {
  return kConditions;
}

}  // namespace sallyport::profile
