// profile check|diff|egress|edr|plugins: what can be said about a profile.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/commands/profile_parts.h"
#include "base/files.h"
#include "delivery/local/plugin_folder.h"
#include "profile/edr.h"
#include "profile/egress.h"

namespace sallyport::app {
namespace json = profile::json;
namespace {

struct Options {
  std::string name, other, version, delivery = "fleet", format = "text", out, claude_code;
  bool as_json = false, governed = false, allow_secrets = false, offline = false, places = false;
};
using Shared = std::shared_ptr<Options>;

profile::Delivery delivery_of(const std::string& text) {
  if (text == "bootstrap") return profile::Delivery::kBootstrap;
  return text == "local" ? profile::Delivery::kLocal : profile::Delivery::kFleet;
}

// The other half of a governed pair: managed settings of Claude Code that send it the same way.
profile::Findings check_pair(const std::string& path, const profile::Profile& checked) {
  profile::Findings findings;
  auto add = [&](std::string key, std::string why, std::string next) {
    findings.push_back({"governed.claude_code", profile::Severity::kError, std::move(key),
                        std::move(why), std::move(next)});
  };
  const std::string next =
      "`sallyport profile export NAME --format claude-code` writes settings that fit";
  constexpr std::size_t kLargest = 4U << 20;
  auto text = read_file(path, kLargest);
  auto document =
      text ? profile::parse_json(*text) : Result<json::value>(std::unexpected(text.error()));
  if (!document || !document->is_object()) {
    add(path, document ? "it does not hold a JSON object" : document.error().message, next);
    return findings;
  }
  const json::object& root = document->get_object();
  const json::value* env = root.if_contains("env");
  auto variable = [&](std::string_view name) -> std::string {
    if (env == nullptr || !env->is_object()) return {};
    const json::value* value = env->get_object().if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
  };
  const json::value* gateway = checked.find("inferenceGatewayBaseUrl");
  std::string wanted = gateway == nullptr ? std::string() : profile::portable_text(*gateway);
  if (variable("ANTHROPIC_BASE_URL") != wanted) {
    add("env.ANTHROPIC_BASE_URL", fmt::format("Claude Code is not sent to the gateway {}", wanted),
        next);
  }
  for (std::string_view name : {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN",
                                "ANTHROPIC_FOUNDRY_API_KEY", "AWS_BEARER_TOKEN_BEDROCK"}) {
    if (!variable(name).empty())
      add(fmt::format("env.{}", name), "it holds a credential", "remove it");
  }
  for (std::string_view name :
       {"CLAUDE_CODE_USE_FOUNDRY", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"}) {
    std::string value = variable(name);
    if (value.empty() || value == "0" || value == "false") continue;
    add(fmt::format("env.{}", name), "it goes around the gateway", "remove it");
  }
  if (!root.contains("apiKeyHelper")) {
    add("apiKeyHelper",
        "Claude Code has no source of the person's token and asks for a claude.ai sign-in",
        "set it to sallyport-token");
  }
  return findings;
}

Exit run_check(const Options& options) {
  profile::Findings findings;
  auto loaded = load_named(options.name, findings);
  if (!loaded) return refuse(loaded.error(), options.as_json);
  profile::CheckOptions check;
  check.delivery = delivery_of(options.delivery);
  check.allow_secrets = options.allow_secrets;
  check.governed = options.governed;
  check.oldest_app = profile::parse_version(options.version);
  profile::Findings found = profile::check(loaded->values, check);
  findings.insert(findings.end(), found.begin(), found.end());
  if (!options.claude_code.empty()) {
    profile::Findings pair = check_pair(options.claude_code, *loaded);
    findings.insert(findings.end(), pair.begin(), pair.end());
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

Exit run_diff(const Options& options) {
  profile::Findings notes;
  auto before = load_named(options.name, notes);
  if (!before) return refuse(before.error(), options.as_json);
  auto after = load_named(options.other, notes);
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
    print_out(fmt::format("{:<8}{}\n", kind_text(one.kind), one.key));
    if (one.kind != Kind::kAdded)
      print_out(fmt::format("  - {}\n", profile::display_text(one.key, one.before)));
    if (one.kind != Kind::kRemoved)
      print_out(fmt::format("  + {}\n", profile::display_text(one.key, one.after)));
  }
  if (options.as_json) print_out(profile::pretty_json(entries));
  return list.empty() ? Exit::kDone : Exit::kNo;
}

// Hosts of `list` that `other` does not have.
profile::EgressList without(const profile::EgressList& list, const profile::EgressList& other) {
  profile::EgressList left;
  for (const auto& host : list.perimeter) {
    bool there = std::any_of(other.perimeter.begin(), other.perimeter.end(),
                             [&](const auto& known) { return known.host == host.host; });
    if (!there) left.perimeter.push_back(host);
  }
  return left;
}

Exit run_egress(const Options& options) {
  profile::Findings notes;
  auto loaded = load_named(options.name, notes);
  if (!loaded) return refuse(loaded.error(), options.as_json);
  profile::EgressOptions egress_options{options.offline};
  auto list = profile::egress(loaded->values, egress_options);
  std::string format = options.as_json ? "json" : options.format;
  if (options.other.empty()) {
    if (format == "json") print_out(profile::pretty_json(profile::egress_json(list)));
    if (format == "csv") print_out(profile::egress_csv(list));
    if (format == "text") print_out(profile::egress_text(list));
    return Exit::kDone;
  }
  auto other = load_named(options.other, notes);
  if (!other) return refuse(other.error(), options.as_json);
  auto other_list = profile::egress(other->values, egress_options);
  auto closed = without(list, other_list), opened = without(other_list, list);
  if (format == "json") {
    json::object root;
    root["onlyInFirst"] = profile::egress_json(closed).at("perimeter");
    root["onlyInSecond"] = profile::egress_json(opened).at("perimeter");
    print_out(profile::pretty_json(root));
  } else {
    for (const auto& host : closed.perimeter) print_out(fmt::format("- {}\n", host.host));
    for (const auto& host : opened.perimeter) print_out(fmt::format("+ {}\n", host.host));
  }
  return closed.perimeter.empty() && opened.perimeter.empty() ? Exit::kDone : Exit::kNo;
}

Exit run_edr(const Options& options) {
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

Exit run_plugins(const Options& options) {
  if (options.name.empty()) {
    print_out(profile::plugin_places());
    return Exit::kDone;
  }
  auto plugins = delivery::read_plugins(options.name);
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

CLI::App* command(CLI::App& profile, std::string name, std::string help, const Shared& options,
                  Exit& exit, Exit (*run)(const Options&)) {
  auto* made = profile.add_subcommand(std::move(name), std::move(help));
  made->add_flag("--json", options->as_json, "Answers and errors as JSON");
  made->callback([options, run, &exit] { exit = run(*options); });
  return made;
}

constexpr const char* kNameOrFile = "A profile, or an exported file";

}  // namespace

void add_profile_check_commands(CLI::App& profile, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* check = command(profile, "check", "Check a profile; exit 1 when there are errors", options,
                        exit, run_check);
  check->add_option("NAME", options->name, kNameOrFile)->required();
  check->add_flag("--governed", options->governed, "Hold it to the governed rule set");
  check->add_option("--claude-code", options->claude_code,
                    "Claude Code's managed settings beside it");
  check->add_option("--min-app-version", options->version, "The oldest build of the fleet")
      ->check(version_fault);
  check->add_option("--delivery", options->delivery, "fleet (usual), bootstrap or local")
      ->check(CLI::IsMember({"fleet", "bootstrap", "local"}));
  check->add_flag("--allow-secrets", options->allow_secrets, "Secrets are warnings, not errors");

  auto* diff = command(profile, "diff", "What the app would read differently; exit 1 when anything",
                       options, exit, run_diff);
  diff->add_option("FROM", options->name, kNameOrFile)->required();
  diff->add_option("TO", options->other, kNameOrFile)->required();

  auto* egress =
      command(profile, "egress", "The firewall list, with reasons", options, exit, run_egress);
  egress->add_option("NAME", options->name, kNameOrFile)->required();
  egress->add_option("--format", options->format, "text, csv or json")
      ->check(CLI::IsMember({"text", "csv", "json"}));
  egress->add_option("--diff", options->other, "Only what differs from this profile or file");
  egress->add_flag("--offline-installer", options->offline, "The fleet uses the offline installer");

  auto* edr = command(profile, "edr", "Allow rules for endpoint security, by signer", options, exit,
                      run_edr);
  edr->add_option("--format", options->format, "santa, applocker, wdac or text")
      ->check(CLI::IsMember({"santa", "applocker", "wdac", "text"}));

  auto* plugins =
      command(profile, "plugins", "Check and pack organization plugins, and say where they go",
              options, exit, run_plugins);
  plugins->add_option("FOLDER", options->name, "A plugin's folder, or one with several");
  plugins->add_option("--out", options->out, "Pack them into this ZIP when there are no errors");
}

}  // namespace sallyport::app
