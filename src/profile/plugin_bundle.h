// Organization plugins: what a bundle for the org-plugins folder must look like (facts:
// desktop-config 14). Pure: files come in as names and bytes; delivery/local walks the disk.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/codec/codec.h"
#include "profile/finding.h"

namespace sallyport::profile {

struct PluginFile {
  std::string name;  ///< relative to the plugin's folder, with /
  std::string bytes;
  std::string link_to;       ///< a symbolic link's target, resolved to inside names; empty: none
  bool link_leaves = false;  ///< a link that points out of the plugin
};

struct Plugin {
  std::string folder;  ///< its name is the plugin's canonical name
  std::vector<PluginFile> files;
};

/// Layout, plugin.json, version.json, .mcp.json, skills. Codes start with "plugin.".
[[nodiscard]] Findings check_plugin(const Plugin& plugin);

/// FOLDER/... as one ZIP, files sorted by name.
[[nodiscard]] std::string pack_plugins(const std::vector<Plugin>& plugins);

struct PluginFolder {
  std::string_view platform, folder;
};
/// Where the folders go, where the vendor documents a place.
[[nodiscard]] std::span<const PluginFolder> plugin_folders();
/// The same for people.
[[nodiscard]] std::string plugin_places();

}  // namespace sallyport::profile
