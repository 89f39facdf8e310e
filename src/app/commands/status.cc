// sallyport status [--instance NAME | --server URL] [--json]: what the running gateway knows of
// itself. Exit code 1 when it runs but is not ready, or says no; 3 when it cannot be asked.
#include "admin/status.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/api_client.h"
#include "app/command.h"
#include "app/gateway_options.h"
#include "base/clock.h"

namespace sallyport::app {
namespace {

struct Options {
  GatewayOptions gateway;
  bool json = false;
};

constexpr std::chrono::seconds kPatience{5};  // nothing there waits for a disk

Exit run_status(const Options& options) {
  auto reply = ask(options.gateway, {.path = "/api/v1/status", .patience = kPatience});
  if (!reply) return refuse(reply.error(), options.json);
  if (reply->status != 200) {
    return refuse_reply(*reply, options.gateway, "status.not_a_gateway", options.json);
  }
  auto status = admin::parse_status(reply->body);
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
  add_gateway_options(*status, options->gateway, GatewayWay::kRunning);
  status->add_flag("--json", options->json, "One JSON object");
  status->callback([options, &exit] { exit = run_status(*options); });
}

}  // namespace sallyport::app
