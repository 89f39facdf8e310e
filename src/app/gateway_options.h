// How a command says which gateway of this machine it means, alike for all that concern one:
//   --instance NAME   by name; left out, the instance `default`
//   --config FILE     the one that runs, or would run, with this file
//   --socket PATH     whoever listens there (where the command asks a running one)
//   --directory PATH  whoever writes there (where it reads the record)
// or, where the command asks a running gateway, wherever that is:
//   --server URL      the one with this administrator's port; --ca-file FILE to trust it by
// One of them at most. An instance's own file says where its socket and its record are, as far as
// whoever asks may read it; else they are where the name says (config/instance.h).
//
//   auto options = std::make_shared<Options>();        // with a member GatewayOptions gateway
//   add_gateway_options(*command, options->gateway, GatewayWay::kRunning);
//   auto socket = socket_of(options->gateway);       // or api_client.h, for any of them
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::app {

struct GatewayOptions {
  std::string instance;  ///< each empty where it is not said
  std::string config;
  std::string socket;
  std::string directory;
  std::string server;
  std::string ca_file;
};

/// What a command takes besides --instance and --config: nothing; --socket or --server; the record's
/// --directory or --server; the record's --directory alone.
enum class GatewayWay { kNone, kRunning, kRecord, kDirectory };

void add_gateway_options(CLI::App& command, GatewayOptions& options,
                         GatewayWay way = GatewayWay::kNone);

/// For a command that adds --server by itself.
CLI::Option* add_ca_file(CLI::App& command, GatewayOptions& options);

/// The file that the gateway is run with. It need not be there.
[[nodiscard]] std::string configuration_of(const GatewayOptions& options);

/// Errors, both wrong input: those of a configuration that is there and does not say it rightly.
[[nodiscard]] Result<std::string> socket_of(const GatewayOptions& options);
[[nodiscard]] Result<std::string> audit_directory_of(const GatewayOptions& options);

/// The error with what helps where a gateway of before instances had names is still there: nothing
/// is at the default `place`, and something at `old`, which `option` names.
[[nodiscard]] Error with_old_place(Error error, const std::string& place, std::string_view old,
                                   std::string_view option);

}  // namespace sallyport::app
