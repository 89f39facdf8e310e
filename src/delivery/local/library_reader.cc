// The app's local library: _meta.json names the applied entry, <id>.json holds it.
#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "delivery/local/device_reader.h"
#include "profile/codec/codec.h"

namespace sallyport::delivery {
namespace fs = std::filesystem;
using profile::Finding;
using profile::SettingsSource;
using profile::Severity;
namespace json = profile::json;
namespace {

constexpr std::size_t kLargest = 8U << 20;

void note(SettingsSource& source, std::string_view code, Severity severity, std::string why,
          std::string next) {
  source.notes.push_back({code, severity, "", std::move(why), std::move(next)});
}

bool is_applied_id(std::string_view id) {
  return id.size() == 36 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == '-';
         });
}

void warn_of_mark(SettingsSource& source, const fs::path& file, std::string_view text) {
  if (!text.starts_with("\xef\xbb\xbf")) return;
  note(source, "device.byte_order_mark", Severity::kWarning,
       fmt::format("{} starts with a byte order mark, for which some builds ignore the file",
                   file.string()),
       "write it as UTF-8 without a mark (PowerShell 5.1: use [IO.File]::WriteAllText)");
}

void refuse(SettingsSource& source, std::string why, std::string next) {
  source.present = true;
  source.unreadable = true;
  source.why = why;
  note(source, "device.library_unreadable", Severity::kError, std::move(why), std::move(next));
}

// The applied entry's id, or empty with the reason noted.
std::string applied_id(SettingsSource& source, const fs::path& meta_file, const FileReader& read) {
  auto text = read(meta_file, kLargest);
  if (!text) return {};
  warn_of_mark(source, meta_file, *text);
  auto meta = profile::parse_json(*text);
  if (!meta || !meta->is_object()) {
    refuse(source,
           fmt::format("{}: {}", meta_file.string(), meta ? "not an object" : meta.error().message),
           "apply the configuration again");
    return {};
  }
  const json::value* id = meta->get_object().if_contains("appliedId");
  if (id == nullptr || id->is_null()) {
    note(source, "device.nothing_applied", Severity::kWarning,
         fmt::format("{} names no applied entry, so the app starts in standard mode",
                     meta_file.string()),
         "apply one in the app, or with `sallyport profile apply`");
    return {};
  }
  if (!id->is_string() || !is_applied_id(id->get_string())) {
    refuse(source,
           fmt::format("{}: appliedId is not 36 lower-case hexadecimal digits and dashes; the app "
                       "throws the whole local configuration away without a word",
                       meta_file.string()),
           "write the id in lower case, as the entry's file is named");
    return {};
  }
  return std::string(id->get_string());
}

bool read_entry(SettingsSource& source, const fs::path& file, const FileReader& read) {
  source.place = file.string();
  auto text = read(file, kLargest);
  if (!text) {
    refuse(source, text.error().message, "apply the configuration again");
    return true;
  }
  warn_of_mark(source, file, *text);
  auto decoded = profile::decode(profile::format::kLocalLibrary, *text);
  if (!decoded) {
    refuse(source, fmt::format("{}: {}", file.string(), decoded.error().message),
           "correct the file, or apply the configuration again");
    return true;
  }
  source.present = true;
  source.values = std::move(decoded->values);
  return true;
}

bool read_legacy(SettingsSource& source, const fs::path& file, const FileReader& read) {
  auto text = read(file, kLargest);
  if (!text) return false;
  auto document = profile::parse_json(*text);
  if (!document || !document->is_object()) return false;
  const json::value* legacy = document->get_object().if_contains("enterpriseConfig");
  if (legacy == nullptr || !legacy->is_object()) return false;
  auto decoded = profile::decode(profile::format::kLocalLibrary, profile::compact_json(*document));
  if (!decoded) return false;
  source.present = true;
  source.place = file.string();
  source.values = std::move(decoded->values);
  note(source, "device.legacy_file", Severity::kWarning,
       "enterpriseConfig in claude_desktop_config.json is the old place; whether current builds "
       "read "
       "it is not confirmed",
       "apply the configuration with `sallyport profile apply`, which writes configLibrary");
  return true;
}

}  // namespace

SettingsSource read_library(const fs::path& data_folder, const FileReader& read) {
  SettingsSource source;
  source.kind = profile::SourceKind::kLibrary;
  fs::path library = data_folder / "configLibrary";
  source.place = library.string();
  std::string id = applied_id(source, library / "_meta.json", read);
  if (source.unreadable) return source;
  if (!id.empty() && read_entry(source, library / (id + ".json"), read)) return source;
  read_legacy(source, data_folder / "claude_desktop_config.json", read);
  return source;
}

}  // namespace sallyport::delivery
