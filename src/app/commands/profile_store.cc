// profile list|show|duplicate|rename|delete|reveal: the folder of named profiles.
#include <fmt/format.h>

#include "app/commands/profile_parts.h"
#include "base/terminal_text.h"

namespace sallyport::app {
namespace json = profile::json;
namespace {

struct ListOptions {
  bool as_json = false;
};

struct ShowOptions {
  std::string name;
  bool own = false, as_json = false;
};

struct NameOptions {  // delete, reveal
  std::string name;
  bool as_json = false;
};

struct TwoNames {  // duplicate, rename
  std::string name, new_name;
  bool as_json = false;
};

Exit run_duplicate(const TwoNames& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto read = folder->load(options.name);
  if (!read) return refuse(read.error(), options.as_json);
  read->name = options.new_name;
  read->id = delivery::new_identity(system_entropy());
  if (auto stored = folder->create(*read); !stored) return refuse(stored.error(), options.as_json);
  return print_done(options.as_json, read->name, folder->file_of(read->name).string(), "");
}

Exit run_rename(const TwoNames& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto done = folder->rename(options.name, options.new_name);
  if (!done) return refuse(done.error(), options.as_json);
  return print_done(options.as_json, options.new_name, folder->file_of(options.new_name).string(),
                    "");
}

Exit run_delete(const NameOptions& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto done = folder->remove(options.name);
  if (!done) return refuse(done.error(), options.as_json);
  return print_done(options.as_json, options.name, folder->file_of(options.name).string(), "");
}

// One line of the list, also for a profile that cannot be read.
json::object list_entry(const delivery::ProfileFolder& folder, const std::string& name,
                        bool as_json) {
  auto read = folder.load(name);
  auto flat = folder.load_flat(name);
  json::object entry;
  entry["name"] = name;
  if (!flat) {
    entry["error"] = flat.error().message;
    if (!as_json) {
      print_out(
          fmt::format("{:<24} cannot be read: {}\n", name, for_terminal(flat.error().message)));
    }
    return entry;
  }
  std::size_t errors = 0;
  for (const auto& finding : profile::check(flat->values, {})) {
    errors += finding.severity == profile::Severity::kError ? 1 : 0;
  }
  entry["base"] = read->base;
  entry["description"] = read->description;
  entry["keys"] = flat->values.size();
  entry["errors"] = errors;
  if (!as_json) {
    print_out(fmt::format("{:<24} {:>3} keys  {}{}{}\n", name, flat->values.size(),
                          errors == 0 ? std::string("no errors") : count_of(errors, "error"),
                          read->base.empty() ? "" : "  based on " + read->base,
                          read->description.empty() ? "" : "  " + for_terminal(read->description)));
  }
  return entry;
}

Exit run_list(const ListOptions& options) {
  auto folder = open_folder();
  if (!folder) return refuse(folder.error(), options.as_json);
  auto names = folder->list();
  if (!names) return refuse(names.error(), options.as_json);
  json::array list;
  for (const std::string& name : *names) {
    list.push_back(list_entry(*folder, name, options.as_json));
  }
  if (options.as_json) print_out(profile::pretty_json(list));
  return Exit::kDone;
}

Exit run_reveal(const NameOptions& options) {
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
  return print_done(options.as_json, read->name, file, file + "\n");
}

Exit run_show(const ShowOptions& options) {
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

void add_show(CLI::App& profile, Exit& exit) {
  auto [show, options] =
      add_command(profile, "show", "Values of a profile, secrets hidden", exit, run_show);
  show.add_option("NAME", options->name)->required();
  show.add_flag("--own", options->own, "Without what comes from the base");
}

void add_of_two_names(CLI::App& profile, std::string name, std::string help, Exit& exit,
                      Exit (*run)(const TwoNames&)) {
  auto [made, options] = add_command(profile, std::move(name), std::move(help), exit, run);
  made.add_option("NAME", options->name)->required();
  made.add_option("NEW", options->new_name)->required();
}

void add_of_one_name(CLI::App& profile, Exit& exit) {
  auto [remove, removed] = add_command(profile, "delete", "Delete a profile", exit, run_delete);
  remove.add_option("NAME", removed->name)->required();
  auto [reveal, revealed] =
      add_command(profile, "reveal", "Where a profile, or all, are stored", exit, run_reveal);
  reveal.add_option("NAME", revealed->name);
}

}  // namespace

void add_profile_store_commands(CLI::App& profile, Exit& exit) {
  add_command(profile, "list", "Profiles with their errors", exit, run_list);
  add_show(profile, exit);
  add_profile_edit_commands(profile, exit);
  add_of_two_names(profile, "duplicate", "Copy a profile", exit, run_duplicate);
  add_of_two_names(profile, "rename", "Rename a profile; variants follow", exit, run_rename);
  add_of_one_name(profile, exit);
}

}  // namespace sallyport::app
