// sallyport profile ...: author, check, compare, export and apply Claude Desktop's configuration.
#include "app/commands/profile_parts.h"

namespace sallyport::app {

void add_profile_command(CLI::App& root, Exit& exit) {
  auto* profile = root.add_subcommand(
      "profile", "Write, check, compare and export Claude Desktop's configuration");
  profile->require_subcommand(1);
  profile->footer(
      "Profiles are plain JSON files in $SALLYPORT_PROFILES, else ~/.config/sallyport/profiles.\n"
      "Example, a governed profile for two groups:\n"
      "  sallyport profile new staff --governed https://claude.contoso.example \\\n"
      "      --tenant TENANT-ID --client CLIENT-ID --scope api://API-ID/Gateway.Access\n"
      "  sallyport profile new pilot --base staff\n"
      "  sallyport profile set pilot chatTabEnabled=true\n"
      "  sallyport profile check pilot --governed\n"
      "  sallyport profile export pilot --format mobileconfig --governed --out pilot-mac/");
  add_profile_store_commands(*profile, exit);
  add_profile_check_commands(*profile, exit);
  add_profile_exchange_commands(*profile, exit);
  add_profile_key_commands(*profile, exit);
}

}  // namespace sallyport::app
