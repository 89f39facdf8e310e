// Rules about the platform that a profile goes to: keys and values that only some platforms know,
// and paths in the form of another one (facts: desktop-config 5, 7 and 16). Where the fleet is
// mixed no platform is given and nothing is said.
#include <algorithm>

#include "profile/profile.h"
#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

std::string names_of(const std::vector<Platform>& platforms) {
  std::string names;
  for (Platform platform : platforms) {
    names += fmt::format("{}{}", names.empty() ? "" : " and ", platform_text(platform));
  }
  return names;
}

void check_key(Check& check, const Key& key, Platform platform) {
  if (!key.acts_on(platform)) {
    check.warning("platform.no_effect", key.name,
                  fmt::format("it acts on {} alone and has no effect on {}",
                              names_of(key.platforms), platform_text(platform)),
                  "leave it out for this platform");
  }
  for (const PlatformValue& row : key.platform_values) {
    bool known =
        std::find(row.platforms.begin(), row.platforms.end(), platform) != row.platforms.end();
    if (known || check.text(key.name) != row.value) continue;
    check.error("platform.value", key.name,
                fmt::format("{} has no {}; it is for {}", platform_text(platform), row.value,
                            names_of(row.platforms)),
                "use browser, or give this platform a variant of its own");
  }
}

bool is_windows_path(std::string_view path) {
  bool drive = path.size() > 2 && path[1] == ':' && (path[2] == '\\' || path[2] == '/');
  return drive || path.starts_with("\\\\");
}

void check_path(Check& check, const std::string& place, std::string_view path, Platform platform) {
  bool windows = platform == Platform::kWindows;
  bool foreign = windows ? path.starts_with('/') : is_windows_path(path);
  if (!foreign) return;
  check.error("platform.path", place,
              fmt::format("a path of this form does not exist on {}", platform_text(platform)),
              windows ? "write it with a drive letter, or give Windows a variant of its own"
                      : "write it with /, or give this platform a variant of its own");
}

// Folders of a variable that the platform does not set void the entry.
void check_variable(Check& check, const std::string& place, std::string_view path,
                    Platform platform) {
  bool windows_only =
      contains_word(path, "%OneDrive") || contains_word(path, "APPDATA%");  // LOCALAPPDATA, too
  bool linux_only = contains_word(path, "%XDG_DOCUMENTS_DIR%");
  bool foreign = (windows_only && platform != Platform::kWindows) ||
                 (linux_only && platform != Platform::kLinux);
  if (!foreign) return;
  check.warning("platform.path", place,
                fmt::format("{} does not set this variable", platform_text(platform)),
                "name the folder another way on this platform");
}

void check_folders(Check& check, Platform platform) {
  const json::array* list = check.list("allowedWorkspaceFolders");
  std::size_t index = 0;
  for (const json::value& item : list == nullptr ? json::array() : *list) {
    std::string place = fmt::format("allowedWorkspaceFolders[{}]", index++);
    std::string_view path;
    if (item.is_string()) path = item.get_string();
    if (item.is_object()) path = member_text(item.get_object(), "path");
    check_path(check, place, path, platform);
    check_variable(check, place, path, platform);
  }
}

void check_servers(Check& check, Platform platform) {
  const json::array* list = check.list("managedMcpServers");
  std::size_t index = 0;
  for (const json::value& item : list == nullptr ? json::array() : *list) {
    std::string place = fmt::format("managedMcpServers[{}]", index++);
    if (!item.is_object()) continue;
    for (std::string_view field : {"headersHelper", "envHelper", "command"}) {
      check_path(check, fmt::format("{}.{}", place, field), member_text(item.get_object(), field),
                 platform);
    }
  }
}

constexpr std::string_view kPathKeys[] = {"inferenceCredentialHelper",     "otlpHeadersHelper",
                                          "bootstrapHeadersHelper",        "sshClientPath",
                                          "inferenceBedrockAwsCliPath",    "inferenceBedrockAwsDir",
                                          "inferenceVertexCredentialsFile"};

}  // namespace

void check_platform(Check& check) {
  if (!check.options().platform) return;
  Platform platform = *check.options().platform;
  for (const auto& [name, value] : ordered(check.values())) {
    if (const Key* key = Catalogue::builtin().find(name)) check_key(check, *key, platform);
  }
  for (std::string_view key : kPathKeys) {
    check_path(check, std::string(key), check.text(key), platform);
  }
  check_folders(check, platform);
  check_servers(check, platform);
}

}  // namespace sallyport::profile
