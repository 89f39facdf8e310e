// Writes a profile into the local library of this machine as the app does: the entry's file, then
// _meta.json that names it as applied; a copy of what was there first; files 0600, folder 0700.
// Refuses when a managed source owns the device, since the app would ignore the result.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "profile/profile.h"
#include "profile/resolve.h"

namespace sallyport::delivery {

/// The code of a device that somebody else manages.
inline constexpr std::string_view kApplyManaged = "apply.managed";

struct Applied {
  std::filesystem::path entry;
  std::filesystem::path backup;  ///< empty: there was nothing to save
};

/// `data_folder` is the Claude-3p folder. Errors: apply.managed (naming the owner and what to do),
/// apply.owner (another person's home),
/// apply.library (a library that cannot be read is not overwritten), file.*.
[[nodiscard]] Result<Applied> apply_profile(const profile::Profile& profile,
                                            const profile::Device& device,
                                            const std::filesystem::path& data_folder,
                                            const Clock& clock);

}  // namespace sallyport::delivery
