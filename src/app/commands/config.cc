// sallyport config check [FILE] [--json]: what the gateway would do with a file, or every reason why
// it would not start. `config reference` prints the reference page (docs/configuration.md).
#include <cstdio>
#include <memory>
#include <string>

#include "app/command.h"
#include "app/gateway_options.h"
#include "config/configuration.h"
#include "config/reference.h"
#include "config/summary.h"

namespace sallyport::app {
namespace {

void print(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

Exit run_check(const std::string& path, bool json) {
  auto loaded = config::load(path, config::system_environment());
  bool good = loaded.configuration.has_value();
  if (json) {
    print(stdout, config::summary_json(loaded) + '\n');
  } else {
    print(good ? stdout : stderr, config::summary_text(loaded));
  }
  return good ? Exit::kDone : Exit::kWrongInput;
}

}  // namespace

void add_config_command(CLI::App& root, Exit& exit) {
  struct Options {
    GatewayOptions gateway;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  auto* config = root.add_subcommand("config", "Check the gateway's configuration");
  config->require_subcommand(1);

  auto* check = config->add_subcommand(
      "check", "Read a configuration as the gateway would, with secrets and certificates");
  add_gateway_options(*check, options->gateway);
  check->add_option("FILE", options->gateway.config, "The configuration")
      ->excludes("--instance")
      ->excludes("--config");
  check->add_flag("--json", options->json, "One JSON object with the findings and the settings");
  check->callback(
      [options, &exit] { exit = run_check(configuration_of(options->gateway), options->json); });

  auto* reference = config->add_subcommand("reference", "Print the reference page in Markdown");
  reference->group("");  // for the build and the curious, not in --help
  reference->callback([&exit] {
    print(stdout, config::reference_markdown());
    exit = Exit::kDone;
  });
}

}  // namespace sallyport::app
