// Reads plugin folders from disk for profile::check_plugin and pack_plugins. Bounded: 2,000 files
// and 64 MiB a plugin, 16 levels.
#pragma once

#include <filesystem>
#include <vector>

#include "profile/plugin_bundle.h"

namespace sallyport::delivery {

/// A folder that holds .claude-plugin is one plugin; else each of its folders is one.
/// Errors: plugin.none, plugin.too_large, file.unreadable.
[[nodiscard]] Result<std::vector<profile::Plugin>> read_plugins(
    const std::filesystem::path& folder);

}  // namespace sallyport::delivery
