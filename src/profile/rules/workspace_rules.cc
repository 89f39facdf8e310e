// Rules about helpers, folders, hosts, the banner, telemetry and limits (facts: desktop-config 7,
// 10, 17).
#include <algorithm>

#include "base/encoding.h"
#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

bool is_absolute(std::string_view path) {
  bool drive = path.size() > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/');
  return path.starts_with('/') || path.starts_with("\\\\") || drive;
}

// "/opt/h --tenant x", "/opt/h token": what follows a blank and is no part of the path. A folder or
// a file with a known ending may have a blank in its name.
bool has_arguments(std::string_view path) {
  std::size_t at = path.find(' ');
  while (at != std::string_view::npos) {
    std::string_view rest = path.substr(at + 1);
    if (rest.starts_with('-')) return true;
    if (rest.find_first_of("/\\") == std::string_view::npos) {
      std::string low = lower_case(rest);
      for (std::string_view ending : {".exe", ".cmd", ".bat", ".sh", ".ps1", ".py"}) {
        if (low.ends_with(ending)) return false;
      }
      return true;
    }
    at = path.find(' ', at + 1);
  }
  return path.starts_with('"');
}

void check_helper(Check& check, const std::string& place, std::string_view path) {
  if (path.starts_with('~') || path.starts_with('$') || path.starts_with('%')) {
    check.error("helper.not_absolute", place, "neither ~ nor variables are expanded in it",
                "write the absolute path");
  } else if (!is_absolute(path) && !path.starts_with('"')) {
    check.error("helper.not_absolute", place, "it is no absolute path", "write the absolute path");
  }
  if (has_arguments(path)) {
    check.error("helper.arguments", place,
                "the app takes the whole text as a file name, arguments included (ENOENT)",
                "name a program that needs none (Sallyport's is installed as the link "
                "sallyport-token), or use inferenceCredentialHelperArgs from app 2.110.0");
  }
}

void check_helpers(Check& check) {
  for (std::string_view key :
       {"inferenceCredentialHelper", "otlpHeadersHelper", "bootstrapHeadersHelper",
        "selfHostedCredentialHelper", "inferenceCredentialHelperWindows"}) {
    if (check.has(key)) check_helper(check, std::string(key), check.text(key));
  }
  const json::array* servers = check.list("managedMcpServers");
  std::size_t index = 0;
  for (const json::value& item : servers == nullptr ? json::array() : *servers) {
    std::string place = fmt::format("managedMcpServers[{}]", index++);
    if (!item.is_object()) continue;
    for (std::string_view field : {"headersHelper", "envHelper"}) {
      std::string_view path = member_text(item.get_object(), field);
      if (!path.empty()) check_helper(check, fmt::format("{}.{}", place, field), path);
    }
  }
}

void check_folder(Check& check, const std::string& place, std::string_view path) {
  static constexpr std::string_view kTokens[] = {
      "%OneDrive%",     "%OneDriveCommercial%", "%OneDriveConsumer%", "%APPDATA%",
      "%LOCALAPPDATA%", "%USERNAME%",           "%XDG_DOCUMENTS_DIR%"};
  for (std::size_t at = path.find('%'); at != std::string_view::npos;) {
    auto end = path.find('%', at + 1);
    if (end == std::string_view::npos) break;
    std::string_view token = path.substr(at, end - at + 1);
    if (std::find(std::begin(kTokens), std::end(kTokens), token) == std::end(kTokens)) {
      check.error("workspace.folder", place,
                  fmt::format("{} is none of the seven variables that the app expands, and voids "
                              "the entry",
                              token),
                  fmt::format("use one of {}", fmt::join(kTokens, ", ")));
      return;
    }
    at = path.find('%', end + 1);
  }
  bool good = is_absolute(path) || path.starts_with('~') || path.starts_with('%');
  if (good) return;
  check.error("workspace.folder", place, "a folder is absolute, or starts with ~ or a %VARIABLE%",
              "write the whole path");
}

void check_folders(Check& check) {
  const json::array* list = check.list("allowedWorkspaceFolders");
  std::size_t index = 0;
  for (const json::value& item : list == nullptr ? json::array() : *list) {
    std::string place = fmt::format("allowedWorkspaceFolders[{}]", index++);
    if (item.is_string()) check_folder(check, place, item.get_string());
    if (item.is_object()) check_folder(check, place, member_text(item.get_object(), "path"));
  }
}

// A host, *.suffix or *; a port, but not on *.
std::string_view host_fault(std::string_view entry) {
  if (entry == "*") return {};
  if (entry.find("://") != std::string_view::npos) return "it has a scheme";
  if (entry.find('/') != std::string_view::npos) return "it has a path";
  if (entry.find('[') != std::string_view::npos ||
      std::count(entry.begin(), entry.end(), ':') > 1) {
    return "IPv6 addresses are not taken";
  }
  std::string_view host = entry.substr(0, entry.find(':'));
  if (host == "*") return "a bare * takes no port";
  if (host.starts_with("*.")) host.remove_prefix(2);
  if (host.find('*') != std::string_view::npos)
    return "* stands at the start alone, as in *.example.com";
  if (!parse_any_url(fmt::format(
          "https://{}{}", host,
          entry.find(':') == std::string_view::npos ? "" : entry.substr(entry.find(':'))))) {
    return "it is no host name";
  }
  return {};
}

void check_hosts(Check& check) {
  const json::array* list = check.list("coworkEgressAllowedHosts");
  std::size_t index = 0;
  for (const json::value& item : list == nullptr ? json::array() : *list) {
    std::string place = fmt::format("coworkEgressAllowedHosts[{}]", index++);
    if (!item.is_string()) continue;
    std::string_view entry = item.get_string();
    if (auto fault = host_fault(entry); !fault.empty()) {
      check.error("workspace.host", place, fmt::format("{}; the app drops the entry", fault),
                  "write host, *.suffix or host:port");
    } else if (entry == "*") {
      check.warning("workspace.any_host", place, "the agent's tools may then reach every host",
                    "name the hosts");
    } else if (entry.find(':') != std::string_view::npos && check.older_than("1.26832.0")) {
      check.error("workspace.host_port", place,
                  "on builds before 1.26832.0 one entry with a port voids the whole list",
                  "leave the port out for older machines");
    }
  }
}

void check_telemetry(Check& check) {
  auto url = parse_any_url(check.text("otlpEndpoint"));
  if (url && contains_word(url->path, "/v1/")) {
    check.error("otlp.path", "otlpEndpoint",
                "the app appends /v1/logs, /v1/metrics and /v1/traces itself",
                "write the base address alone");
  }
  if ((url && url->port == 4317) || check.text("otlpProtocol") == "grpc") {
    check.warning("otlp.grpc", "otlpEndpoint",
                  "the Cowork and desktop streams speak http alone and are lost without a sign",
                  "use the collector's http port (4318) and http/protobuf");
  }
  if (check.has("autoUpdaterEnforcementHours") && check.is("disableAutoUpdates", true)) {
    check.warning("updates.no_effect", "autoUpdaterEnforcementHours",
                  "it has no effect while disableAutoUpdates is true", "remove one of the two");
  }
}

void check_surfaces(Check& check) {
  if (const json::object* banner = check.object("banner");
      banner != nullptr &&
      (!banner->contains("enabled") || banner->at("enabled") != json::value(true))) {
    check.warning("banner.not_enabled", "banner", "without \"enabled\": true nothing is shown",
                  "add \"enabled\": true, or remove the banner");
  }
  bool chat_off = !check.is("chatTabEnabled", true);
  if (chat_off && check.is("coworkTabEnabled", false) &&
      check.is("isClaudeCodeForDesktopEnabled", false)) {
    check.warning("surfaces.all_off", "coworkTabEnabled",
                  "Chat, Cowork and Code are all off; the app then turns Cowork back on",
                  "leave one surface on");
  }
  if (const json::object* policy = check.object("builtinToolPolicy")) {
    for (const auto& member : *policy) {
      if (member.value() != json::value("ask-session")) continue;
      check.error("value.legacy_policy",
                  fmt::format("builtinToolPolicy.{}", std::string_view(member.key())),
                  "ask-session ended on 2026-10-07 12:00 Pacific", "write ask");
    }
  }
  if (check.has("egressProxyUrl") && check.has("egressProxyPacUrl")) {
    check.advice("proxy.both", "egressProxyUrl", "egressProxyPacUrl wins where both are set",
                 "keep one of the two");
  }
}

}  // namespace

void check_workspace(Check& check) {
  check_helpers(check);
  check_folders(check);
  check_hosts(check);
  check_telemetry(check);
  check_surfaces(check);
}

}  // namespace sallyport::profile
