// Rules about managed MCP servers and plugin marketplaces (facts: desktop-config 7 and 14).
#include <algorithm>
#include <map>

#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

constexpr std::string_view kEnd = "ended on 2026-10-07 12:00 Pacific";

bool is_text(const json::object& object, std::string_view name) {
  return !member_text(object, name).empty();
}

void check_oauth(Check& check, const std::string& place, const json::value& value) {
  if (value.is_number() || value.is_string()) {
    check.error("mcp.legacy", place + ".oauth", fmt::format("number and text forms {}", kEnd),
                "write true, or an object");
    return;
  }
  if (!value.is_object()) return;
  const json::object& oauth = value.get_object();
  const json::value* scope = oauth.if_contains("scope");
  if (oauth.contains("scopes") || (scope != nullptr && scope->is_array())) {
    check.error("mcp.legacy", place + ".oauth.scope",
                fmt::format("oauth.scopes and lists {}", kEnd),
                "write one space-separated text under scope");
  }
  if (oauth.contains("tenantId") && !is_text(oauth, "scope")) {
    check.error("mcp.tenant_scope", place + ".oauth", "tenantId needs scope", "add scope");
  }
  bool one_url = oauth.contains("authorizationUrl") != oauth.contains("tokenUrl");
  bool urls = oauth.contains("authorizationUrl") && oauth.contains("tokenUrl");
  if (one_url || (urls && !is_text(oauth, "clientId"))) {
    check.error("mcp.endpoints", place + ".oauth",
                "authorizationUrl and tokenUrl go together and need clientId",
                "complete the three");
  }
  if (oauth.contains("clientId") && !is_text(oauth, "clientId")) {
    check.warning("mcp.empty_client", place + ".oauth.clientId", "it is empty",
                  "remove it for dynamic registration, or fill it in");
  }
}

void check_built_in(Check& check, const std::string& place, const json::object& server) {
  bool web = member_text(server, "server") == "websearch";
  bool custom = member_text(server, "provider") == "custom";
  if (web && custom != is_text(server, "customUrl")) {
    check.error("mcp.custom_url", place, "customUrl goes with provider custom and with it alone",
                custom ? "add customUrl" : "remove customUrl, or set provider to custom");
  }
  std::string_view cloud = member_text(server, "azureCloud");
  if (!cloud.empty() && cloud != "global" && !is_text(server, "clientId")) {
    check.error("mcp.cloud_client", place, "a cloud other than global needs clientId",
                "add clientId");
  }
}

void check_transport(Check& check, const std::string& place, const json::object& server) {
  std::string_view transport = member_text(server, "transport");
  if (transport.empty()) {
    check.error("mcp.transport", place,
                "transport is missing; entries without it ended on 2026-10-07",
                "set it to http, sse or stdio");
  } else if (transport == "stdio") {
    if (!is_text(server, "command")) {
      check.error("mcp.command", place, "a stdio server needs command", "add its absolute path");
    }
  } else if (!is_text(server, "url")) {
    check.error("mcp.url", place, fmt::format("a server with transport {} needs url", transport),
                "add an https URL");
  }
}

void check_server(Check& check, const std::string& place, const json::object& server) {
  for (std::string_view old : {"scopes", "source", "authorityHost"}) {
    if (server.contains(old)) {
      check.error("mcp.legacy", fmt::format("{}.{}", place, old),
                  fmt::format("this field {}", kEnd),
                  old == "authorityHost" ? "use azureCloud" : "remove it");
    }
  }
  if (member_text(server, "transport") == "builtin") {
    check.error("mcp.legacy", place + ".transport", fmt::format("transport builtin {}", kEnd),
                "remove transport; server alone names a built-in connector");
  } else if (is_text(server, "server")) {
    check_built_in(check, place, server);
  } else {
    check_transport(check, place, server);
  }
  if (const json::value* oauth = server.if_contains("oauth")) check_oauth(check, place, *oauth);
  if (const json::value* policy = server.if_contains("toolPolicy");
      policy != nullptr && policy->is_object()) {
    for (const auto& member : policy->get_object()) {
      bool good = member.value() == json::value("allow") || member.value() == json::value("ask") ||
                  member.value() == json::value("blocked");
      if (good) continue;
      check.error("mcp.tool_policy",
                  fmt::format("{}.toolPolicy.{}", place, std::string_view(member.key())),
                  "unknown policies apply as the strictest", "write allow, ask or blocked");
    }
  }
}

void check_servers(Check& check) {
  const json::value* value = check.find("managedMcpServers");
  if (value == nullptr || !value->is_array()) return;
  std::map<std::string, std::string> names;
  std::size_t index = 0;
  for (const json::value& item : value->get_array()) {
    std::string place = fmt::format("managedMcpServers[{}]", index++);
    if (!item.is_object()) continue;
    const json::object& server = item.get_object();
    if (server.size() == 1 && server.contains("mcpServers")) {
      check.error("mcp.map_form", place,
                  "this is an mcpServers map; the app wants a list of objects",
                  "write [{\"name\": ..., \"transport\": ...}]");
      continue;
    }
    check_server(check, place, server);
    if (std::string name(member_text(server, "name")); !name.empty()) {
      auto [first, added] = names.emplace(name, place);
      if (!added) {
        check.error("mcp.name_twice", place + ".name",
                    fmt::format("\"{}\" already is the name of {}", name, first->second),
                    "names are unique");
      }
    }
  }
}

bool is_commit(std::string_view ref) {
  return ref.size() == 40 &&
         ref.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

void check_marketplaces(Check& check) {
  const json::array* list = check.list("allowedPluginMarketplaces");
  if (list == nullptr) return;
  std::size_t index = 0;
  for (const json::value& item : *list) {
    std::string place = fmt::format("allowedPluginMarketplaces[{}]", index++);
    if (!item.is_object()) continue;
    const json::object& entry = item.get_object();
    std::string_view source = member_text(entry, "source");
    std::string_view preference = member_text(entry, "installationPreference");
    bool forced = preference == "auto_install" || preference == "required";
    if (source == "github" && !is_text(entry, "repo")) {
      check.error("marketplace.repo", place, "source github needs repo", "add repo: owner/name");
    }
    if ((source == "git" || source == "url") && !is_text(entry, "url")) {
      check.error("marketplace.url", place, fmt::format("source {} needs url", source),
                  "add an https URL");
    }
    if (source == "url" && forced && !is_text(entry, "manifestSha256")) {
      check.error("marketplace.manifest", place,
                  fmt::format("{} from a URL needs manifestSha256", preference), "add the hash");
    }
    if (source != "url" && forced && !is_commit(member_text(entry, "ref"))) {
      check.warning(
          "marketplace.pin", place,
          fmt::format("{} without a commit hash in ref is shown as available only", preference),
          "set ref to a full commit hash");
    }
    if (member_text(entry, "credentialKind") == "credentialHelper" &&
        !is_text(entry, "credentialHelper")) {
      check.error("marketplace.helper", place,
                  "credentialKind credentialHelper needs credentialHelper",
                  "add the helper's path");
    }
  }
}

}  // namespace

void check_connectors(Check& check) {
  check_servers(check);
  check_marketplaces(check);
}

}  // namespace sallyport::profile
