#include "app/commands/profile_parts.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "base/files.h"
#include "base/terminal_text.h"
#include "delivery/local/device_reader.h"

namespace sallyport::app {
namespace fs = std::filesystem;
namespace json = profile::json;
namespace {

constexpr std::size_t kLargestInput = 16U << 20;

bool names_a_file(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".json") ||
         profile::find_format_of_file(name) != nullptr;
}

std::string sentence(std::string_view text) {
  std::string out = for_terminal(text);
  if (!out.ends_with('?')) out += ".";
  return out;
}

// The applied entry of a configLibrary.
Result<fs::path> applied_entry(const fs::path& library) {
  auto meta = read_file(library / "_meta.json", kLargestInput);
  if (!meta && meta.error().code == kFileMissing) {
    return fail(
        "decode.foreign",
        fmt::format("{} is a folder without the _meta.json of a configLibrary", library.string()),
        "name a file, or the app's folder configLibrary");
  }
  if (!meta) return std::unexpected(std::move(meta.error()));
  auto document = profile::parse_json(*meta);
  const json::value* id =
      document && document->is_object() ? document->get_object().if_contains("appliedId") : nullptr;
  bool plain = id != nullptr && id->is_string() &&
               id->get_string().find_first_not_of("abcdef0123456789-") == json::string::npos;
  if (!plain) {
    return fail("decode.foreign",
                fmt::format("{}: no applied entry is named", (library / "_meta.json").string()),
                "name the entry's file");
  }
  return library / fmt::format("{}.json", std::string_view(id->get_string()));
}

}  // namespace

bool is_profile_file(const std::filesystem::path& file) {
  if (file.extension() != ".json") return false;
  auto text = read_file(file, kLargestInput);
  auto document = text ? profile::parse_json(*text) : Result<json::value>(json::value());
  return document && document->is_object() && document->get_object().contains("sallyport") &&
         document->get_object().contains("values");
}

std::string count_of(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Exit print_done(bool as_json, const std::string& name, const std::string& file,
                std::string_view line) {
  if (!as_json) {
    print_out(line);
    return Exit::kDone;
  }
  json::object root;
  root["profile"] = name;
  root["file"] = file;
  print_out(profile::pretty_json(root));
  return Exit::kDone;
}

void print_out(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

Exit refuse(const Error& error, bool json) {
  print_error(error, json);
  bool environment = error.code == kFileUnwritable || error.code == kFileUnreadable ||
                     error.code == delivery::kProfileLocked ||
                     error.code == delivery::kDeviceNoHome ||
                     error.code == delivery::kProfileNoFolder;
  return environment ? Exit::kEnvironment : Exit::kWrongInput;
}

Result<delivery::ProfileFolder> open_folder() {
  auto path = delivery::ProfileFolder::usual();
  if (!path) return std::unexpected(std::move(path.error()));
  return delivery::ProfileFolder(std::move(*path));
}

Result<profile::Decoded> read_any(const std::string& path, const std::string& format) {
  std::error_code error;
  fs::path file = path;
  if (fs::is_directory(file, error)) {
    auto entry = applied_entry(file);
    if (!entry) return std::unexpected(std::move(entry.error()));
    file = std::move(*entry);
  }
  auto bytes = read_file(file, kLargestInput);
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  const profile::Format* chosen = format.empty() ? profile::detect(file.filename().string(), *bytes)
                                                 : profile::find_format(format);
  if (chosen == nullptr && !format.empty()) {
    return fail("decode.format", fmt::format("there is no format {}", format),
                "choose one of " + profile::readable_format_names());
  }
  if (chosen == nullptr) {
    return fail("decode.foreign",
                fmt::format("{}: the content is of no format that can be read", file.string()),
                "name an export: " + profile::readable_format_names());
  }
  auto decoded = profile::decode(*chosen, *bytes);
  if (!decoded) {
    Error inner = std::move(decoded.error());
    inner.message = fmt::format("{}: {}", file.string(), inner.message);
    return std::unexpected(std::move(inner));
  }
  return decoded;
}

void print_notes(const profile::Findings& notes) {
  for (const profile::Finding& note : notes) {
    fmt::print(stderr, "sallyport: {}: {}{}{}; {}\n", severity_text(note.severity),
               for_terminal(note.key), note.key.empty() ? "" : ": ", for_terminal(note.why),
               for_terminal(note.next_step));
  }
}

Result<profile::Profile> load_named(const std::string& name, profile::Findings& notes) {
  if (!names_a_file(name)) {
    auto folder = open_folder();
    if (!folder) return std::unexpected(std::move(folder.error()));
    return folder->load_flat(name);
  }
  std::filesystem::path file = name;
  if (is_profile_file(file)) {
    delivery::ProfileFolder folder(file.has_parent_path() ? file.parent_path() : ".");
    return folder.load_flat(file.stem().string());
  }
  auto decoded = read_any(name, "");
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  notes.insert(notes.end(), decoded->notes.begin(), decoded->notes.end());
  profile::Profile loaded;
  loaded.name = profile::plain_name(file.stem().string());
  loaded.id = profile::derived_uuid(loaded.name, "file");
  loaded.values = std::move(decoded->values);
  return loaded;
}

void print_findings(const profile::Findings& findings, std::string_view subject) {
  std::size_t counts[3] = {0, 0, 0};
  for (const profile::Finding& finding : findings) {
    ++counts[static_cast<std::size_t>(finding.severity)];
    print_out(fmt::format(
        "{:<8}{}{}\n        {}.\n        Next: {}\n", severity_text(finding.severity),
        finding.key.empty() ? std::string() : for_terminal(finding.key) + "  ",
        fmt::format("[{}]", finding.code), for_terminal(finding.why), sentence(finding.next_step)));
  }
  print_out(fmt::format("{}: {}, {}, {} advice\n", for_terminal(subject),
                        count_of(counts[2], "error"), count_of(counts[1], "warning"), counts[0]));
}

json::array findings_json(const profile::Findings& findings) {
  json::array list;
  for (const profile::Finding& finding : findings) {
    json::object entry;
    entry["code"] = finding.code;
    entry["severity"] = severity_text(finding.severity);
    if (!finding.key.empty()) entry["key"] = finding.key;
    entry["why"] = finding.why;
    entry["nextStep"] = finding.next_step;
    list.push_back(std::move(entry));
  }
  return list;
}

std::string version_fault(const std::string& text) {
  return profile::parse_version(text) ? std::string() : text + " is no version, such as 1.46388.2";
}

}  // namespace sallyport::app
