// profile new: an empty profile, a variant of another one, or the start of a governed fleet.
#include <fmt/format.h>

#include "app/commands/profile_parts.h"
#include "base/encoding.h"
#include "base/guid.h"
#include "base/url.h"

namespace sallyport::app {
namespace json = profile::json;
using profile::Profile;
namespace {

struct NewOptions {
  std::string name, base, description;
  std::string gateway, tenant, client, scope;  // of a governed start
  bool as_json = false;
};

// What would make a governed profile useless from the start.
Result<void> check_governed_options(const NewOptions& options) {
  if (options.tenant.empty() || options.client.empty()) {
    return fail("profile.governed", "--governed also needs --tenant and --client",
                "copy both GUIDs from the app registration's overview page");
  }
  auto url = parse_any_url(options.gateway);
  bool own_machine = url && url->scheme == "http" && url->host == "127.0.0.1";
  if (!url || (url->scheme != "https" && !own_machine)) {
    return fail("profile.governed",
                fmt::format("--governed wants the gateway's https URL, not {}", options.gateway),
                "write it as https://claude.contoso.example");
  }
  for (auto [name, value] :
       {std::pair("--tenant", &options.tenant), std::pair("--client", &options.client)}) {
    if (is_guid(*value)) continue;
    return fail("profile.governed", fmt::format("{} wants a GUID, not {}", name, *value),
                "copy it from the app registration's overview page");
  }
  if (lower_case(options.tenant) == lower_case(options.client)) {
    return fail("profile.governed", "--tenant and --client are the same GUID",
                "the overview page shows both: Directory (tenant) ID and Application (client) ID");
  }
  return {};
}

// A governed start: gateway, interactive sign-in at Entra, no way back, no credential.
Result<void> fill_governed(Profile& made, const NewOptions& options) {
  if (auto good = check_governed_options(options); !good) return good;
  json::object oidc;
  oidc["issuer"] = fmt::format("https://login.microsoftonline.com/{}/v2.0", options.tenant);
  oidc["clientId"] = options.client;
  if (!options.scope.empty()) {
    oidc["bearerTokenType"] = "access_token";
    oidc["scopes"] = options.scope;
  }
  made.values["inferenceProvider"] = "gateway";
  made.values["inferenceGatewayBaseUrl"] = options.gateway;
  made.values["inferenceCredentialKind"] = "interactive";
  made.values["inferenceGatewayOidc"] = std::move(oidc);
  made.values["disableDeploymentModeChooser"] = true;
  made.values["disableBypassPermissionsMode"] = true;
  return {};
}

Exit run_new(const NewOptions& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  Profile made;
  made.name = options.name;
  made.id = delivery::new_identity(system_entropy());
  made.description = options.description;
  made.base = options.base;
  if (!options.base.empty()) {
    if (auto base = folder->load_flat(options.base); !base)
      return refuse(base.error(), options.as_json);
  }
  if (options.gateway.empty() && !(options.tenant + options.client + options.scope).empty()) {
    return refuse({"profile.governed", "--tenant, --client and --scope go with --governed URL",
                   "add --governed with the gateway's URL"},
                  options.as_json);
  }
  if (!options.gateway.empty()) {
    if (auto filled = fill_governed(made, options); !filled)
      return refuse(filled.error(), options.as_json);
  }
  if (auto stored = folder->create(made); !stored) return refuse(stored.error(), options.as_json);
  std::string file = folder->file_of(made.name).string();
  return print_done(options.as_json, made.name, file, file + "\n");
}

}  // namespace

void add_profile_new_command(CLI::App& profile, Exit& exit) {
  auto [made, options] =
      add_command(profile, "new", "Make an empty, governed or derived profile", exit, run_new);
  made.add_option("NAME", options->name, "Letters, digits, '.', '_' and '-'")->required();
  made.add_option("--base", options->base, "A variant: what is not set comes from this profile");
  made.add_option("--description", options->description, "For people");
  made.add_option("--governed", options->gateway,
                  "URL of the gateway: start with a governed profile");
  made.add_option("--tenant", options->tenant, "Entra directory (tenant) ID, with --governed");
  made.add_option("--client", options->client, "Entra application (client) ID, with --governed");
  made.add_option("--scope", options->scope, "Scope of the gateway's API: sends access tokens");
  made.footer(
      "Examples:\n"
      "  sallyport profile new staff --governed https://claude.contoso.example \\\n"
      "      --tenant TENANT-ID --client CLIENT-ID --scope api://API-ID/Gateway.Access\n"
      "  sallyport profile new pilot --base staff");
}

}  // namespace sallyport::app
