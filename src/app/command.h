// How a command is added: one file in app/commands/ with one function, its declaration below, and
// its name in main.cc's table.
//
//   void add_config_command(CLI::App& root, Exit& exit) {
//     auto* check = root.add_subcommand("check", "...");
//     check->callback([=, &exit] { exit = run_check(...); });
//   }
//
// Answers go to stdout, errors to stderr as one sentence with the next step. Every command knows
// --json (`gateway` has --log json). Exit codes: ARCHITECTURE.md, "Commands".
#pragma once

#include <CLI/CLI.hpp>

#include "base/result.h"

namespace sallyport::app {

enum class Exit : int {
  kDone = 0,         ///< done
  kNo = 1,           ///< the answer is no: findings, a broken chain
  kWrongInput = 2,   ///< wrong usage or input
  kEnvironment = 3,  ///< the environment failed: a file, a port, a peer
};

/// "sallyport: MESSAGE. NEXT STEP." on stderr; with `json` one JSON object on stderr.
void print_error(const Error& error, bool json = false);

/// What to do about a configuration that a command could not use.
[[nodiscard]] std::string next_step_for_config(const std::string& path);

void add_gateway_command(CLI::App& root, Exit& exit);
void add_config_command(CLI::App& root, Exit& exit);
void add_docs_command(CLI::App& root, Exit& exit);
void add_api_command(CLI::App& root, Exit& exit);
void add_audit_command(CLI::App& root, Exit& exit);
void add_status_command(CLI::App& root, Exit& exit);
void add_token_check_command(CLI::App& root, Exit& exit);  ///< after add_token_command
void add_revoke_command(CLI::App& root, Exit& exit);
void add_people_command(CLI::App& root, Exit& exit);
void add_upstream_command(CLI::App& root, Exit& exit);
void add_profile_command(CLI::App& root, Exit& exit);
void add_device_command(CLI::App& root, Exit& exit);
void add_sign_in_command(CLI::App& root, Exit& exit);
void add_token_command(CLI::App& root, Exit& exit);
void add_whoami_command(CLI::App& root, Exit& exit);
void add_sign_out_command(CLI::App& root, Exit& exit);
void add_instances_command(CLI::App& root, Exit& exit);
void add_parse_child_command(CLI::App& root, Exit& exit);

/// What the link `sallyport-token` does without arguments: the credential helper of Claude Desktop.
[[nodiscard]] int run_credential_helper();

}  // namespace sallyport::app
