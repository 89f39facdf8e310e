// profile new|duplicate|rename|delete|list|reveal|show|set|unset: the folder of named profiles.
#include <fmt/format.h>

#include <memory>

#include "app/commands/profile_parts.h"
#include "base/files.h"

namespace sallyport::app {
namespace json = profile::json;
using profile::Profile;
namespace {

struct Options {
  std::string name, other, base, description;
  std::string gateway, tenant, client, scope;
  std::vector<std::string> items;
  bool as_json = false, own = false;
};
using Shared = std::shared_ptr<Options>;

// A governed start: gateway, interactive sign-in at Entra, no way back, no credential.
Result<void> fill_governed(Profile& made, const Options& options) {
  if (options.tenant.empty() || options.client.empty()) {
    return fail("profile.governed", "--governed also needs --tenant and --client",
                "copy both GUIDs from the app registration's overview page");
  }
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

Exit run_new(const Options& options) {
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
  if (!options.gateway.empty()) {
    if (auto filled = fill_governed(made, options); !filled)
      return refuse(filled.error(), options.as_json);
  }
  if (auto stored = folder->create(made); !stored) return refuse(stored.error(), options.as_json);
  print_out(fmt::format("{}\n", folder->file_of(made.name).string()));
  return Exit::kDone;
}

Exit run_duplicate(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto read = folder->load(options.name);
  if (!read) return refuse(read.error(), options.as_json);
  read->name = options.other;
  read->id = delivery::new_identity(system_entropy());
  if (auto stored = folder->create(*read); !stored) return refuse(stored.error(), options.as_json);
  return Exit::kDone;
}

Exit run_rename(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto done = folder->rename(options.name, options.other);
  return done ? Exit::kDone : refuse(done.error(), options.as_json);
}

Exit run_delete(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto done = folder->remove(options.name);
  return done ? Exit::kDone : refuse(done.error(), options.as_json);
}

Exit run_list(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto names = folder->list();
  if (!names) return refuse(names.error(), options.as_json);
  json::array list;
  for (const std::string& name : *names) {
    auto read = folder->load(name);
    auto flat = folder->load_flat(name);
    json::object entry;
    entry["name"] = name;
    if (!flat) {
      entry["error"] = flat.error().message;
      if (!options.as_json)
        print_out(fmt::format("{:<24} cannot be read: {}\n", name, flat.error().message));
    } else {
      std::size_t errors = 0;
      for (const auto& finding : profile::check(flat->values, {})) {
        errors += finding.severity == profile::Severity::kError ? 1 : 0;
      }
      entry["base"] = read->base;
      entry["description"] = read->description;
      entry["keys"] = flat->values.size();
      entry["errors"] = errors;
      if (!options.as_json) {
        print_out(
            fmt::format("{:<24} {:>3} keys  {}{}{}\n", name, flat->values.size(),
                        errors == 0 ? std::string("no errors") : fmt::format("{} errors", errors),
                        read->base.empty() ? "" : "  based on " + read->base,
                        read->description.empty() ? "" : "  " + read->description));
      }
    }
    list.push_back(std::move(entry));
  }
  if (options.as_json) print_out(profile::pretty_json(list));
  return Exit::kDone;
}

Exit run_reveal(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  if (options.name.empty()) {
    print_out(folder->path().string() + "\n");
    return Exit::kDone;
  }
  if (auto read = folder->load(options.name); !read) return refuse(read.error(), options.as_json);
  print_out(folder->file_of(options.name).string() + "\n");
  return Exit::kDone;
}

Exit run_show(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto own = folder->load(options.name);
  if (!own) return refuse(own.error(), options.as_json);
  auto flat = options.own ? own : folder->load_flat(options.name);
  if (!flat) return refuse(flat.error(), options.as_json);
  json::object shown;
  for (const auto& [name, value] : profile::ordered(flat->values)) {
    shown[name] = profile::redacted(name, *value);
    if (options.as_json) continue;
    bool inherited = !own->values.contains(name);
    print_out(fmt::format("{} = {}{}\n", name, profile::display_text(name, *value),
                          inherited ? fmt::format("   (from {})", own->base) : std::string()));
  }
  if (!options.as_json) return Exit::kDone;
  json::object root;
  root["name"] = own->name;
  root["id"] = own->id;
  root["description"] = own->description;
  root["base"] = own->base;
  root["values"] = std::move(shown);
  print_out(profile::pretty_json(root));
  return Exit::kDone;
}

struct Assignment {
  std::string key;
  json::value value;
};

// key=value, key=@FILE
Result<Assignment> parse_assignment(const std::string& item) {
  auto equals = item.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail("value.invalid", fmt::format("\"{}\" is not of the form key=value", item),
                "write for example inferenceProvider=gateway");
  }
  Assignment made;
  made.key = item.substr(0, equals);
  std::string text = item.substr(equals + 1);
  if (text.starts_with('@')) {
    constexpr std::size_t kLargestValue = 4U << 20;
    auto read = read_file(text.substr(1), kLargestValue);
    if (!read) return std::unexpected(std::move(read.error()));
    text = std::move(*read);
    if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  }
  auto value = profile::parse_entered(profile::Catalogue::builtin().find(made.key), text);
  if (!value) return std::unexpected(std::move(value.error()));
  made.value = std::move(*value);
  return made;
}

Exit run_set(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  std::vector<Assignment> assignments;
  for (const std::string& item : options.items) {
    auto made = parse_assignment(item);
    if (!made) return refuse(made.error(), options.as_json);
    assignments.push_back(std::move(*made));
  }
  auto done = folder->edit(options.name, [&](Profile& edited) -> Result<void> {
    for (Assignment& one : assignments) profile::set_value(edited, one.key, one.value);
    return {};
  });
  if (!done) return refuse(done.error(), options.as_json);
  for (const Assignment& one : assignments) {
    json::object alone;
    alone[one.key] = one.value;
    for (const auto& finding : profile::check(alone, {})) {
      std::string_view place = finding.key;
      bool own = place.substr(0, place.find_first_of(".[")) == one.key || place == one.key;
      bool about_it = own && !finding.code.starts_with("provider.") &&
                      !finding.code.starts_with("credential.") && finding.code != "key.requires" &&
                      finding.severity != profile::Severity::kAdvice;
      if (about_it) {
        fmt::print(stderr, "{}: {}: {}; {}\n", severity_text(finding.severity), finding.key,
                   finding.why, finding.next_step);
      }
    }
  }
  return Exit::kDone;
}

Exit run_unset(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto done = folder->edit(options.name, [&](Profile& edited) -> Result<void> {
    Profile base;
    if (!edited.base.empty()) {
      auto read = folder->load_flat(edited.base);
      if (!read) return std::unexpected(std::move(read.error()));
      base = std::move(*read);
    }
    for (const std::string& key : options.items) {
      if (profile::unset_value(edited, key, base.values.contains(key))) continue;
      std::vector<std::string_view> known;
      for (const auto& member : edited.values) known.emplace_back(member.key());
      std::string_view near = profile::nearest_of(key, known);
      return fail("profile.not_set", fmt::format("{} is not set in {}", key, edited.name),
                  near.empty() ? std::string("see `sallyport profile show`")
                               : fmt::format("did you mean {}?", near));
    }
    return {};
  });
  return done ? Exit::kDone : refuse(done.error(), options.as_json);
}

CLI::App* command(CLI::App& profile, std::string name, std::string help, const Shared& options,
                  Exit& exit, Exit (*run)(const Options&)) {
  auto* made = profile.add_subcommand(std::move(name), std::move(help));
  made->add_flag("--json", options->as_json, "Answers and errors as JSON");
  made->callback([options, run, &exit] { exit = run(*options); });
  return made;
}

}  // namespace

void add_profile_store_commands(CLI::App& profile, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* made =
      command(profile, "new", "Make an empty, governed or derived profile", options, exit, run_new);
  made->add_option("NAME", options->name, "Letters, digits, '.', '_' and '-'")->required();
  made->add_option("--base", options->base, "A variant: what is not set comes from this profile");
  made->add_option("--description", options->description, "For people");
  made->add_option("--governed", options->gateway,
                   "URL of the gateway: start with a governed profile");
  made->add_option("--tenant", options->tenant, "Entra directory (tenant) ID, with --governed");
  made->add_option("--client", options->client, "Entra application (client) ID, with --governed");
  made->add_option("--scope", options->scope, "Scope of the gateway's API: sends access tokens");

  command(profile, "list", "Profiles with their errors", options, exit, run_list);
  auto* show =
      command(profile, "show", "Values of a profile, secrets hidden", options, exit, run_show);
  show->add_option("NAME", options->name)->required();
  show->add_flag("--own", options->own, "Without what comes from the base");

  auto* set =
      command(profile, "set", "Set keys: plain text, JSON, or @FILE", options, exit, run_set);
  set->add_option("NAME", options->name)->required();
  set->add_option("KEY=VALUE", options->items)->required();
  auto* unset = command(profile, "unset", "Take keys away, in a variant also the base's", options,
                        exit, run_unset);
  unset->add_option("NAME", options->name)->required();
  unset->add_option("KEY", options->items)->required();

  auto* duplicate = command(profile, "duplicate", "Copy a profile", options, exit, run_duplicate);
  duplicate->add_option("NAME", options->name)->required();
  duplicate->add_option("NEW", options->other)->required();
  auto* rename =
      command(profile, "rename", "Rename a profile; variants follow", options, exit, run_rename);
  rename->add_option("NAME", options->name)->required();
  rename->add_option("NEW", options->other)->required();
  auto* remove = command(profile, "delete", "Delete a profile", options, exit, run_delete);
  remove->add_option("NAME", options->name)->required();
  auto* reveal =
      command(profile, "reveal", "Where a profile, or all, are stored", options, exit, run_reveal);
  reveal->add_option("NAME", options->name);
}

}  // namespace sallyport::app
