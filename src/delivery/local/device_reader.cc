#include "delivery/local/device_reader.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/files.h"
#include "base/nearest.h"
#include "delivery/local/platform_readers.h"

namespace sallyport::delivery {
namespace fs = std::filesystem;
using profile::Device;
using profile::Platform;
using profile::SettingsSource;
using profile::Severity;
using profile::SourceKind;
namespace json = profile::json;
namespace {

constexpr std::size_t kLargest = 8U << 20;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool has_file(const fs::path& folder, std::string_view ending) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().string().ends_with(ending)) return true;
  }
  return false;
}

Platform guess_platform(const fs::path& root, const json::object& facts) {
  std::string said = text_of(facts, "platform");
  if (said == "macos") return Platform::kMacos;
  if (said == "windows") return Platform::kWindows;
  if (said == "linux") return Platform::kLinux;
  std::error_code error;
  if (has_file(root, ".reg")) return Platform::kWindows;
  for (const auto& home : fs::directory_iterator(root / "Users", error)) {
    if (fs::exists(home.path() / "AppData", error)) return Platform::kWindows;
    if (fs::exists(home.path() / "Library", error)) return Platform::kMacos;
  }
  bool apple = fs::exists(root / "Library", error) || has_file(root, ".plist") ||
               has_file(root, ".mobileconfig");
  return apple ? Platform::kMacos : Platform::kLinux;
}

// The person whose files are looked at: the one asked for, else the first.
std::string pick_user(const fs::path& homes, const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(homes, error)) {
    std::string name = entry.path().filename().string();
    bool shared = name == "Shared" || name == "Public" || name == "Default";
    if (entry.is_directory(error) && !shared) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names.empty() ? std::string() : names.front();
}

void take_data_folder(const Place& place, const fs::path& data, Device& device) {
  SettingsSource source = read_library(
      data, [&](const fs::path& file, std::size_t limit) { return place.read(file, limit); });
  source.place = place.shown(source.place);
  source.why = place.shown_in(std::move(source.why));
  for (profile::Finding& note : source.notes) note.why = place.shown_in(std::move(note.why));
  device.sources.push_back(std::move(source));
  auto text = place.read(data / "claude_desktop_config.json", kLargest);
  if (!text) return;
  auto config = profile::parse_json(*text);
  if (!config || !config->is_object()) {
    device.notes.push_back(
        {"device.config_unreadable", Severity::kWarning, "",
         fmt::format("{}: {}", place.shown((data / "claude_desktop_config.json").string()),
                     config ? "not an object" : config.error().message),
         "correct the file"});
    return;
  }
  device.deployment_mode = text_of(config->get_object(), "deploymentMode");
}

// enterpriseConfig in the standard app's folder instead of Claude-3p.
void note_standard_folder(const Place& place, const fs::path& folder, Device& device) {
  fs::path file = folder / "claude_desktop_config.json";
  auto text = place.read(file, kLargest);
  if (!text) return;
  auto config = profile::parse_json(*text);
  if (!config || !config->is_object() || !config->get_object().contains("enterpriseConfig")) return;
  device.notes.push_back({"device.wrong_place", Severity::kError, "",
                          fmt::format("{} holds an enterpriseConfig, but the app reads the folder "
                                      "Claude-3p for third-party inference",
                                      place.shown(file.string())),
                          "apply it with `sallyport profile apply`, or deliver it by MDM"});
}

void take_bootstrap(const Place& place, Device& device) {
  fs::path file = place.root / "bootstrap.json";
  auto text = place.read(file, kLargest);
  if (!text) return;
  SettingsSource source;
  source.kind = SourceKind::kBootstrap;
  source.place = place.shown(file.string());
  source.present = true;
  auto decoded = profile::decode(profile::format::kBootstrap, *text);
  if (decoded) {
    source.values = std::move(decoded->values);
  } else {
    source.unreadable = true;
    source.why = decoded.error().message;
    source.notes.push_back(
        {"device.bootstrap_unreadable", Severity::kError, "",
         fmt::format("{}: {}", source.place, source.why),
         "a captive portal or proxy may have answered; the app wants one JSON object"});
  }
  device.sources.push_back(std::move(source));
}

Result<json::object> read_facts(const fs::path& root) {
  auto text = read_file(root / "device.json", kLargest);
  if (!text) return json::object();
  auto facts = profile::parse_json(*text);
  if (!facts) return fail(std::move(facts.error()), "in device.json");
  if (!facts->is_object()) return json::object();
  const std::vector<std::string_view> platforms{"macos", "windows", "linux"};
  std::string platform = text_of(facts->get_object(), "platform");
  if (!platform.empty() && std::ranges::find(platforms, platform) == platforms.end()) {
    std::string_view near = nearest_name(platform, platforms);
    return fail(
        "device.platform", fmt::format("device.json: there is no platform {}", platform),
        near.empty() ? "write macos, windows or linux" : fmt::format("did you mean {}?", near));
  }
  return facts->get_object();
}

fs::path first_existing(std::initializer_list<fs::path> paths) {
  std::error_code error;
  for (const fs::path& path : paths) {
    if (fs::exists(path, error)) return path;
  }
  return *paths.begin();
}

void read_collected(const Place& place, Device& device) {
  const fs::path& root = place.root;
  switch (device.platform) {
    case Platform::kMacos: {
      device.user = pick_user(root / "Users", device.user);
      read_mac_sources(place, device);
      fs::path support = root / "Users" / device.user / "Library" / "Application Support";
      take_data_folder(place, first_existing({support / "Claude-3p", root / "Claude-3p", root}),
                       device);
      note_standard_folder(place, first_existing({support / "Claude", root / "Claude"}), device);
      break;
    }
    case Platform::kWindows: {
      device.user = pick_user(root / "Users", device.user);
      read_windows_sources(place, device);
      fs::path data = root / "Users" / device.user / "AppData";
      take_data_folder(
          place, first_existing({data / "Local" / "Claude-3p", root / "Claude-3p", root}), device);
      note_standard_folder(place, first_existing({data / "Roaming" / "Claude", root / "Claude"}),
                           device);
      break;
    }
    case Platform::kLinux: {
      device.user = pick_user(root / "home", device.user);
      read_linux_source(place, device);
      fs::path config = root / "home" / device.user / ".config";
      take_data_folder(place, first_existing({config / "Claude-3p", root / "Claude-3p", root}),
                       device);
      note_standard_folder(place, first_existing({config / "Claude", root / "Claude"}), device);
      break;
    }
  }
  take_bootstrap(place, device);
}

// Whether a running app is older than the configuration: its process and the file's times.
bool started_before(const fs::path& file) {
  struct stat config{};
  if (::stat(file.c_str(), &config) != 0) return false;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    auto comm = read_file(entry.path() / "comm", 4096);
    struct stat process{};
    if (!comm || !comm->starts_with("claude-desktop")) continue;
    if (::stat(entry.path().c_str(), &process) == 0 && process.st_mtime < config.st_mtime)
      return true;
  }
  return false;
}

Result<Device> read_this_machine(const DeviceOptions& options) {
  Device device;
  device.platform = Platform::kLinux;
  device.app = options.app;
  if (const passwd* entry = ::getpwuid(::getuid())) device.user = entry->pw_name;
  Place place;
  place.root = "/";
  read_linux_source(place, device);
  auto data = local_data_folder();
  if (!data) return std::unexpected(std::move(data.error()));
  take_data_folder(place, *data, device);
  note_standard_folder(place, data->parent_path() / "Claude", device);
  for (const SettingsSource& source : device.sources) {
    if (source.present && started_before(source.place)) device.app_started_before = true;
  }
  return device;
}

}  // namespace

std::string Place::shown(const std::string& path) const {
  if (live()) return path;
  std::string prefix = root.string();
  if (!prefix.ends_with('/')) prefix += '/';
  if (path + '/' == prefix) return {};
  return path.starts_with(prefix) ? path.substr(prefix.size()) : path;
}

std::string Place::shown_in(std::string text) const {
  if (live()) return text;
  std::string prefix = root.string();
  if (!prefix.ends_with('/')) prefix += '/';
  for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
    text.erase(at, prefix.size());
  }
  return text;
}

Result<std::string> Place::read(const fs::path& file, std::size_t limit) const {
  if (live()) return read_file(file, limit);
  std::error_code error;
  fs::path real = fs::weakly_canonical(file, error);
  fs::path inside = fs::weakly_canonical(root, error);
  auto relative = real.lexically_relative(inside);
  if (error || relative.empty() || *relative.begin() == "..") {
    return fail("device.link_leaves",
                fmt::format("{} leads out of the collection", shown(file.string())),
                "collect the file itself, not a link");
  }
  return read_file(real, limit);
}

Result<fs::path> local_data_folder() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != '\0') return fs::path(config) / "Claude-3p";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    return fail(kDeviceNoHome, "the person's home folder is not known", "set HOME");
  }
  return fs::path(home) / ".config" / "Claude-3p";
}

std::string unsafe_because(const FileFacts& file, const FileFacts& folder) {
  if (folder.symlink || !folder.regular) return "its folder is a symbolic link or no folder";
  if (folder.owner != 0) return "its folder does not belong to root";
  if ((folder.mode & 022U) != 0)
    return fmt::format("its folder is writable for others (mode {:04o})", folder.mode);
  if (file.symlink) return "it is a symbolic link";
  if (!file.regular) return "it is no regular file";
  if (file.owner != 0) return "it does not belong to root";
  if ((file.mode & 022U) != 0)
    return fmt::format("it is writable for others (mode {:04o})", file.mode);
  if ((file.mode & 04U) == 0)
    return fmt::format("the person cannot read it (mode {:04o})", file.mode);
  return {};
}

Result<Device> read_device(const DeviceOptions& options) {
  if (options.root.empty()) return read_this_machine(options);
  std::error_code error;
  if (!fs::is_directory(options.root, error)) {
    return fail(kFileMissing, fmt::format("{} is no folder", options.root.string()),
                "name the folder with the files collected from the device");
  }
  auto facts = read_facts(options.root);
  if (!facts) return std::unexpected(std::move(facts.error()));
  Place place;
  place.root = options.root;
  place.facts = std::move(*facts);
  Device device;
  device.platform = guess_platform(options.root, place.facts);
  device.user = options.user.empty() ? text_of(place.facts, "user") : options.user;
  device.app = options.app ? options.app : profile::parse_version(text_of(place.facts, "app"));
  std::string started = text_of(place.facts, "appStartedAt");
  std::string changed = text_of(place.facts, "configurationChangedAt");
  device.app_started_before = !started.empty() && !changed.empty() && started < changed;
  read_collected(place, device);
  return device;
}

}  // namespace sallyport::delivery
