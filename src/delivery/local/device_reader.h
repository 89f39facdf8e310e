// Reads the places where Claude Desktop looks for its configuration (facts: desktop-config 5 and
// 6): on this machine (Linux), or in a folder of files collected from a device of any platform:
//
//   real paths below the folder (etc/claude-desktop/..., Library/Managed Preferences/..., home/ADA,
//   Users/ADA), or flat: *.reg, machine.plist, user.plist, managed-settings.json, Claude-3p/ or
//   configLibrary/, claude_desktop_config.json, bootstrap.json
//   device.json (optional): {"platform", "app", "user", "appStartedAt", "configurationChangedAt",
//   "managedFile": {"owner", "mode", "symlink", "folderOwner", "folderMode"}}
//
// A file that cannot be read is a finding, not a failure: that is what a report is for.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "profile/resolve.h"

namespace sallyport::delivery {

/// The code of a person without a home folder.
inline constexpr std::string_view kDeviceNoHome = "device.no_home";

struct DeviceOptions {
  std::filesystem::path root;  ///< empty: this machine
  std::string user;            ///< whose files, in a collection of several people's
  std::optional<profile::AppVersion> app;
};

/// Errors: file.missing, file.unreadable (the folder itself), json.invalid (device.json).
[[nodiscard]] Result<profile::Device> read_device(const DeviceOptions& options);

/// The 3P data folder of this machine's user: ~/.config/Claude-3p. Error: device.no_home.
[[nodiscard]] Result<std::filesystem::path> local_data_folder();

/// The applied entry of DATA/configLibrary, or the legacy enterpriseConfig.
using FileReader = std::function<Result<std::string>(const std::filesystem::path&, std::size_t)>;
[[nodiscard]] profile::SettingsSource read_library(const std::filesystem::path& data_folder,
                                                   const FileReader& read);

/// What the app demands of its Linux file and folder; empty: fine, else why it refuses.
struct FileFacts {
  bool regular = true, symlink = false;
  unsigned owner = 0, mode = 0644;
};
[[nodiscard]] std::string unsafe_because(const FileFacts& file, const FileFacts& folder);

}  // namespace sallyport::delivery
