// The folder of named profiles: one JSON file a profile, in $SALLYPORT_PROFILES or the user's
// configuration folder. Changes take a lock (`.lock`, flock) so that two writers never mix, and
// replace files atomically, so that a stored profile is the old or the new one, never half of it.
// Reading takes no lock. One object a process; not for several threads.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/entropy.h"
#include "base/unique_fd.h"
#include "profile/profile.h"

namespace sallyport::delivery {

/// Codes that others act on.
inline constexpr std::string_view kProfileLocked = "profile.locked";
inline constexpr std::string_view kProfileNoFolder = "profile.no_folder";

class ProfileFolder {
 public:
  explicit ProfileFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// $SALLYPORT_PROFILES, else $XDG_CONFIG_HOME/sallyport/profiles, else ~/.config/...
  /// Error: profile.no_folder.
  [[nodiscard]] static Result<std::filesystem::path> usual();

  [[nodiscard]] const std::filesystem::path& path() const { return folder_; }
  [[nodiscard]] std::filesystem::path file_of(std::string_view name) const;

  /// Names, sorted. A folder that is not there yet is empty.
  [[nodiscard]] Result<std::vector<std::string>> list() const;
  /// As stored. Errors: profile.name, profile.missing (with the nearest name), and parse_profile's
  /// with the file in front.
  [[nodiscard]] Result<profile::Profile> load(std::string_view name) const;
  /// load(), then all bases laid under it.
  [[nodiscard]] Result<profile::Profile> load_flat(std::string_view name) const;

  /// Errors of all below: profile.locked (another writer for 5 s), file.unwritable.
  [[nodiscard]] Result<void> create(const profile::Profile& profile);  ///< profile.exists
  [[nodiscard]] Result<void> rename(std::string_view from, std::string_view to);
  [[nodiscard]] Result<void> remove(std::string_view name);
  /// Loads, lets `change` edit, stores; all under one lock. `change` may refuse.
  [[nodiscard]] Result<void> edit(std::string_view name,
                                  const std::function<Result<void>(profile::Profile&)>& change);

 private:
  [[nodiscard]] Result<UniqueFd> lock() const;
  [[nodiscard]] Result<void> store(const profile::Profile& profile) const;
  [[nodiscard]] Result<std::vector<std::string>> variants_of(std::string_view name) const;

  std::filesystem::path folder_;
};

/// A new profile's identity: a random UUID (version 4).
[[nodiscard]] std::string new_identity(Entropy& entropy);

}  // namespace sallyport::delivery
