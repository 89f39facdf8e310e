// What the `profile` commands share: finding the profile or file that a person named, printing
// findings, and writing results. For profile*.cc and device.cc alone.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "app/command.h"
#include "delivery/local/profile_folder.h"
#include "profile/codec/codec.h"
#include "profile/rules.h"

namespace sallyport::app {

void add_profile_store_commands(CLI::App& profile, Exit& exit);  // new ... unset
void add_profile_check_commands(CLI::App& profile,
                                Exit& exit);  // check, diff, variants, egress, edr, plugins
void add_profile_variants_command(CLI::App& profile, Exit& exit);
void add_profile_exchange_commands(CLI::App& profile,
                                   Exit& exit);                // export, import, convert, apply
void add_profile_key_commands(CLI::App& profile, Exit& exit);  // keys, explain

void print_out(std::string_view text);

/// Prints and gives the exit code that fits: 3 for the environment, else 2.
[[nodiscard]] Exit refuse(const Error& error, bool json);

/// Runs `work` with the folder of profiles.
[[nodiscard]] Result<delivery::ProfileFolder> open_folder();

/// A profile by name, with its bases under it; or a file (a name with a `/`, or with a known
/// ending): one that was exported, or a profile's own, whose bases lie beside it. Notes of reading
/// a file are appended to `notes`.
[[nodiscard]] Result<profile::Profile> load_named(const std::string& name,
                                                  profile::Findings& notes);

/// Reads a file of any format that carries values. Error texts start with the file's name.
[[nodiscard]] Result<profile::Decoded> read_any(const std::string& path, const std::string& format);

/// {"sallyport": 1, "values": {...}}: a profile as it lies in the folder, not an export of it.
[[nodiscard]] bool is_profile_file(const std::filesystem::path& file);

/// "1 error", "2 errors"
[[nodiscard]] std::string count_of(std::size_t count, std::string_view what);

/// Notes about what was read or written, one line each on stderr.
void print_notes(const profile::Findings& notes);

void print_findings(const profile::Findings& findings, std::string_view subject);
[[nodiscard]] profile::json::array findings_json(const profile::Findings& findings);

/// "", or what is wrong with a version that was typed.
[[nodiscard]] std::string version_fault(const std::string& text);

}  // namespace sallyport::app
