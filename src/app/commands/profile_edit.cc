// profile set|unset: what stands in a named profile.
#include <fmt/format.h>

#include "app/commands/profile_parts.h"
#include "base/files.h"
#include "base/nearest.h"

namespace sallyport::app {
namespace json = profile::json;
using profile::Profile;
using profile::rule;
using profile::rule_area;
namespace {

struct SetOptions {
  std::string name;
  std::vector<std::string> items;  // KEY=VALUE
  std::string base, description;
  bool base_given = false, description_given = false;
  bool anyway = false, as_json = false;
};

struct UnsetOptions {
  std::string name;
  std::vector<std::string> keys;
  bool no_base = false, as_json = false;
};

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
    bool needs_rest = finding.code.starts_with(rule_area("provider.")) ||
                      finding.code.starts_with(rule_area("credential.")) ||
                      finding.code.starts_with(rule_area("managed.")) ||
                      finding.code == rule("key.requires") ||
                      finding.code == rule("value.field_requires") ||
                      finding.severity == profile::Severity::kAdvice;
    if (is_about(finding, one.key) && !needs_rest) left.push_back(std::move(finding));
  }
  return left;
}

// What the app would not read at all, and so was hardly meant.
bool is_mistake(const profile::Finding& finding) {
  return (finding.severity == profile::Severity::kError &&
          finding.code.starts_with(rule_area("value."))) ||
         finding.code == rule("url.invalid") || finding.code == rule("key.unknown") ||
         finding.code == rule("key.dotted");
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
Result<void> set_head(const delivery::ProfileFolder& folder, const SetOptions& options,
                      Profile& edited) {
  if (options.description_given) edited.description = options.description;
  if (!options.base_given) return {};
  edited.base = options.base;
  // the new chain has to hold: it exists, and does not come back to this profile
  auto chain = profile::flatten(edited, [&](std::string_view base) { return folder.load(base); });
  if (!chain) return std::unexpected(std::move(chain.error()));
  return {};
}

Exit print_changed(bool as_json, const std::string& name, const std::vector<std::string>& keys,
                   const profile::Findings& findings) {
  if (!as_json) {
    print_notes(findings);
    return Exit::kDone;
  }
  json::object root;
  root["profile"] = name;
  root["keys"] = json::array(keys.begin(), keys.end());
  root["findings"] = findings_json(findings);
  print_out(profile::pretty_json(root));
  return Exit::kDone;
}

Exit run_set(const SetOptions& options) {
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
  return print_changed(options.as_json, options.name, keys, findings);
}

// Takes each key away, in a variant also the base's; refuses the whole when one is not there.
Result<void> unset_keys(const delivery::ProfileFolder& folder, const UnsetOptions& options,
                        Profile& edited) {
  Profile base;
  if (!edited.base.empty()) {
    auto read = folder.load_flat(edited.base);
    if (!read) return std::unexpected(std::move(read.error()));
    base = std::move(*read);
  }
  for (const std::string& key : options.keys) {
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

Exit run_unset(const UnsetOptions& options) {
  if (options.keys.empty() && !options.no_base) {
    return refuse({"usage.invalid", "there is nothing to unset",
                   fmt::format("name keys; `sallyport profile show {}` lists them", options.name)},
                  options.as_json);
  }
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto done = folder->edit(options.name,
                           [&](Profile& edited) { return unset_keys(*folder, options, edited); });
  if (!done) return refuse(done.error(), options.as_json);
  return print_changed(options.as_json, options.name, options.keys, {});
}

void add_set(CLI::App& profile, Exit& exit) {
  auto [set, options] =
      add_command(profile, "set", "Set keys: plain text, JSON, or @FILE", exit, run_set);
  set.add_option("NAME", options->name)->required();
  set.add_option("KEY=VALUE", options->items,
                 "Text, true or false, a number, JSON, a,b,c for lists of texts, or @FILE");
  SetOptions& given = *options;  // which the command keeps
  set.add_option("--base", options->base, "Make it a variant of this profile")
      ->each([&given](const std::string&) { given.base_given = true; });
  set.add_option("--description", options->description, "For people")
      ->each([&given](const std::string&) { given.description_given = true; });
  set.add_flag("--anyway", options->anyway,
               "Store also what this version does not know or the app would refuse");
  set.footer(
      "Examples:\n"
      "  sallyport profile set staff inferenceModels=claude-sonnet-5,claude-opus-5\n"
      "  sallyport profile set staff chatTabEnabled=true managedMcpServers=@servers.json\n"
      "  sallyport profile set staff 'banner={\"enabled\":true,\"text\":\"Contoso\"}'\n"
      "What each key wants: `sallyport profile explain KEY`");
}

void add_unset(CLI::App& profile, Exit& exit) {
  auto [unset, options] = add_command(
      profile, "unset", "Take keys away, in a variant also the base's", exit, run_unset);
  unset.add_option("NAME", options->name)->required();
  unset.add_option("KEY", options->keys);
  unset.add_flag("--base", options->no_base, "Make it a profile of its own, without a base");
}

}  // namespace

void add_profile_edit_commands(CLI::App& profile, Exit& exit) {
  add_set(profile, exit);
  add_unset(profile, exit);
}

}  // namespace sallyport::app
