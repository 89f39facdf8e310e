// Claude Code's managed-settings.json with the keys that have a counterpart (facts: desktop-config
// 15). Neither file may hold a secret: keys of the provider and header values are left out and
// said.
#include <fmt/format.h>

#include "profile/claude_code_half.h"
#include "profile/codec/formats.h"

namespace sallyport::profile {
namespace {

// Our credential helper, installed as a link without arguments; Claude Code runs it by this name.
constexpr std::string_view kTokenHelper = "sallyport-token";

class Settings {
 public:
  explicit Settings(const Profile& profile) : values_(profile.values) {}

  Encoded build() {
    root_["parentSettingsBehavior"] = "merge";
    provider();
    models();
    permissions();
    sandbox();
    servers();
    telemetry();
    same_names();
    if (!env_.empty()) root_["env"] = env_;
    if (!permissions_.empty()) root_["permissions"] = permissions_;
    return Encoded{{{"managed-settings.json", pretty_json(root_)}}, std::move(notes_)};
  }

 private:
  const json::value* find(std::string_view key) const { return values_.if_contains(key); }
  std::string text(std::string_view key) const {
    const json::value* value = find(key);
    return value == nullptr ? std::string() : portable_text(*value);
  }
  bool is(std::string_view key, bool wanted) const {
    const json::value* value = find(key);
    return value != nullptr && value->is_bool() && value->get_bool() == wanted;
  }
  void note(std::string_view key, std::string why, std::string next) {
    notes_.push_back({"claude_code.left_out", Severity::kWarning, std::string(key), std::move(why),
                      std::move(next)});
  }
  void set_env(std::string_view name, std::string_view value) {
    if (!value.empty()) env_[name] = value;
  }

  void provider() {
    std::string name = text("inferenceProvider");
    if (name == "gateway") {
      set_env("ANTHROPIC_BASE_URL", text("inferenceGatewayBaseUrl"));
      // what a person exports in a shell must not lead around the gateway
      for (std::string_view other : kOtherProviders) set_env(other, "0");
      // current versions: no provider but the address that this file pins
      root_["allowedProviders"] = json::array{kPinnedEndpoint};
      credential();
    } else if (name == "foundry") {
      set_env("CLAUDE_CODE_USE_FOUNDRY", "1");
      set_env("ANTHROPIC_FOUNDRY_RESOURCE", text("inferenceFoundryResource"));
    } else if (name == "bedrock") {
      set_env("CLAUDE_CODE_USE_BEDROCK", "1");
      set_env("AWS_REGION", text("inferenceBedrockRegion"));
      set_env("AWS_PROFILE", text("inferenceBedrockProfile"));
      set_env("ANTHROPIC_BEDROCK_BASE_URL", text("inferenceBedrockBaseUrl"));
    } else if (name == "vertex") {
      set_env("CLAUDE_CODE_USE_VERTEX", "1");
      set_env("CLOUD_ML_REGION", text("inferenceVertexRegion"));
      set_env("ANTHROPIC_VERTEX_PROJECT_ID", text("inferenceVertexProjectId"));
      set_env("ANTHROPIC_VERTEX_BASE_URL", text("inferenceVertexBaseUrl"));
    }
    for (std::string_view key :
         {"inferenceGatewayApiKey", "inferenceAnthropicApiKey", "inferenceFoundryApiKey",
          "inferenceBedrockBearerToken", "inferenceCustomHeaders", "otlpHeaders"}) {
      if (find(key) == nullptr) continue;
      note(key, "it is a secret, and managed settings are readable by everybody on the device",
           "give Claude Code a helper instead (apiKeyHelper, otelHeadersHelper)");
    }
  }

  void credential() {
    std::string kind = text("inferenceCredentialKind");
    if (std::string helper = text("inferenceCredentialHelper"); !helper.empty()) {
      root_["apiKeyHelper"] = helper;
    } else if (kind == "interactive" || kind == "external-idp") {
      root_["apiKeyHelper"] = kTokenHelper;
      notes_.push_back({"claude_code.helper", Severity::kAdvice, "inferenceCredentialKind",
                        "Claude Code has no browser sign-in to a gateway, so its tokens come from "
                        "the helper sallyport-token",
                        "install sallyport on the devices; `sallyport sign-in` is done once"});
    }
    set_env("CLAUDE_CODE_API_KEY_HELPER_TTL_MS",
            find("inferenceCredentialHelperTtlSec") == nullptr
                ? ""
                : text("inferenceCredentialHelperTtlSec") + "000");
  }

  void models() {
    const json::value* list = find("inferenceModels");
    if (list == nullptr || !list->is_array()) return;
    json::array names;
    for (const json::value& item : list->get_array()) {
      if (item.is_string()) names.push_back(item);
      if (!item.is_object()) continue;
      if (const json::value* name = item.get_object().if_contains("name")) names.push_back(*name);
    }
    root_["availableModels"] = std::move(names);
  }

  void permissions() {
    if (const json::value* tools = find("disabledBuiltinTools");
        tools != nullptr && tools->is_array()) {
      permissions_["deny"] = *tools;
    }
    if (const json::value* policy = find("builtinToolPolicy");
        policy != nullptr && policy->is_object()) {
      json::array ask;
      for (const auto& member : policy->get_object()) {
        if (member.value() == json::value("ask")) ask.emplace_back(member.key());
      }
      if (!ask.empty()) permissions_["ask"] = std::move(ask);
    }
    if (is("disableBypassPermissionsMode", true)) {
      permissions_["disableBypassPermissionsMode"] = "disable";
    }
    if (is("autoModeEnabled", false)) permissions_["disableAutoMode"] = "disable";
    if (const json::value* list = find("allowedWorkspaceFolders");
        list != nullptr && list->is_array()) {
      json::array folders;
      for (const json::value& item : list->get_array()) {
        const json::value* path = item.is_object() ? item.get_object().if_contains("path") : &item;
        if (path != nullptr && path->is_string()) folders.push_back(*path);
      }
      permissions_["additionalDirectories"] = std::move(folders);
    }
  }

  void sandbox() {
    const json::value* hosts = find("coworkEgressAllowedHosts");
    if (hosts == nullptr || !hosts->is_array()) return;
    json::object network, sandbox;
    network["allowedDomains"] = *hosts;
    network["allowManagedDomainsOnly"] = true;
    sandbox["network"] = std::move(network);
    root_["sandbox"] = std::move(sandbox);
  }

  void servers() {
    const json::value* list = find("managedMcpServers");
    if (list == nullptr || !list->is_array()) return;
    json::array allowed;
    for (const json::value& item : list->get_array()) {
      if (!item.is_object()) continue;
      const json::object& server = item.get_object();
      json::object entry;
      if (const json::value* url = server.if_contains("url")) {
        entry["serverUrl"] = *url;
      } else if (const json::value* name = server.if_contains("name")) {
        entry["serverName"] = *name;
      }
      if (!entry.empty()) allowed.push_back(std::move(entry));
    }
    root_["allowedMcpServers"] = std::move(allowed);
    root_["allowManagedMcpServersOnly"] = true;
  }

  void telemetry() {
    if (std::string endpoint = text("otlpEndpoint"); !endpoint.empty()) {
      set_env("CLAUDE_CODE_ENABLE_TELEMETRY", "1");
      set_env("OTEL_METRICS_EXPORTER", "otlp");
      set_env("OTEL_LOGS_EXPORTER", "otlp");
      set_env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
      std::string protocol = text("otlpProtocol");
      set_env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol.empty() ? "http/protobuf" : protocol);
      set_env("OTEL_RESOURCE_ATTRIBUTES", resource_attributes());
      if (std::string helper = text("otlpHeadersHelper"); !helper.empty()) {
        root_["otelHeadersHelper"] = helper;
      }
    }
    bool quiet = is("disableEssentialTelemetry", true) &&
                 is("disableNonessentialTelemetry", true) &&
                 is("disableNonessentialServices", true);
    if (quiet) set_env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    if (is("disableAutoUpdates", true)) set_env("DISABLE_AUTOUPDATER", "1");
    if (find("toolSearchEnabled") != nullptr)
      set_env("ENABLE_TOOL_SEARCH", text("toolSearchEnabled"));
  }

  // key=value,key=value; W3C baggage wants the separators percent-encoded.
  std::string resource_attributes() const {
    const json::value* map = find("otlpResourceAttributes");
    std::string out;
    if (map == nullptr || !map->is_object()) return out;
    for (const auto& member : map->get_object()) {
      out += fmt::format("{}{}=", out.empty() ? "" : ",", std::string_view(member.key()));
      for (char c : portable_text(member.value())) {
        bool plain =
            c > 0x20 && c < 0x7f && std::string_view(",;=%\"\\").find(c) == std::string_view::npos;
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
      }
    }
    return out;
  }

  void same_names() {
    for (std::string_view key : {"sshHostAllowlist", "skipWebFetchPreflight"}) {
      if (const json::value* value = find(key)) root_[key] = *value;
    }
    const json::value* list = find("allowedPluginMarketplaces");
    if (list == nullptr || !list->is_array()) return;
    json::array known;
    for (const json::value& item : list->get_array()) {
      if (!item.is_object()) continue;
      json::object entry;
      for (std::string_view field : {"source", "repo", "url", "ref", "path"}) {
        if (const json::value* value = item.get_object().if_contains(field)) entry[field] = *value;
      }
      known.push_back(std::move(entry));
    }
    root_["strictKnownMarketplaces"] = std::move(known);
  }

  const json::object& values_;
  json::object root_, env_, permissions_;
  Findings notes_;
};

Result<Encoded> encode_claude_code(const Profile& profile, const EncodeOptions&) {
  return Settings(profile).build();
}

}  // namespace

constinit const Format format::kClaudeCode{
    .name = "claude-code",
    .title = "Claude Code managed-settings.json (keys with a counterpart)",
    .file_name = "managed-settings.json",
    .for_claude_code = true,
    .encoder = encode_claude_code,
};

}  // namespace sallyport::profile
