// profile variants: a base and the profiles that are laid over it, key by key.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "app/commands/profile_parts.h"
#include "base/terminal_text.h"

namespace sallyport::app {
namespace json = profile::json;
using profile::Profile;
namespace {

struct Options {
  std::string name;
  bool as_json = false;
};

// The profile itself and every one that has it below, each with its bases laid under it.
Result<std::vector<Profile>> family(const delivery::ProfileFolder& folder,
                                    const std::string& name) {
  auto base = folder.load_flat(name);
  if (!base) return std::unexpected(std::move(base.error()));
  auto names = folder.list();
  if (!names) return std::unexpected(std::move(names.error()));
  std::vector<Profile> members{std::move(*base)};
  for (const std::string& other : *names) {
    if (other == name) continue;
    bool below = false;
    auto own = folder.load(other);
    if (!own) continue;  // `profile list` names those that cannot be read
    auto flat = profile::flatten(*own, [&](std::string_view wanted) {
      below = below || wanted == name;
      return folder.load(wanted);
    });
    if (flat && below) members.push_back(std::move(*flat));
  }
  return members;
}

// Keys that are not the same in all of them, in the order of the catalogue.
std::vector<std::string> differing_keys(const std::vector<Profile>& members) {
  json::object all;
  for (const Profile& member : members) {
    for (const auto& value : member.values) all[value.key()] = nullptr;
  }
  std::vector<std::string> keys;
  for (const auto& [name, unused] : profile::ordered(all)) {
    const json::value* first = members.front().find(name);
    const profile::Key* key = profile::Catalogue::builtin().find(name);
    bool differs =
        std::any_of(members.begin() + 1, members.end(), [&, wanted = name](const Profile& member) {
          const json::value* value = member.find(wanted);
          if (first == nullptr || value == nullptr) return first != value;
          return !profile::same_value(key, *first, *value);
        });
    if (differs) keys.emplace_back(name);
  }
  return keys;
}

void print_json(const std::vector<Profile>& members, const std::vector<std::string>& keys) {
  json::object root, differences;
  root["base"] = members.front().name;
  json::array names;
  for (std::size_t i = 1; i < members.size(); ++i) names.emplace_back(members[i].name);
  root["variants"] = std::move(names);
  for (const std::string& key : keys) {
    json::object row;
    for (const Profile& member : members) {
      const json::value* value = member.find(key);
      row[member.name] = value == nullptr ? json::value() : profile::redacted(key, *value);
    }
    differences[key] = std::move(row);
  }
  root["differences"] = std::move(differences);
  print_out(profile::pretty_json(root));
}

Exit run(const Options& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto members = family(*folder, options.name);
  if (!members) return refuse(members.error(), options.as_json);
  std::vector<std::string> keys = differing_keys(*members);
  if (options.as_json) {
    print_json(*members, keys);
    return Exit::kDone;
  }
  if (members->size() == 1) {
    print_out(fmt::format(
        "{0} has no variants; `sallyport profile new NAME --base {0}` makes one\n", options.name));
    return Exit::kDone;
  }
  for (const std::string& key : keys) {
    print_out(for_terminal(key) + "\n");
    for (const Profile& member : *members) {
      const json::value* value = member.find(key);
      print_out(fmt::format("  {:<20} {}\n", member.name,
                            value == nullptr ? "(not set)" : profile::display_text(key, *value)));
    }
  }
  if (keys.empty()) print_out("All of them have the same values\n");
  return Exit::kDone;
}

}  // namespace

void add_profile_variants_command(CLI::App& profile, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* made = profile.add_subcommand("variants", "What a base's variants have differently");
  made->add_option("NAME", options->name, "The base")->required();
  made->add_flag("--json", options->as_json, "Answers and errors as JSON");
  made->callback([options, &exit] { exit = run(*options); });
}

}  // namespace sallyport::app
