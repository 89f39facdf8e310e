// profile check|diff|egress|edr|plugins: what can be said about a profile.
#include <fmt/format.h>

#include "app/commands/profile_parts.h"
#include "base/files.h"
#include "base/terminal_text.h"
#include "delivery/local/plugin_folder.h"
#include "profile/claude_code_half.h"
#include "profile/edr.h"
#include "profile/egress.h"

namespace sallyport::app {
namespace json = profile::json;
namespace {

struct CheckOptions {
  std::string name, version, platform, delivery = "fleet";
  std::string device_profile, claude_code;
  bool governed = false, allow_secrets = false, as_json = false;
};

struct DiffOptions {
  std::string from, to;
  bool as_json = false;
};

struct EgressOptions {
  std::string name, other, format = "text";
  bool offline = false, as_json = false;
};

struct EdrOptions {
  std::string format = "text";
  bool as_json = false;
};

struct PluginOptions {
  std::string folder, out;
  bool as_json = false;
};

profile::Delivery delivery_of(const std::string& text) {
  if (text == "bootstrap") return profile::Delivery::kBootstrap;
  return text == "local" ? profile::Delivery::kLocal : profile::Delivery::kFleet;
}

// The other half of a governed pair, from a file.
Result<profile::Findings> check_pair(const std::string& path, const profile::Profile& checked) {
  constexpr std::size_t kLargest = 4U << 20;
  auto text = read_file(path, kLargest);
  if (!text) return std::unexpected(std::move(text.error()));
  auto document = profile::parse_json(*text);
  if (!document) return fail(std::move(document.error()), fmt::format("in {}", path));
  if (!document->is_object()) {
    return fail("json.invalid", fmt::format("{} does not hold a JSON object", path),
                "name Claude Code's managed-settings.json");
  }
  return profile::check_claude_code_half(document->get_object(), checked.values);
}

// What the devices know of the bootstrap server, from the profile that they have.
Result<profile::BootstrapServer> bootstrap_server(const std::string& name) {
  profile::Findings notes;
  auto device = load_named(name, notes);
  if (!device) return std::unexpected(std::move(device.error()));
  const json::value* url = device->find("bootstrapUrl");
  if (url == nullptr || !url->is_string()) {
    return fail("check.device_profile", fmt::format("{} has no bootstrapUrl", name),
                "name the profile that the devices get by MDM, with bootstrapUrl in it");
  }
  return profile::BootstrapServer{std::string(url->get_string()),
                                  device->find("bootstrapOidc") != nullptr};
}

Exit run_check(const CheckOptions& options) {
  profile::Findings findings;
  auto loaded = load_named(options.name, findings);
  if (!loaded) return refuse(loaded.error(), options.as_json);
  profile::CheckOptions check;
  check.delivery = delivery_of(options.delivery);
  check.allow_secrets = options.allow_secrets;
  check.governed = options.governed;
  check.oldest_app = profile::parse_version(options.version);
  check.platform = profile::parse_platform(options.platform);
  if (!options.device_profile.empty()) {
    auto server = bootstrap_server(options.device_profile);
    if (!server) return refuse(server.error(), options.as_json);
    check.bootstrap = std::move(*server);
    check.delivery = profile::Delivery::kBootstrap;
  }
  profile::Findings found = profile::check(loaded->values, check);
  findings.insert(findings.end(), found.begin(), found.end());
  if (!options.claude_code.empty()) {
    auto pair = check_pair(options.claude_code, *loaded);
    if (!pair) return refuse(pair.error(), options.as_json);
    findings.insert(findings.end(), pair->begin(), pair->end());
  }
  if (options.as_json) {
    json::object root;
    root["profile"] = options.name;
    root["findings"] = findings_json(findings);
    root["ok"] = !has_errors(findings);
    print_out(profile::pretty_json(root));
  } else {
    print_findings(findings, options.name);
    if (options.governed && options.claude_code.empty() && !has_errors(findings)) {
      print_out(
          "A governed export is a pair: export it with --governed, and deploy Claude Code's "
          "managed-settings.json beside it.\n");
    }
  }
  return has_errors(findings) ? Exit::kNo : Exit::kDone;
}

std::string_view kind_text(profile::Difference::Kind kind) {
  switch (kind) {
    case profile::Difference::Kind::kAdded:
      return "added";
    case profile::Difference::Kind::kRemoved:
      return "removed";
    case profile::Difference::Kind::kChanged:
      return "changed";
  }
  return "";
}

Exit run_diff(const DiffOptions& options) {
  profile::Findings notes;
  auto before = load_named(options.from, notes);
  if (!before) return refuse(before.error(), options.as_json);
  auto after = load_named(options.to, notes);
  if (!after) return refuse(after.error(), options.as_json);
  auto list = profile::differences(before->values, after->values);
  json::array entries;
  for (const profile::Difference& one : list) {
    using Kind = profile::Difference::Kind;
    if (options.as_json) {
      json::object entry;
      entry["key"] = one.key;
      entry["kind"] = kind_text(one.kind);
      if (one.kind != Kind::kAdded) entry["before"] = profile::redacted(one.key, one.before);
      if (one.kind != Kind::kRemoved) entry["after"] = profile::redacted(one.key, one.after);
      entries.push_back(std::move(entry));
      continue;
    }
    print_out(fmt::format("{:<8}{}\n", kind_text(one.kind), for_terminal(one.key)));
    if (one.kind != Kind::kAdded)
      print_out(fmt::format("  - {}\n", profile::display_text(one.key, one.before)));
    if (one.kind != Kind::kRemoved)
      print_out(fmt::format("  + {}\n", profile::display_text(one.key, one.after)));
  }
  if (options.as_json) print_out(profile::pretty_json(entries));
  return list.empty() ? Exit::kDone : Exit::kNo;
}

// The same four forms for a list and for a change.
template <typename List>
void print_egress(const List& list, std::string_view format) {
  if (format == "json") print_out(profile::pretty_json(profile::egress_json(list)));
  if (format == "csv") print_out(profile::egress_csv(list));
  if (format == "hosts") print_out(profile::egress_hosts(list));
  if (format == "text") print_out(profile::egress_text(list));
}

Exit run_egress(const EgressOptions& options) {
  profile::Findings notes;
  auto loaded = load_named(options.name, notes);
  if (!loaded) return refuse(loaded.error(), options.as_json);
  profile::EgressOptions egress_options{options.offline};
  auto list = profile::egress(loaded->values, egress_options);
  std::string format = options.as_json ? "json" : options.format;
  if (options.other.empty()) {
    print_egress(list, format);
    return Exit::kDone;
  }
  auto other = load_named(options.other, notes);
  if (!other) return refuse(other.error(), options.as_json);
  auto change = profile::egress_change(list, profile::egress(other->values, egress_options));
  print_egress(change, format);
  bool same = change.opened.perimeter.empty() && change.closed.perimeter.empty();
  return same ? Exit::kDone : Exit::kNo;
}

Exit run_edr(const EdrOptions& options) {
  auto rules = profile::edr_rules(options.format);
  if (!rules) return refuse(rules.error(), options.as_json);
  if (options.as_json) {
    json::object root;
    root["format"] = options.format;
    root["rules"] = *rules;
    print_out(profile::pretty_json(root));
  } else {
    print_out(*rules);
  }
  return Exit::kDone;
}

Exit run_plugins(const PluginOptions& options) {
  if (options.folder.empty()) {
    if (options.as_json) {
      json::object root;
      for (const auto& place : profile::plugin_folders()) root[place.platform] = place.folder;
      print_out(profile::pretty_json(root));
    } else {
      print_out(profile::plugin_places());
    }
    if (options.out.empty()) return Exit::kDone;
    return refuse({"plugin.folder", "there is nothing to pack", "name the plugins' folder"},
                  options.as_json);
  }
  auto plugins = delivery::read_plugins(options.folder);
  if (!plugins) return refuse(plugins.error(), options.as_json);
  profile::Findings findings;
  for (const profile::Plugin& plugin : *plugins) {
    profile::Findings more = profile::check_plugin(plugin);
    findings.insert(findings.end(), more.begin(), more.end());
  }
  if (options.as_json) {
    json::object root;
    root["plugins"] = plugins->size();
    root["findings"] = findings_json(findings);
    print_out(profile::pretty_json(root));
  } else {
    print_findings(findings, fmt::format("{} plugins", plugins->size()));
  }
  if (has_errors(findings)) return Exit::kNo;
  if (options.out.empty()) return Exit::kDone;
  auto wrote = write_file_atomically(options.out, profile::pack_plugins(*plugins), 0644);
  if (!wrote) return refuse(wrote.error(), options.as_json);
  if (!options.as_json) print_out(profile::plugin_places());
  return Exit::kDone;
}

constexpr const char* kNameOrFile = "A profile, or an exported file";

void add_check(CLI::App& profile, Exit& exit) {
  auto [check, options] = add_command(
      profile, "check", "Check a profile; exit 1 when there are errors", exit, run_check);
  check.add_option("NAME", options->name, kNameOrFile)->required();
  check.add_flag("--governed", options->governed, "Hold it to the governed rule set");
  check.add_option("--claude-code", options->claude_code,
                   "Check Claude Code's managed settings beside it, too (a file)");
  check.add_option("--min-app-version", options->version, "The oldest build of the fleet")
      ->check(version_fault);
  check.add_option("--platform", options->platform, "The platform it goes to; usually all")
      ->check(CLI::IsMember({"macos", "windows", "linux"}));
  check.add_option("--delivery", options->delivery, "How it gets to the devices (fleet)")
      ->check(CLI::IsMember({"fleet", "bootstrap", "local"}));
  check.add_option("--device-profile", options->device_profile,
                   "What the devices have: the profile with the bootstrapUrl under which NAME is "
                   "served (means --delivery bootstrap)");
  check.add_flag("--allow-secrets", options->allow_secrets, "Secrets are warnings, not errors");
  check.footer(
      "Examples:\n"
      "  sallyport profile check pilot --governed --min-app-version 1.46388.2\n"
      "  sallyport profile check exported.mobileconfig --platform macos --json");
}

void add_diff(CLI::App& profile, Exit& exit) {
  auto [diff, options] = add_command(
      profile, "diff", "What the app would read differently; exit 1 when anything", exit, run_diff);
  diff.add_option("FROM", options->from, kNameOrFile)->required();
  diff.add_option("TO", options->to, kNameOrFile)->required();
}

void add_egress(CLI::App& profile, Exit& exit) {
  auto [egress, options] =
      add_command(profile, "egress", "The firewall list, with reasons", exit, run_egress);
  egress.add_option("NAME", options->name, kNameOrFile)->required();
  egress.add_option("--format", options->format, "text (usual), hosts (one a line), csv or json")
      ->check(CLI::IsMember({"text", "hosts", "csv", "json"}));
  egress.add_option("--diff", options->other,
                    "What opens (+) and closes (-) when this profile or file takes NAME's place; "
                    "exit 1 when anything");
  egress.footer("Example:\n  sallyport profile egress staff --format csv > firewall.csv");
  egress.add_flag("--offline-installer", options->offline, "The fleet uses the offline installer");
}

void add_edr(CLI::App& profile, Exit& exit) {
  auto [edr, options] =
      add_command(profile, "edr", "Allow rules for endpoint security, by signer", exit, run_edr);
  edr.add_option("--format", options->format, "santa, applocker, wdac or text")
      ->check(CLI::IsMember({"santa", "applocker", "wdac", "text"}));
}

void add_plugins(CLI::App& profile, Exit& exit) {
  auto [plugins, options] =
      add_command(profile, "plugins", "Check and pack organization plugins, and say where they go",
                  exit, run_plugins);
  plugins.add_option("FOLDER", options->folder, "A plugin's folder, or one with several");
  plugins.add_option("--out", options->out, "Pack them into this ZIP when there are no errors");
  plugins.footer(
      "Without FOLDER it says where the plugins go on each platform.\n"
      "Example:\n  sallyport profile plugins org-plugins/ --out org-plugins.zip");
}

}  // namespace

void add_profile_check_commands(CLI::App& profile, Exit& exit) {
  add_check(profile, exit);
  add_diff(profile, exit);
  add_egress(profile, exit);
  add_edr(profile, exit);
  add_plugins(profile, exit);
}

}  // namespace sallyport::app
