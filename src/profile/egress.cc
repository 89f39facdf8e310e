#include "profile/egress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/address.h"
#include "base/check.h"
#include "base/encoding.h"
#include "base/terminal_text.h"
#include "profile/url.h"

namespace sallyport::profile {
namespace {

// host, *.host or *, with or without a port: what a firewall list may hold, and nothing that could
// add a line to it.
bool is_host_entry(std::string_view entry) {
  return !entry.empty() && entry.size() <= 262 && for_terminal(entry) == entry &&
         std::all_of(entry.begin(), entry.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("-._*:[]").find(c) != std::string_view::npos ||
                  static_cast<unsigned char>(c) >= 0x80;
         });
}

class Builder {
 public:
  Builder(const json::object& values, const EgressOptions& options)
      : values_(values), options_(options) {}

  EgressList build();

  [[nodiscard]] const json::value* find(std::string_view key) const {
    return values_.if_contains(key);
  }
  [[nodiscard]] bool has(std::string_view key) const { return find(key) != nullptr; }
  [[nodiscard]] std::string text(std::string_view key) const {
    const json::value* value = find(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  }
  [[nodiscard]] bool is(std::string_view key, bool wanted) const {
    const json::value* value = find(key);
    return value != nullptr && value->is_bool() && value->get_bool() == wanted;
  }
  [[nodiscard]] bool offline() const { return options_.offline_installer; }
  [[nodiscard]] bool provider_is(std::string_view name) const {
    return text("inferenceProvider") == name;
  }

  // Adds a host for the rule that is being applied.
  void add(std::string_view host, std::string_view key, bool browser = false) {
    if (!is_host_entry(host)) return;  // the rules name it; a firewall has no use for it
    EgressHost& entry = hosts_[std::string(host)];
    if (entry.reasons.empty()) entry.browser_only = browser;
    entry.host = host;
    entry.browser_only = entry.browser_only && browser;
    std::string purpose = rule_->purpose.empty() ? std::string(purpose_) : rule_->purpose;
    for (const EgressReason& known : entry.reasons) {
      if (known.rule == rule_->id && known.key == key) return;
    }
    entry.reasons.push_back({rule_->id, std::string(key), purpose, rule_->confirmed});
  }
  void add_url(std::string_view url_text, std::string_view key, bool browser = false) {
    if (auto url = parse_any_url(url_text); url && !is_loopback_host(url->host)) {
      add(host_and_port(*url), key, browser);
    }
  }
  // The rule's fixed hosts.
  void add_listed(std::string_view key) {
    for (const std::string& host : rule_->hosts) {
      if (host.find('{') == std::string::npos && host.find(' ') == std::string::npos)
        add(host, key);
    }
  }
  void add_oidc(std::string_view key) {
    const json::value* value = find(key);
    if (value == nullptr || !value->is_object()) return;
    const json::object& oidc = value->get_object();
    const json::value* issuer = oidc.if_contains("issuer");
    bool by_issuer = issuer != nullptr && issuer->is_string() && !issuer->get_string().empty();
    for (std::string_view name : {"issuer", "authorizationUrl", "tokenUrl"}) {
      const json::value* url = oidc.if_contains(name);
      if (url == nullptr || !url->is_string() || (by_issuer && name != "issuer")) continue;
      add_url(url->get_string(), key);
    }
  }
  [[nodiscard]] const EgressRule& rule() const { return *rule_; }

 private:
  void build_sandbox(EgressList& list);

  const json::object& values_;
  const EgressOptions& options_;
  const EgressRule* rule_ = nullptr;
  std::string_view purpose_;
  std::map<std::string, EgressHost> hosts_;
};

void gateway(Builder& b) {
  if (b.provider_is("gateway"))
    b.add_url(b.text("inferenceGatewayBaseUrl"), "inferenceGatewayBaseUrl");
}

void gateway_oidc(Builder& b) {
  b.add_oidc("inferenceGatewayOidc");
  b.add_oidc("inferenceIdpOidc");
  if (b.provider_is("vertex")) b.add_oidc("inferenceVertexWorkforceOidc");
}

bool is_government(const Builder& b) {
  return b.text("inferenceBedrockRegion").starts_with("us-gov-");
}

void add_bedrock(Builder& b, bool government, std::string_view suffix) {
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

void bedrock(Builder& b) {
  add_bedrock(b, false, "");
}
void bedrock_gov(Builder& b) {
  add_bedrock(b, true, "-fips");
}

void bedrock_profile(Builder& b) {
  std::string region = b.text("inferenceBedrockRegion");
  if (!b.provider_is("bedrock") || !b.has("inferenceBedrockProfile") || region.empty()) return;
  b.add("sts.amazonaws.com", "inferenceBedrockProfile");
  for (std::string_view service : {"sts", "portal.sso", "oidc"}) {
    b.add(fmt::format("{}.{}.amazonaws.com", service, region), "inferenceBedrockProfile");
  }
}

void bedrock_sso(Builder& b) {
  std::string region = b.text("inferenceBedrockSsoRegion");
  if (!b.provider_is("bedrock") || region.empty() || !b.has("inferenceBedrockSsoStartUrl")) return;
  b.add(fmt::format("oidc.{}.amazonaws.com", region), "inferenceBedrockSsoRegion");
  b.add(fmt::format("portal.sso.{}.amazonaws.com", region), "inferenceBedrockSsoRegion");
  b.add_url(b.text("inferenceBedrockSsoStartUrl"), "inferenceBedrockSsoStartUrl", true);
}

void mantle(Builder& b) {
  if (!b.provider_is("mantle")) return;
  if (b.has("inferenceBedrockBaseUrl")) {
    b.add_url(b.text("inferenceBedrockBaseUrl"), "inferenceBedrockBaseUrl");
  } else if (std::string region = b.text("inferenceBedrockRegion"); !region.empty()) {
    b.add(fmt::format("bedrock-mantle.{}.api.aws", region), "inferenceBedrockRegion");
  }
}

void vertex(Builder& b) {
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

void foundry(Builder& b) {
  std::string resource = b.text("inferenceFoundryResource");
  if (!b.provider_is("foundry")) return;
  if (b.has("inferenceFoundryBaseUrl")) {
    b.add_url(b.text("inferenceFoundryBaseUrl"), "inferenceFoundryBaseUrl");
  } else if (!resource.empty()) {
    b.add(fmt::format("{}.services.ai.azure.com", lower_case(resource)),
          "inferenceFoundryResource");
  }
}

void foundry_entra(Builder& b) {
  bool set = b.has("inferenceFoundryTenantId") && b.has("inferenceFoundryClientId");
  if (!b.provider_is("foundry") || !set) return;
  b.add_listed("inferenceFoundryTenantId");
  bool device_code =
      !b.has("inferenceFoundryAuthFlow") || b.text("inferenceFoundryAuthFlow") == "device-code";
  if (device_code) b.add("microsoft.com", "inferenceFoundryAuthFlow", true);
}

void bootstrap(Builder& b) {
  if (!b.has("bootstrapUrl") || b.is("bootstrapEnabled", false)) return;
  b.add_url(b.text("bootstrapUrl"), "bootstrapUrl");
  b.add_oidc("bootstrapOidc");
}

void updates(Builder& b) {
  if (!b.is("disableAutoUpdates", true) && !b.is("updateViaUpdatesHost", true)) {
    b.add_listed("disableAutoUpdates");
  }
}

void updates_host(Builder& b) {
  if (!b.is("disableAutoUpdates", true) && b.is("updateViaUpdatesHost", true)) {
    b.add_listed("updateViaUpdatesHost");
  }
}

// Hosts that an off-switch closes.
void unless_off(Builder& b, std::string_view key) {
  if (!b.is(key, true)) b.add_listed(key);
}

void mcp(Builder& b) {
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

void sandbox_hosts(Builder& b) {
  const json::value* list = b.find("coworkEgressAllowedHosts");
  if (list == nullptr || !list->is_array()) return;
  for (const json::value& item : list->get_array()) {
    if (item.is_string()) b.add(item.get_string(), "coworkEgressAllowedHosts");
  }
}

bool tool_disabled(const Builder& b, std::string_view tool) {
  const json::value* list = b.find("disabledBuiltinTools");
  if (list == nullptr || !list->is_array()) return false;
  const json::array& tools = list->get_array();
  return std::any_of(tools.begin(), tools.end(), [&](const json::value& item) {
    return item.is_string() && item.get_string() == tool;
  });
}

void preflight(Builder& b) {
  bool off = b.is("isClaudeCodeForDesktopEnabled", false) || b.is("skipWebFetchPreflight", true) ||
             tool_disabled(b, "WebFetch");
  if (!off) b.add_listed("skipWebFetchPreflight");
}

void marketplaces(Builder& b) {
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

struct Condition {
  std::string_view id;
  std::string_view purpose;  // where the catalogue has none
  void (*apply)(Builder&);
};

constexpr std::array kConditions{
    Condition{"runtime", "",
              [](Builder& b) {
                if (!b.offline()) b.add_listed("");
              }},
    Condition{"gateway", "model requests", gateway},
    Condition{"gateway-oidc", "sign-in", gateway_oidc},
    Condition{"anthropic", "model requests and sign-in",
              [](Builder& b) {
                if (b.provider_is("anthropic")) b.add_listed("inferenceProvider");
              }},
    Condition{"bedrock", "model requests and model list", bedrock},
    Condition{"bedrock-gov", "model requests and model list (GovCloud, FIPS)", bedrock_gov},
    Condition{"bedrock-profile", "AWS credentials of the named profile", bedrock_profile},
    Condition{"bedrock-sso", "AWS IAM Identity Center sign-in", bedrock_sso},
    Condition{"mantle", "model requests", mantle},
    Condition{"vertex", "model requests and Google sign-in", vertex},
    Condition{"foundry", "model requests", foundry},
    Condition{"foundry-entra", "Entra ID sign-in", foundry_entra},
    Condition{"bootstrap", "configuration from the bootstrap server", bootstrap},
    Condition{"updates", "app updates", updates},
    Condition{"updates-host", "app updates", updates_host},
    Condition{"essential-telemetry", "crash and error reports",
              [](Builder& b) { unless_off(b, "disableEssentialTelemetry"); }},
    Condition{"nonessential-telemetry", "product analytics",
              [](Builder& b) { unless_off(b, "disableNonessentialTelemetry"); }},
    Condition{"nonessential-services", "icons, fonts and previews",
              [](Builder& b) { unless_off(b, "disableNonessentialServices"); }},
    Condition{"otlp", "telemetry to your collector",
              [](Builder& b) { b.add_url(b.text("otlpEndpoint"), "otlpEndpoint"); }},
    Condition{"extensions", "Python-based desktop extensions",
              [](Builder& b) {
                if (b.is("isDesktopExtensionEnabled", true))
                  b.add_listed("isDesktopExtensionEnabled");
              }},
    Condition{"mcp", "connectors and their sign-in", mcp},
    Condition{"sandbox", "what the agent's tools may reach must be open here too", sandbox_hosts},
    Condition{"webfetch-preflight", "safety check before the agent fetches a page", preflight},
    Condition{"builtin-browser", "site safety check of the built-in browser",
              [](Builder& b) {
                if (b.is("builtinBrowserEnabled", true)) b.add_listed("builtinBrowserEnabled");
              }},
    Condition{"marketplaces", "plugin marketplaces", marketplaces},
    Condition{
        "renderer", "rendering of user content",
        [](Builder& b) { b.add_url(b.text("userContentRendererUrl"), "userContentRendererUrl"); }},
};

// Two keys open hosts without a rule of their own in the catalogue.
constexpr std::string_view kProxyKeys[] = {"egressProxyUrl", "egressProxyPacUrl"};

void Builder::build_sandbox(EgressList& list) {
  if (const json::value* hosts = find("coworkEgressAllowedHosts");
      hosts != nullptr && hosts->is_array()) {
    for (const json::value& item : hosts->get_array()) {
      if (item.is_string() && is_host_entry(item.get_string())) {
        list.sandbox.emplace_back(item.get_string());
      }
    }
  } else {
    list.sandbox_notes.emplace_back(
        "coworkEgressAllowedHosts is not set: the agent's tools reach the inference endpoint "
        "alone, "
        "and other fetches end in 403");
  }
  if (auto url = parse_any_url(text("otlpEndpoint"))) {
    list.sandbox_notes.push_back(
        fmt::format("the app adds the collector {} by itself", bracketed(url->host)));
  }
  if (!is("disableNonessentialTelemetry", true)) {
    list.sandbox_notes.emplace_back(
        "the app adds api.anthropic.com while nonessential telemetry is on");
  }
}

EgressList Builder::build() {
  for (const Condition& condition : kConditions) {
    rule_ = Catalogue::builtin().egress_rule(condition.id);
    SALLYPORT_CHECK(rule_ != nullptr);
    purpose_ = condition.purpose;
    condition.apply(*this);
  }
  EgressRule proxy;
  proxy.id = "proxy";
  rule_ = &proxy;
  purpose_ = "the proxy that the agent uses";
  for (std::string_view key : kProxyKeys) add_url(text(key), key);
  EgressList list;
  for (auto& [host, entry] : hosts_) list.perimeter.push_back(std::move(entry));
  build_sandbox(list);
  return list;
}

}  // namespace

EgressList egress(const json::object& values, const EgressOptions& options) {
  return Builder(values, options).build();
}

}  // namespace sallyport::profile
