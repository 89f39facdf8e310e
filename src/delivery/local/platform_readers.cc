#include "delivery/local/platform_readers.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "base/files.h"
#include "profile/codec/registry_text.h"

namespace sallyport::delivery {
namespace fs = std::filesystem;
using profile::Device;
using profile::RegistryValue;
using profile::SettingsSource;
using profile::Severity;
using profile::SourceKind;
namespace json = profile::json;
namespace {

constexpr std::size_t kLargest = 16U << 20;
constexpr std::string_view kDomainFile = "com.anthropic.claudefordesktop.plist";

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_regular_file(error)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// --- macOS ---

SettingsSource read_plist_source(const Place& place, SourceKind kind, const fs::path& real,
                                 const fs::path& flat) {
  SettingsSource source;
  source.kind = kind;
  std::error_code error;
  fs::path file = fs::exists(real, error) ? real : fs::exists(flat, error) ? flat : real;
  source.place = place.shown(file.string());
  auto text = place.read(file, kLargest);
  if (!text) return source;
  source.present = true;
  auto decoded = profile::decode(profile::format::kJamfPlist, *text);
  if (decoded) {
    source.values = std::move(decoded->values);
    source.notes = std::move(decoded->notes);
    return source;
  }
  source.present = false;  // macOS gives an unreadable plist to nobody: as if it were absent
  source.notes.push_back({"device.plist_unreadable", Severity::kError, "",
                          fmt::format("{}: {}", source.place, decoded.error().message),
                          "push the profile again; managed preferences are written by the system"});
  return source;
}

void note_foreign_domains(const Place& place, const fs::path& folder, Device& device) {
  for (const fs::path& file : files_in(folder)) {
    std::string name = file.filename().string();
    bool ours = name == kDomainFile || name == "com.anthropic.claudecode.plist";
    if (ours || !name.starts_with("com.anthropic.") || !name.ends_with(".plist")) continue;
    device.notes.push_back({"device.wrong_domain", Severity::kError, "",
                            fmt::format("{} belongs to another preference domain; Claude Desktop "
                                        "reads com.anthropic.claudefordesktop alone",
                                        place.shown(file.string())),
                            "correct the payload type of the profile and push it again"});
  }
}

void note_user_defaults(const Place& place, const fs::path& file, Device& device) {
  std::error_code error;
  if (!fs::exists(file, error)) return;
  auto text = place.read(file, kLargest);
  auto decoded = text ? profile::decode(profile::format::kJamfPlist, *text)
                      : Result<profile::Decoded>(fail(kFileMissing, ""));
  bool holds_key = false;
  if (decoded) {
    for (const auto& member : decoded->values) {
      holds_key = holds_key || profile::Catalogue::builtin().find(member.key()) != nullptr;
    }
  }
  if (!holds_key) return;
  device.notes.push_back({"device.wrong_place", Severity::kError, "",
                          fmt::format("{} holds configuration keys, but the app never reads user "
                                      "defaults (`defaults write`)",
                                      place.shown(file.string())),
                          "deliver a configuration profile, which lands in Managed Preferences"});
}

// --- Windows ---

void take_registry_value(const RegistryValue& value, const std::string& where,
                         SettingsSource& source) {
  using Kind = RegistryValue::Kind;
  auto note = [&](std::string_view code, std::string why, std::string next) {
    source.notes.push_back({code, Severity::kError, value.name, std::move(why), std::move(next)});
  };
  if (value.kind == Kind::kRemoved || source.values.size() >= profile::kMostKeys) return;
  const profile::Key* key = profile::Catalogue::builtin().find(value.name);
  if (value.name.empty()) {
    source.present = true;
    source.blind.emplace_back("(default)");
    note("device.default_value",
         fmt::format("{} has an unnamed default value, which makes the policy count as present",
                     where),
         "delete it");
  } else if (value.kind == Kind::kText) {
    source.present = true;
    source.values[value.name] = profile::typed_value(key, json::value(value.text));
  } else if (value.kind == Kind::kDword) {
    source.present = true;
    source.values[value.name] =
        profile::typed_value(key, json::value(static_cast<std::int64_t>(value.number)));
  } else if (value.kind == Kind::kExpandText) {
    source.present = true;
    source.blind.push_back(value.name);
    note("device.expand_text",
         "it is REG_EXPAND_SZ: the policy counts as present, but the app cannot read the value",
         "write it as REG_SZ");
  } else {
    note("device.invisible_kind",
         fmt::format("it is {}, which the app does not see",
                     profile::registry_kind_text(value.kind)),
         "write it as REG_SZ");
  }
}

void take_registry_key(const profile::RegistryKey& key, SettingsSource& machine,
                       SettingsSource& user) {
  for (SettingsSource* source : {&machine, &user}) {
    std::string path = fmt::format("{}\\SOFTWARE\\Policies\\Claude",
                                   source == &machine ? "HKEY_LOCAL_MACHINE" : "HKEY_CURRENT_USER");
    if (profile::same_registry_path(key.path, path)) {
      for (const RegistryValue& value : key.values) take_registry_value(value, path, *source);
      return;
    }
    std::string below = path + "\\";
    if (!key.values.empty() &&
        profile::same_registry_path(std::string_view(key.path).substr(0, below.size()), below)) {
      source->notes.push_back({"device.subkey", Severity::kError, "",
                               fmt::format("{} holds values, but subkeys are never read", key.path),
                               fmt::format("put them directly under {}", path)});
      return;
    }
  }
  bool other_place = !key.values.empty() && key.path.find("Claude") != std::string::npos &&
                     key.path.find("ClaudeCode") == std::string::npos;
  if (other_place) {
    machine.notes.push_back({"device.wrong_place", Severity::kError, "",
                             fmt::format("{} is a place that the app never reads", key.path),
                             "use HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude"});
  }
}

// --- Linux ---

FileFacts facts_of(const fs::path& path) {
  FileFacts facts;
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return facts;
  facts.symlink = S_ISLNK(info.st_mode);
  facts.regular = S_ISREG(info.st_mode) || S_ISDIR(info.st_mode);
  facts.owner = info.st_uid;
  facts.mode = info.st_mode & 07777U;
  return facts;
}

unsigned octal(const json::object& facts, std::string_view name, unsigned usual) {
  const json::value* value = facts.if_contains(name);
  if (value == nullptr || !value->is_string()) return usual;
  std::string_view text = value->get_string();
  unsigned mode = usual;
  std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  return mode;
}

unsigned owner_of(const json::object& facts, std::string_view name) {
  const json::value* value = facts.if_contains(name);
  if (value == nullptr || *value == json::value("root") || *value == json::value(0)) return 0;
  return 1000;
}

std::string unsafe_reason(const Place& place, const fs::path& file) {
  if (place.live()) return unsafe_because(facts_of(file), facts_of(file.parent_path()));
  const json::value* said = place.facts.if_contains("managedFile");
  if (said == nullptr || !said->is_object()) return {};  // a copy says nothing about the original
  const json::object& facts = said->get_object();
  FileFacts copied{true, facts.contains("symlink") && facts.at("symlink") == json::value(true),
                   owner_of(facts, "owner"), octal(facts, "mode", 0644)};
  FileFacts folder{true, false, owner_of(facts, "folderOwner"), octal(facts, "folderMode", 0755)};
  return unsafe_because(copied, folder);
}

}  // namespace

void read_mac_sources(const Place& place, Device& device) {
  fs::path managed = place.root / "Library" / "Managed Preferences";
  if (device.user.empty()) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(managed, error)) {
      if (entry.is_directory(error)) device.user = entry.path().filename().string();
    }
  }
  // without a person's name there is no per-user profile, and the machine's is not read twice
  fs::path own = managed / (device.user.empty() ? "USER" : device.user) / kDomainFile;
  device.sources.push_back(
      read_plist_source(place, SourceKind::kMacUser, own, place.root / "user.plist"));
  fs::path flat = place.root / "machine.plist";
  std::error_code error;
  if (!fs::exists(flat, error)) flat = place.root / kDomainFile;
  if (!fs::exists(flat, error)) {
    for (const fs::path& file : files_in(place.root)) {
      if (file.extension() == ".mobileconfig") flat = file;
    }
  }
  device.sources.push_back(
      read_plist_source(place, SourceKind::kMacMachine, managed / kDomainFile, flat));
  note_foreign_domains(place, managed, device);
  if (!device.user.empty()) note_foreign_domains(place, managed / device.user, device);
  note_user_defaults(place, place.root / "Library" / "Preferences" / kDomainFile, device);
  note_user_defaults(
      place, place.root / "Users" / device.user / "Library" / "Preferences" / kDomainFile, device);
}

void read_windows_sources(const Place& place, Device& device) {
  SettingsSource machine, user;
  machine.kind = SourceKind::kHklm;
  machine.place = "HKLM\\SOFTWARE\\Policies\\Claude";
  user.kind = SourceKind::kHkcu;
  user.place = "HKCU\\SOFTWARE\\Policies\\Claude";
  for (const fs::path& file : files_in(place.root)) {
    if (file.extension() != ".reg") continue;
    auto text = place.read(file, kLargest);
    auto keys = text ? profile::parse_registry_text(*text)
                     : Result<std::vector<profile::RegistryKey>>(std::unexpected(text.error()));
    if (!keys) {
      device.notes.push_back(
          {"device.reg_unreadable", Severity::kError, "",
           fmt::format("{}: {}", place.shown(file.string()), keys.error().message),
           keys.error().next_step});
      continue;
    }
    for (const profile::RegistryKey& key : *keys) take_registry_key(key, machine, user);
  }
  device.sources.push_back(std::move(machine));
  device.sources.push_back(std::move(user));
  fs::path roaming = place.root / "Users" / device.user / "AppData" / "Roaming" / "Claude-3p";
  std::error_code error;
  if (fs::exists(roaming / "configLibrary", error)) {
    device.notes.push_back({"device.wrong_place", Severity::kWarning, "",
                            fmt::format("{} is the library's old place; current builds read "
                                        "%LOCALAPPDATA%\\Claude-3p",
                                        place.shown(roaming.string())),
                            "let the app move it, or apply the configuration again"});
  }
}

void read_linux_source(const Place& place, Device& device) {
  SettingsSource source;
  source.kind = SourceKind::kLinuxFile;
  std::error_code error;
  fs::path real = place.root / "etc" / "claude-desktop" / "managed-settings.json";
  fs::path flat = place.root / "managed-settings.json";
  bool exists = fs::exists(fs::symlink_status(real, error));
  fs::path file = exists || place.live() ? real : flat;
  source.place = place.shown(file.string());
  fs::path obsolete = place.root / "etc" / "claude-desktop" / "enterprise.json";
  if (fs::exists(obsolete, error)) {
    device.notes.push_back({"device.wrong_place", Severity::kError, "",
                            fmt::format("{} is an obsolete name that the app does not read",
                                        place.shown(obsolete.string())),
                            "name it managed-settings.json"});
  }
  exists = exists || (!place.live() && fs::exists(flat, error));
  if (exists) {
    source.present = true;
    std::string unsafe = unsafe_reason(place, file);
    auto text = place.read(file, kLargest);
    auto decoded = text ? profile::decode(profile::format::kLinuxJson, *text)
                        : Result<profile::Decoded>(std::unexpected(text.error()));
    if (!unsafe.empty()) {
      source.unreadable = true;
      source.why = fmt::format("{}: {}", source.place, unsafe);
      source.notes.push_back(
          {"device.linux_unsafe", Severity::kError, "", source.why,
           "chown root:root, chmod 0644 the file and 0755 its folder, then restart "
           "the app; until then local settings are off too"});
    } else if (!decoded) {
      source.unreadable = true;
      source.why = fmt::format("{}: {}", source.place, decoded.error().message);
      source.notes.push_back(
          {"device.linux_unreadable", Severity::kError, "", source.why,
           "correct the file; `sallyport profile export --format linux` writes a good one"});
    } else {
      source.values = std::move(decoded->values);
    }
  }
  device.sources.push_back(std::move(source));
}

}  // namespace sallyport::delivery
