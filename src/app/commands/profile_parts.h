// What the `profile` commands share: finding the profile or file that a person named, printing
// findings, and writing results. For profile*.cc and device.cc alone.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "app/command.h"
#include "delivery/local/profile_folder.h"
#include "profile/codec/codec.h"
#include "profile/rules.h"

namespace sallyport::app {

void add_profile_new_command(CLI::App& profile, Exit& exit);
void add_profile_store_commands(CLI::App& profile, Exit& exit);  // list ... reveal
void add_profile_edit_commands(CLI::App& profile, Exit& exit);   // set, unset
void add_profile_check_commands(CLI::App& profile,
                                Exit& exit);  // check, diff, variants, egress, edr, plugins
void add_profile_variants_command(CLI::App& profile, Exit& exit);
void add_profile_exchange_commands(CLI::App& profile,
                                   Exit& exit);                // export, import, convert, apply
void add_profile_key_commands(CLI::App& profile, Exit& exit);  // keys, explain

/// A command and the options that it alone fills; they live as long as the command.
template <typename Options>
struct Command {
  CLI::App& app;
  std::shared_ptr<Options> options;
};

/// Adds a command with --json, which wants a member `as_json`.
///
///   auto [show, options] = add_command(profile, "show", "Values of a profile", exit, run_show);
///   show.add_option("NAME", options->name)->required();
template <typename Options>
Command<Options> add_command(CLI::App& profile, std::string name, std::string help, Exit& exit,
                             Exit (*run)(const Options&)) {
  auto options = std::make_shared<Options>();
  CLI::App* made = profile.add_subcommand(std::move(name), std::move(help));
  made->add_flag("--json", options->as_json, "Answers and errors as JSON");
  made->callback([options, run, &exit] { exit = run(*options); });
  return {*made, std::move(options)};
}

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

/// What was done to a profile: with `as_json` its name and file as one object, else `line`.
[[nodiscard]] Exit print_done(bool as_json, const std::string& name, const std::string& file,
                              std::string_view line);

/// "1 error", "2 errors"
[[nodiscard]] std::string count_of(std::size_t count, std::string_view what);

/// Notes about what was read or written, one line each on stderr.
void print_notes(const profile::Findings& notes);

void print_findings(const profile::Findings& findings, std::string_view subject);
[[nodiscard]] profile::json::array findings_json(const profile::Findings& findings);

/// "", or what is wrong with a version that was typed.
[[nodiscard]] std::string version_fault(const std::string& text);

}  // namespace sallyport::app
