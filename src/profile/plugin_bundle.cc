#include "profile/plugin_bundle.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "base/url.h"
#include "profile/zip.h"

namespace sallyport::profile {
namespace {

class PluginCheck {
 public:
  explicit PluginCheck(const Plugin& plugin) : plugin_(plugin) {}

  Findings run() {
    check_links();
    std::string version = check_manifest();
    check_version(version);
    check_servers();
    check_folders();
    return std::move(findings_);
  }

 private:
  void add(std::string_view code, Severity severity, std::string_view file, std::string why,
           std::string next) {
    findings_.push_back({code, severity, fmt::format("{}/{}", plugin_.folder, file), std::move(why),
                         std::move(next)});
  }
  const PluginFile* find(std::string_view name) const {
    for (const PluginFile& file : plugin_.files) {
      if (file.name == name) return &file;
    }
    return nullptr;
  }
  bool has_below(std::string_view folder) const {
    return std::any_of(plugin_.files.begin(), plugin_.files.end(),
                       [&](const PluginFile& file) { return file.name.starts_with(folder); });
  }

  // The object in a file, or nothing with the fault noted.
  std::optional<json::object> object_in(const PluginFile& file) {
    auto document = parse_json(file.bytes);
    if (document && document->is_object()) return document->get_object();
    add("plugin.json_invalid", Severity::kError, file.name,
        document ? "it does not hold a JSON object" : document.error().message, "correct the file");
    return std::nullopt;
  }
  static std::string text(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  }

  void check_links() {
    for (const PluginFile& file : plugin_.files) {
      if (!file.link_leaves) continue;
      add("plugin.link_leaves", Severity::kError, file.name,
          "the symbolic link points out of the plugin, which the app refuses",
          "copy the file into the plugin");
    }
  }

  std::string check_manifest() {
    const PluginFile* file = find(".claude-plugin/plugin.json");
    if (file == nullptr) {
      add("plugin.no_manifest", Severity::kError, ".claude-plugin/plugin.json",
          "the file is missing",
          find("plugin.json") != nullptr
              ? "move plugin.json into .claude-plugin/"
              : "write it: {\"name\": ..., \"version\": ..., \"description\": ...}");
      return {};
    }
    auto manifest = object_in(*file);
    if (!manifest) return {};
    for (std::string_view name : {"name", "description", "version"}) {
      if (!text(*manifest, name).empty()) continue;
      add("plugin.field_missing", Severity::kError, file->name,
          fmt::format("{} is missing or empty", name), fmt::format("add {}", name));
    }
    std::string name = text(*manifest, "name");
    if (!name.empty() && name != plugin_.folder) {
      add("plugin.name_differs", Severity::kWarning, file->name,
          fmt::format("it says name {}, but the folder's name, {}, is what counts", name,
                      plugin_.folder),
          "give both the same name");
    }
    std::string preference = text(*manifest, "installationPreference");
    static const std::vector<std::string_view> kPreferences{"required", "auto_install",
                                                            "available"};
    bool known =
        std::find(kPreferences.begin(), kPreferences.end(), preference) != kPreferences.end();
    if (!preference.empty() && !known) {
      std::string_view near = nearest_name(preference, kPreferences);
      add("plugin.preference", Severity::kError, file->name,
          fmt::format("installationPreference {} is none of required, auto_install, available",
                      preference),
          near.empty() ? std::string("choose one") : fmt::format("did you mean {}?", near));
    }
    return text(*manifest, "version");
  }

  void check_version(const std::string& version) {
    const PluginFile* file = find("version.json");
    if (file == nullptr) {
      add("plugin.no_version_file", Severity::kAdvice, "version.json",
          "without it the app goes by the folder's time to see that the plugin changed",
          "write {\"version\": \"...\"} and change it with each release");
      return;
    }
    auto object = object_in(*file);
    if (!object) return;
    std::string own = text(*object, "version");
    if (own.empty()) {
      add("plugin.field_missing", Severity::kError, file->name, "version is missing or empty",
          "add version");
    } else if (!version.empty() && own != version) {
      add("plugin.version_differs", Severity::kWarning, file->name,
          fmt::format("it says {}, plugin.json says {}", own, version), "raise both together");
    }
  }

  void check_servers() {
    const PluginFile* file = find(".mcp.json");
    if (file == nullptr) return;
    auto object = object_in(*file);
    if (!object) return;
    const json::value* servers = object->if_contains("mcpServers");
    if (servers == nullptr || !servers->is_object()) {
      add("plugin.mcp_form", Severity::kError, file->name, "it has no object mcpServers",
          "write {\"mcpServers\": {\"name\": {\"type\": \"http\", \"url\": ...}}}");
      return;
    }
    for (const auto& member : servers->get_object()) {
      if (!member.value().is_object()) continue;
      const json::object& server = member.value().get_object();
      std::string place = fmt::format("{} {}", file->name, std::string_view(member.key()));
      std::string type = text(server, "type");
      if (type != "http" && type != "sse") {
        add("plugin.mcp_type", Severity::kError, place,
            "servers of organization plugins are of type http or sse",
            "set type; local programs belong into managedMcpServers");
      }
      auto url = parse_any_url(text(server, "url"));
      if (!url || url->scheme != "https") {
        add("plugin.mcp_url", Severity::kError, place, "url is no https URL", "set it");
      }
      for (std::string_view name : {"toolPolicy", "headersHelper", "envHelper"}) {
        if (!server.contains(name)) continue;
        add("plugin.mcp_ignored", Severity::kWarning, place,
            fmt::format("{} has no effect in a plugin", name),
            "use managedMcpServers or orgPluginSettings");
      }
    }
  }

  void check_folders() {
    bool content = false;
    for (std::string_view folder : {"agents/", "commands/", "skills/", "hooks/"}) {
      content = content || has_below(folder);
    }
    if (!content && find(".mcp.json") == nullptr) {
      add("plugin.empty", Severity::kWarning, "",
          "the plugin brings neither agents, commands, skills, hooks nor servers",
          "check the layout");
    }
    std::vector<std::string> seen;
    for (const PluginFile& file : plugin_.files) {
      if (!file.name.starts_with("skills/")) continue;
      auto end = file.name.find('/', 7);
      if (end == std::string::npos) continue;
      std::string skill = file.name.substr(0, end);
      if (std::find(seen.begin(), seen.end(), skill) != seen.end()) continue;
      seen.push_back(skill);
      if (find(skill + "/SKILL.md") != nullptr) continue;
      add("plugin.skill_missing", Severity::kError, skill + "/SKILL.md",
          "a skill's folder holds SKILL.md", "add it, with that spelling");
    }
  }

  const Plugin& plugin_;
  Findings findings_;
};

}  // namespace

Findings check_plugin(const Plugin& plugin) {
  return PluginCheck(plugin).run();
}

std::string pack_plugins(const std::vector<Plugin>& plugins) {
  std::vector<ExportFile> files;
  for (const Plugin& plugin : plugins) {
    for (const PluginFile& file : plugin.files) {
      files.push_back({fmt::format("{}/{}", plugin.folder, file.name), file.bytes});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const ExportFile& a, const ExportFile& b) { return a.name < b.name; });
  return zip(files);
}

std::span<const PluginFolder> plugin_folders() {
  static constexpr PluginFolder kFolders[] = {
      {"macos", "/Library/Application Support/Claude/org-plugins/"},
      {"windows", "C:\\Program Files\\Claude\\org-plugins\\"}};
  return kFolders;
}

std::string plugin_places() {
  return "Unpack the folders, one a plugin, into\n"
         "  macOS    /Library/Application Support/Claude/org-plugins/\n"
         "  Windows  C:\\Program Files\\Claude\\org-plugins\\\n"
         "  Linux    no place is documented by the vendor (a repackager uses "
         "/etc/claude-desktop/org-plugins)\n"
         "Only administrators write there; the app picks changes up at its next launch, and "
         "removes "
         "plugins\nwhose folder is gone (from 1.46388.1).\n";
}

}  // namespace sallyport::profile
