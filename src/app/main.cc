// The program's table of commands. Every command is one file in app/commands/.
#include <fmt/format.h>

#include <cstdio>

#include "app/command.h"
#include "base/json_writer.h"

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
  fmt::print(stderr, "sallyport: {}.{}{}{}\n", error.message,
             error.next_step.empty() ? "" : " Next: ", error.next_step,
             error.next_step.empty() ? "" : ".");
}

namespace {

constexpr void (*kCommands[])(CLI::App&, Exit&) = {
    add_gateway_command,     add_config_command,  add_status_command, add_audit_command,
    add_token_check_command, add_profile_command, add_device_command,
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
    return root.exit(error) == 0 ? 0 : static_cast<int>(Exit::kWrongInput);
  } catch (const std::exception& error) {
    fmt::print(stderr, "sallyport: an unexpected error ended the program: {}.\n", error.what());
    return static_cast<int>(Exit::kEnvironment);
  }
  return static_cast<int>(exit);
}

}  // namespace
}  // namespace sallyport::app

int main(int argc, char** argv) {
  return sallyport::app::run(argc, argv);
}
