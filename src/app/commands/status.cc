// sallyport status [--instance NAME] [--json]: what the running gateway knows of itself, asked over
// its local socket. Exit code 1 when it runs but is not ready, 3 when it cannot be asked.
#include "admin/status.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "admin/socket_client.h"
#include "app/command.h"
#include "app/gateway_options.h"
#include "config/instance.h"

namespace sallyport::app {
namespace {

struct Options {
  GatewayOptions gateway;
  bool json = false;
};

Result<admin::Status> ask(const std::string& socket) {
  auto answer = admin::ask_socket(socket, "GET", "/api/v1/status");
  if (!answer) {
    return std::unexpected(
        with_old_place(std::move(answer.error()), socket, config::kOldSocket, "--socket"));
  }
  if (answer->status != 200) {
    return fail("status.not_a_gateway",
                fmt::format("what listens on {} answers with {}", socket, answer->status),
                "give the path of the gateway's admin.socket with --socket");
  }
  return admin::parse_status(answer->body);
}

Exit run_status(const Options& options) {
  auto socket = socket_of(options.gateway);
  if (!socket) {
    print_error(socket.error(), options.json);
    return Exit::kWrongInput;
  }
  auto status = ask(*socket);
  if (!status) {
    print_error(status.error(), options.json);
    return Exit::kEnvironment;
  }
  std::string page = options.json ? admin::status_json(*status) + '\n'
                                  : admin::status_text(*status, system_clock().wall());
  std::fwrite(page.data(), 1, page.size(), stdout);
  return status->ready ? Exit::kDone : Exit::kNo;
}

}  // namespace

void add_status_command(CLI::App& root, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* status = root.add_subcommand("status", "Ask the running gateway how it is");
  add_gateway_options(*status, options->gateway, GatewayWay::kSocket);
  status->add_flag("--json", options->json, "One JSON object");
  status->callback([options, &exit] { exit = run_status(*options); });
}

}  // namespace sallyport::app
