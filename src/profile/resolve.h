// Which configuration a device really uses. Several sources can hold one; precedence, merging and
// what is ignored follow facts desktop-config 1.2, 5, 6 and 11. Device readers (delivery/local)
// fill a Device from real places or from a folder of collected files; this part is pure.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "profile/finding.h"
#include "profile/platform.h"
#include "profile/value.h"

namespace sallyport::profile {

enum class SourceKind {
  kMacUser,     ///< /Library/Managed Preferences/<user>/com.anthropic.claudefordesktop.plist
  kMacMachine,  ///< /Library/Managed Preferences/com.anthropic.claudefordesktop.plist
  kHklm,        ///< HKLM\SOFTWARE\Policies\Claude
  kHkcu,        ///< HKCU\SOFTWARE\Policies\Claude
  kLinuxFile,   ///< /etc/claude-desktop/managed-settings.json
  kLibrary,     ///< the applied entry of configLibrary
  kBootstrap,   ///< the bootstrap server's answer
};
[[nodiscard]] std::string_view source_text(SourceKind kind);

struct SettingsSource {
  SourceKind kind = SourceKind::kLibrary;
  std::string place;  ///< path or registry key, for people
  bool present = false;
  bool unreadable = false;  ///< present, but nothing of it applies
  std::string why;          ///< of `unreadable`
  json::object values;
  /// Windows: values that make the policy count as present though the app cannot read them
  /// (REG_EXPAND_SZ, the unnamed value).
  std::vector<std::string> blind;
  Findings notes;
};

struct Device {
  Platform platform = Platform::kLinux;
  std::optional<AppVersion> app;
  std::string user;
  std::vector<SettingsSource> sources;
  std::string deployment_mode;      ///< "1p", "3p" or empty: what the person chose
  bool app_started_before = false;  ///< the app runs since before the configuration changed
  Findings notes;
};

enum class Mode { kStandard, kThirdParty };

struct EffectiveValue {
  std::string key;
  json::value value;
  std::size_t source;  ///< index into Device::sources
};

struct IgnoredValue {
  std::string key;
  std::size_t source;
  std::string why;
};

struct Resolution {
  std::optional<std::size_t> owner;  ///< index into Device::sources; the source that governs
  Mode mode = Mode::kStandard;
  std::string why_mode;
  bool window_read_only = false;
  std::string why_window;
  std::vector<EffectiveValue> effective;
  std::vector<IgnoredValue> ignored;
  Findings findings;  ///< of the device: shadowed hives, wrong places; not those of the rules
  [[nodiscard]] const EffectiveValue* find(std::string_view key) const;
};

[[nodiscard]] Resolution resolve(const Device& device);

/// resolve()'s findings, the notes of the readers, and the rules' about what the owner holds;
/// without duplicates, errors first.
[[nodiscard]] Findings device_findings(const Device& device, const Resolution& resolution);

[[nodiscard]] std::string report_text(const Device& device, const Resolution& resolution);
[[nodiscard]] json::object report_json(const Device& device, const Resolution& resolution);

}  // namespace sallyport::profile
