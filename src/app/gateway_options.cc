#include "app/gateway_options.h"

#include <fmt/format.h>

#include "config/instance.h"

namespace sallyport::app {
namespace {

std::string_view name_of(const GatewayOptions& options) {
  return options.instance.empty() ? config::kDefaultInstance : std::string_view(options.instance);
}

// For CLI11: what is wrong, or nothing.
std::string refuse_name(const std::string& name) {
  if (config::is_instance_name(name)) return {};
  const Error error = config::not_an_instance_name(name);
  return fmt::format("{}; {}", error.message, error.next_step);
}

Result<config::GatewayPlaces> places_of(const GatewayOptions& options) {
  const config::Environment& environment = config::system_environment();
  if (options.config.empty()) return config::find_instance(name_of(options), environment);
  return config::find_gateway(options.config, environment);
}

}  // namespace

void add_gateway_options(CLI::App& command, GatewayOptions& options, GatewayWay way) {
  auto* instance =
      command.add_option("--instance", options.instance, "The gateway of this name (default)")
          ->check(CLI::Validator(refuse_name, "NAME"));
  auto* config = command.add_option("--config", options.config, "The gateway's configuration");
  instance->excludes(config);
  CLI::Option* other = nullptr;
  if (way == GatewayWay::kRunning) {
    other = command.add_option("--socket", options.socket, "Its local socket (admin.socket)");
  }
  if (way == GatewayWay::kRecord || way == GatewayWay::kDirectory) {
    other = command.add_option("--directory", options.directory, "The audit directory");
  }
  if (other != nullptr) other->excludes(instance)->excludes(config);
  if (way == GatewayWay::kRunning || way == GatewayWay::kRecord) {
    auto* server = command.add_option("--server", options.server,
                                      "Its administrator's port, from anywhere (admin.public_url)");
    server->excludes(instance)->excludes(config)->excludes(other);
    add_ca_file(command, options)->needs(server);
  }
}

CLI::Option* add_ca_file(CLI::App& command, GatewayOptions& options) {
  return command.add_option("--ca-file", options.ca_file,
                            "With --server: PEM file with its authorities (else as at sign-in)");
}

std::string configuration_of(const GatewayOptions& options) {
  if (!options.config.empty()) return options.config;
  return config::places_of(name_of(options)).configuration;
}

Result<std::string> socket_of(const GatewayOptions& options) {
  if (!options.socket.empty()) return options.socket;
  auto places = places_of(options);
  if (!places) return std::unexpected(std::move(places.error()));
  return std::move(places->socket);
}

Result<std::string> audit_directory_of(const GatewayOptions& options) {
  if (!options.directory.empty()) return options.directory;
  auto places = places_of(options);
  if (!places) return std::unexpected(std::move(places.error()));
  return std::move(places->audit_directory);
}

Error with_old_place(Error error, const std::string& place, std::string_view old,
                     std::string_view option) {
  const config::Environment& environment = config::system_environment();
  const config::GatewayPlaces usual = config::places_of(config::kDefaultInstance);
  const bool is_default =
      place == usual.configuration || place == usual.socket || place == usual.audit_directory;
  const std::string old_place(old);
  if (!is_default || environment.exists(place) || !environment.exists(old_place)) return error;
  error.next_step = fmt::format("name the one from before instances had names: {} {}", option, old);
  return error;
}

}  // namespace sallyport::app
