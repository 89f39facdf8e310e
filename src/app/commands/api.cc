// sallyport api openapi: the administrator's API as a document, from the table of this program; no
// gateway is asked.
#include "admin/api/api.h"

#include <cstdio>
#include <memory>

#include "admin/api/openapi.h"
#include "app/command.h"

namespace sallyport::app {
namespace {

Exit print_document() {
  const auto text = admin::openapi_json(admin::api_routes(), SALLYPORT_VERSION);
  bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return Exit::kDone;
  print_error({"output.failed", "the document could not be written", "see where stdout leads"});
  return Exit::kEnvironment;
}

}  // namespace

void add_api_command(CLI::App& root, Exit& exit) {
  auto* api = root.add_subcommand("api", "The administrator's API");
  api->require_subcommand(1);
  auto* openapi = api->add_subcommand("openapi", "Print it as an OpenAPI 3.1 document");
  auto json = std::make_shared<bool>(true);  // so that every command takes it
  openapi->add_flag("--json", *json, "As JSON, which it is anyway");
  openapi->callback([json, &exit] { exit = print_document(); });
}

}  // namespace sallyport::app
