// sallyport profile ...: author, check, compare, export and apply Claude Desktop's configuration.
#include "app/commands/profile_parts.h"

namespace sallyport::app {

void add_profile_command(CLI::App& root, Exit& exit) {
  auto* profile = root.add_subcommand(
      "profile", "Write, check, compare and export Claude Desktop's configuration");
  profile->require_subcommand(1);
  add_profile_new_command(*profile, exit);
  add_profile_store_commands(*profile, exit);
  add_profile_check_commands(*profile, exit);
  add_profile_variants_command(*profile, exit);
  add_profile_exchange_commands(*profile, exit);
  add_profile_key_commands(*profile, exit);
  // last, or every command would inherit it
  profile->footer(
      "Profiles are plain JSON files in $SALLYPORT_PROFILES, else ~/.config/sallyport/profiles.\n"
      "Exit codes: 0 done, 1 the answer is no (errors found, something differs), 2 wrong input, "
      "3 the\nsystem refused (permissions, disk, another writer).\n\n"
      "Example, a governed profile for two groups:\n"
      "  sallyport profile new staff --governed https://claude.contoso.example \\\n"
      "      --tenant TENANT-ID --client CLIENT-ID --scope api://API-ID/Gateway.Access\n"
      "  sallyport profile set staff inferenceModels=claude-sonnet-5,claude-opus-5\n"
      "  sallyport profile new pilot --base staff\n"
      "  sallyport profile set pilot chatTabEnabled=true\n"
      "  sallyport profile check pilot --governed\n"
      "  sallyport profile export pilot --format mobileconfig --governed --out pilot-macos/\n"
      "  sallyport profile egress pilot --format csv > firewall.csv");
}

}  // namespace sallyport::app
