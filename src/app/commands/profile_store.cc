// profile new|duplicate|rename|delete|list|reveal|show|set|unset: the folder of named profiles.
#include <fmt/format.h>

#include <memory>

#include "app/commands/profile_parts.h"
#include "base/encoding.h"
#include "base/files.h"
#include "base/guid.h"
#include "base/nearest.h"
#include "base/terminal_text.h"
#include "base/url.h"
#include "profile/url.h"

namespace sallyport::app {
namespace json = profile::json;
using profile::Profile;
namespace {

struct Options {
  std::string name, other, base, description;
  std::string gateway, tenant, client, scope;
  std::vector<std::string> items;
  bool as_json = false, own = false, anyway = false, no_base = false;
  bool base_given = false, description_given = false;
};
using Shared = std::shared_ptr<Options>;

// With --json one object, else the line.
Exit answer(const Options& options, const Profile& profile, const std::string& file,
            std::string_view line) {
  if (!options.as_json) {
    print_out(line);
    return Exit::kDone;
  }
  json::object root;
  root["profile"] = profile.name;
  root["file"] = file;
  print_out(profile::pretty_json(root));
  return Exit::kDone;
}

// What would make a governed profile useless from the start.
Result<void> check_governed_options(const Options& options) {
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
Result<void> fill_governed(Profile& made, const Options& options) {
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
  return answer(options, made, file, file + "\n");
}

Exit run_duplicate(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto read = folder->load(options.name);
  if (!read) return refuse(read.error(), options.as_json);
  read->name = options.other;
  read->id = delivery::new_identity(system_entropy());
  if (auto stored = folder->create(*read); !stored) return refuse(stored.error(), options.as_json);
  return answer(options, *read, folder->file_of(read->name).string(), "");
}

Exit run_rename(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto done = folder->rename(options.name, options.other);
  if (!done) return refuse(done.error(), options.as_json);
  Profile renamed;
  renamed.name = options.other;
  return answer(options, renamed, folder->file_of(options.other).string(), "");
}

Exit run_delete(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto done = folder->remove(options.name);
  if (!done) return refuse(done.error(), options.as_json);
  Profile gone;
  gone.name = options.name;
  return answer(options, gone, folder->file_of(options.name).string(), "");
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
        print_out(
            fmt::format("{:<24} cannot be read: {}\n", name, for_terminal(flat.error().message)));
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
                        errors == 0 ? std::string("no errors") : count_of(errors, "error"),
                        read->base.empty() ? "" : "  based on " + read->base,
                        read->description.empty() ? "" : "  " + for_terminal(read->description)));
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
    json::object root;
    root["folder"] = folder->path().string();
    print_out(options.as_json ? profile::pretty_json(root) : folder->path().string() + "\n");
    return Exit::kDone;
  }
  auto read = folder->load(options.name);
  if (!read) return refuse(read.error(), options.as_json);
  std::string file = folder->file_of(options.name).string();
  return answer(options, *read, file, file + "\n");
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
    print_out(fmt::format("{} = {}{}\n", for_terminal(name), profile::display_text(name, *value),
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

bool is_about(const profile::Finding& finding, std::string_view key) {
  std::string_view place = finding.key;
  return place == key || place.substr(0, place.find_first_of(".[")) == key;
}

// Findings about one value as it was typed, without those that need the rest of the profile.
profile::Findings findings_of(const Assignment& one) {
  json::object alone;
  alone[one.key] = one.value;
  profile::Findings left;
  for (profile::Finding& finding : profile::check(alone, {})) {
    bool needs_rest =
        finding.code.starts_with("provider.") || finding.code.starts_with("credential.") ||
        finding.code.starts_with("managed.") || finding.code == "key.requires" ||
        finding.code == "value.field_requires" || finding.severity == profile::Severity::kAdvice;
    if (is_about(finding, one.key) && !needs_rest) left.push_back(std::move(finding));
  }
  return left;
}

// What the app would not read at all, and so was hardly meant.
bool is_mistake(const profile::Finding& finding) {
  return (finding.severity == profile::Severity::kError && finding.code.starts_with("value.")) ||
         finding.code == "url.invalid" || finding.code == "key.unknown" ||
         finding.code == "key.dotted";
}

Result<void> refuse_mistakes(const profile::Findings& findings) {
  for (const profile::Finding& finding : findings) {
    if (!is_mistake(finding)) continue;
    std::string next = finding.next_step;
    next +=
        next.ends_with('?') ? " (--anyway stores it as it is)" : "; --anyway stores it as it is";
    return fail("value.invalid", fmt::format("{}: {}", finding.key, finding.why), std::move(next));
  }
  return {};
}

// --base and --description
Result<void> set_head(const delivery::ProfileFolder& folder, const Options& options,
                      Profile& edited) {
  if (options.description_given) edited.description = options.description;
  if (!options.base_given) return {};
  edited.base = options.base;
  // the new chain has to hold: it exists, and does not come back to this profile
  auto chain = profile::flatten(edited, [&](std::string_view base) { return folder.load(base); });
  if (!chain) return std::unexpected(std::move(chain.error()));
  return {};
}

Exit print_changed(const Options& options, const std::vector<std::string>& keys,
                   const profile::Findings& findings) {
  if (!options.as_json) {
    print_notes(findings);
    return Exit::kDone;
  }
  json::object root;
  root["profile"] = options.name;
  root["keys"] = json::array(keys.begin(), keys.end());
  root["findings"] = findings_json(findings);
  print_out(profile::pretty_json(root));
  return Exit::kDone;
}

Exit run_set(const Options& options) {
  if (options.items.empty() && !options.base_given && !options.description_given) {
    return refuse({"usage.invalid", "there is nothing to set",
                   "write for example `sallyport profile set NAME inferenceProvider=gateway`"},
                  options.as_json);
  }
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  std::vector<Assignment> assignments;
  std::vector<std::string> keys;
  profile::Findings findings;
  for (const std::string& item : options.items) {
    auto made = parse_assignment(item);
    if (!made) return refuse(made.error(), options.as_json);
    profile::Findings more = findings_of(*made);
    auto good = options.anyway ? Result<void>() : refuse_mistakes(more);
    if (!good) return refuse(good.error(), options.as_json);
    findings.insert(findings.end(), more.begin(), more.end());
    keys.push_back(made->key);
    assignments.push_back(std::move(*made));
  }
  auto done = folder->edit(options.name, [&](Profile& edited) -> Result<void> {
    for (Assignment& one : assignments) profile::set_value(edited, one.key, std::move(one.value));
    return set_head(*folder, options, edited);
  });
  if (!done) return refuse(done.error(), options.as_json);
  return print_changed(options, keys, findings);
}

// Takes each key away, in a variant also the base's; refuses the whole when one is not there.
Result<void> unset_keys(const delivery::ProfileFolder& folder, const Options& options,
                        Profile& edited) {
  Profile base;
  if (!edited.base.empty()) {
    auto read = folder.load_flat(edited.base);
    if (!read) return std::unexpected(std::move(read.error()));
    base = std::move(*read);
  }
  for (const std::string& key : options.items) {
    if (profile::unset_value(edited, key, base.values.contains(key))) continue;
    std::vector<std::string_view> known;
    for (const auto& member : edited.values) known.emplace_back(member.key());
    for (const auto& member : base.values) known.emplace_back(member.key());
    std::string_view near = nearest_name(key, known);
    return fail("profile.not_set", fmt::format("{} is not set in {}", key, edited.name),
                near.empty() ? fmt::format("see `sallyport profile show {}`", edited.name)
                             : fmt::format("did you mean {}?", near));
  }
  if (options.no_base) edited.base.clear();
  return {};
}

Exit run_unset(const Options& options) {
  if (options.items.empty() && !options.no_base) {
    return refuse({"usage.invalid", "there is nothing to unset",
                   fmt::format("name keys; `sallyport profile show {}` lists them", options.name)},
                  options.as_json);
  }
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto done = folder->edit(options.name,
                           [&](Profile& edited) { return unset_keys(*folder, options, edited); });
  if (!done) return refuse(done.error(), options.as_json);
  return print_changed(options, options.items, {});
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
  made->footer(
      "Examples:\n"
      "  sallyport profile new staff --governed https://claude.contoso.example \\\n"
      "      --tenant TENANT-ID --client CLIENT-ID --scope api://API-ID/Gateway.Access\n"
      "  sallyport profile new pilot --base staff");

  command(profile, "list", "Profiles with their errors", options, exit, run_list);
  auto* show =
      command(profile, "show", "Values of a profile, secrets hidden", options, exit, run_show);
  show->add_option("NAME", options->name)->required();
  show->add_flag("--own", options->own, "Without what comes from the base");

  auto* set =
      command(profile, "set", "Set keys: plain text, JSON, or @FILE", options, exit, run_set);
  set->add_option("NAME", options->name)->required();
  set->add_option("KEY=VALUE", options->items,
                  "Text, true or false, a number, JSON, a,b,c for lists of texts, or @FILE");
  set->add_option("--base", options->base, "Make it a variant of this profile")
      ->each([options](const std::string&) { options->base_given = true; });
  set->add_option("--description", options->description, "For people")
      ->each([options](const std::string&) { options->description_given = true; });
  set->add_flag("--anyway", options->anyway,
                "Store also what this version does not know or the app would refuse");
  set->footer(
      "Examples:\n"
      "  sallyport profile set staff inferenceModels=claude-sonnet-5,claude-opus-5\n"
      "  sallyport profile set staff chatTabEnabled=true managedMcpServers=@servers.json\n"
      "  sallyport profile set staff 'banner={\"enabled\":true,\"text\":\"Contoso\"}'\n"
      "What each key wants: `sallyport profile explain KEY`");
  auto* unset = command(profile, "unset", "Take keys away, in a variant also the base's", options,
                        exit, run_unset);
  unset->add_option("NAME", options->name)->required();
  unset->add_option("KEY", options->items);
  unset->add_flag("--base", options->no_base, "Make it a profile of its own, without a base");

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
