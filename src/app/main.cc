// The program's table of commands. Every command is one file in app/commands/.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "app/command.h"
#include "app/gateway_options.h"
#include "base/json_writer.h"
#include "base/nearest.h"
#include "base/terminal_text.h"
#include "config/instance.h"
#include "profile/catalogue.h"

namespace sallyport::app {

void print_error(const Error& error, bool json) {
  if (json) {
    std::string line;
    JsonWriter writer(line);
    writer.begin().object("error").text("code", error.code).text("message", error.message);
    writer.text_if("next_step", error.next_step).end().end();
    fmt::print(stderr, "{}\n", line);
    return;
  }
  std::string text = for_terminal(error.message) + ".";
  if (!error.next_step.empty()) {
    text += " Next: " + for_terminal(error.next_step);
    if (!text.ends_with('?')) text += ".";
  }
  fmt::print(stderr, "sallyport: {}\n", text);
}

std::string next_step_for_config(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) {
    Error missing{"config.file_missing", {}, "name the configuration with --config"};
    return with_old_place(std::move(missing), path, config::kOldConfiguration, "--config")
        .next_step;
  }
  return fmt::format("correct it (`sallyport config check {}`), or name the file with --config",
                     path);
}

namespace {

std::string_view nearest_word(std::string_view word, const CLI::App& command) {
  std::vector<std::string_view> known;
  for (const CLI::App* sub : command.get_subcommands({})) known.push_back(sub->get_name());
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back(name);
  }
  return nearest_name(word.substr(std::min(word.find_first_not_of('-'), word.size())), known);
}

// Which command was meant, what is wrong, and the nearest right thing.
Error usage_error(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App* command = &root;
  std::string line(root.get_name());
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    line += " " + command->get_name();
  }
  Error usage{"usage.invalid", error.what(), fmt::format("see `{} --help`", line)};
  // "Could not convert: --last = x"
  std::string_view said = usage.message;
  if (auto equals = said.rfind(" = ");
      error.get_name() == "ConversionError" && equals != std::string_view::npos) {
    auto option = said.substr(0, equals);
    option.remove_prefix(option.rfind(' ') + 1);
    usage.message = fmt::format("{} is no value for {}", said.substr(equals + 3), option);
    return usage;
  }
  std::vector<std::string> left = root.remaining(true);
  bool has_commands = !command->get_subcommands({}).empty();
  if (left.empty()) {
    if (has_commands) usage.message = fmt::format("`{}` wants a command", line);
    return usage;
  }
  const std::string& word = left.front();
  bool option = word.starts_with('-');
  usage.message = fmt::format("`{}` takes fewer words; {} is one too many", line, word);
  if (has_commands || option) {
    usage.message = fmt::format("`{}` has no {} {}", line, option ? "option" : "command", word);
  }
  if (std::string_view near = nearest_word(word, *command); !near.empty()) {
    usage.next_step = fmt::format("did you mean {}{}?", option ? "--" : "", near);
  }
  return usage;
}

bool wants_json(int argc, char** argv) {
  return std::any_of(argv, argv + argc,
                     [](const char* word) { return std::string_view(word) == "--json"; });
}

constexpr void (*kCommands[])(CLI::App&, Exit&) = {
    add_gateway_command,     add_config_command,      add_status_command,  add_audit_command,
    add_token_command,       add_token_check_command, add_profile_command, add_device_command,
    add_revoke_command,      add_sign_in_command,     add_whoami_command,  add_sign_out_command,
    add_upstream_command,    add_instances_command,   add_api_command,     add_docs_command,
    add_parse_child_command, add_people_command,
};

int run(int argc, char** argv) {
  CLI::App root("Sallyport: the governed way into Claude", "sallyport");
  root.set_version_flag("--version", std::string("sallyport ") + SALLYPORT_VERSION);
  root.require_subcommand(1);
  Exit exit = Exit::kDone;
  for (auto* add : kCommands) add(root, exit);
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return root.exit(error);  // --help, --version
    print_error(usage_error(root, error), wants_json(argc, argv));
    return static_cast<int>(Exit::kWrongInput);
  } catch (const std::exception& error) {
    fmt::print(stderr, "sallyport: an unexpected error ended the program: {}.\n", error.what());
    return static_cast<int>(Exit::kEnvironment);
  }
  return static_cast<int>(exit);
}

}  // namespace
}  // namespace sallyport::app

// Called by its link `sallyport-token`, the program is the credential helper: Claude Desktop runs
// it without arguments; with some, they are those of `sallyport token`.
int main(int argc, char** argv) {
  std::string_view name = argc > 0 ? argv[0] : "";
  if (name.substr(name.rfind('/') + 1) != "sallyport-token") return sallyport::app::run(argc, argv);
  if (argc == 1) return sallyport::app::run_credential_helper();
  std::vector<char*> arguments(argv, argv + argc);
  std::string command = "token";
  arguments.insert(arguments.begin() + 1, command.data());
  return sallyport::app::run(static_cast<int>(arguments.size()), arguments.data());
}
