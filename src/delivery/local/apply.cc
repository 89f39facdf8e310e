#include "delivery/local/apply.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "profile/codec/codec.h"

namespace sallyport::delivery {
namespace fs = std::filesystem;
using profile::Profile;
namespace json = profile::json;
namespace {

constexpr std::size_t kLargest = 8U << 20;

// As root in a person's home the files would be root's, and the person could have laid links there.
Result<void> refuse_foreign_home(const fs::path& data_folder) {
  fs::path place = data_folder / "configLibrary";
  struct stat info{};
  while (::lstat(place.c_str(), &info) != 0 && place.has_relative_path()) {
    place = place.parent_path();
  }
  if (info.st_uid == ::geteuid()) return {};
  return fail("apply.owner",
              fmt::format("{} belongs to somebody else, and this writes one's own library alone",
                          place.string()),
              "run it as the person who uses Claude on this machine, without sudo");
}

Result<void> refuse_managed(const profile::Device& device) {
  profile::Resolution resolution = profile::resolve(device);
  if (!resolution.window_read_only || !resolution.owner) return {};
  const profile::SettingsSource& owner = device.sources[*resolution.owner];
  return fail(kApplyManaged,
              fmt::format("{} owns this device ({}), so the app ignores the local library",
                          owner.place, profile::source_text(owner.kind)),
              "change the managed profile, or have it removed from this machine first");
}

// _meta.json as it is, or a new one.
Result<json::object> read_meta(const fs::path& file) {
  auto text = read_file(file, kLargest);
  if (!text) {
    if (text.error().code == kFileMissing)
      return json::object{{"appliedId", nullptr}, {"entries", json::array()}};
    return std::unexpected(std::move(text.error()));
  }
  auto meta = profile::parse_json(*text);
  bool good =
      meta && meta->is_object() &&
      (!meta->get_object().contains("entries") || meta->get_object().at("entries").is_array());
  if (!good) {
    return fail("apply.library",
                fmt::format("{} cannot be read ({})", file.string(),
                            meta ? "not the expected form" : meta.error().message),
                "move the file away, then apply again");
  }
  if (!meta->get_object().contains("entries")) meta->get_object()["entries"] = json::array();
  return std::move(meta->get_object());
}

// The id of the entry with this name, else a new one at the end of the list.
std::string entry_id(json::object& meta, const Profile& profile) {
  json::array& entries = meta["entries"].get_array();
  for (const json::value& item : entries) {
    if (!item.is_object()) continue;
    const json::value* name = item.get_object().if_contains("name");
    const json::value* id = item.get_object().if_contains("id");
    if (name != nullptr && *name == json::value(profile.name) && id != nullptr && id->is_string()) {
      std::string known(id->get_string());
      bool safe =
          known.size() == 36 && known.find_first_not_of("abcdef0123456789-") == std::string::npos;
      if (safe) return known;
    }
  }
  std::string id = profile::derived_uuid(profile.id, "library entry");
  json::object entry;
  entry["id"] = id;
  entry["name"] = profile.name;
  entries.push_back(std::move(entry));
  return id;
}

Result<fs::path> back_up(const fs::path& library, const Clock& clock) {
  std::error_code error;
  if (!fs::exists(library, error)) return fs::path();
  std::string stamp = format_time(clock.wall());
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':' || c == '.'; });
  fs::path backup = library.parent_path() / fmt::format("configLibrary.backup-{}", stamp);
  fs::copy(library, backup, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
  if (error) {
    return fail(kFileUnwritable,
                fmt::format("cannot back up to {}: {}", backup.string(), error.message()),
                "nothing was changed; check free space and permissions");
  }
  ::chmod(backup.c_str(), 0700);
  return backup;
}

unsigned mode_of(const fs::path& file) {
  struct stat info{};
  return ::stat(file.c_str(), &info) == 0 ? info.st_mode & 0777U : 0600U;
}

}  // namespace

Result<Applied> apply_profile(const Profile& profile, const profile::Device& device,
                              const fs::path& data_folder, const Clock& clock) {
  if (auto free = refuse_managed(device); !free) return std::unexpected(std::move(free.error()));
  if (auto own = refuse_foreign_home(data_folder); !own) {
    return std::unexpected(std::move(own.error()));
  }
  profile::EncodeOptions options;
  auto encoded = profile::encode(profile::format::kLocalLibrary, profile, options);
  if (!encoded) return std::unexpected(std::move(encoded.error()));
  fs::path library = data_folder / "configLibrary";
  auto meta = read_meta(library / "_meta.json");
  if (!meta) return std::unexpected(std::move(meta.error()));
  auto backup = back_up(library, clock);
  if (!backup) return std::unexpected(std::move(backup.error()));
  std::error_code error;
  bool fresh = !fs::exists(library, error);
  fs::create_directories(library, error);
  if (error) {
    return fail(kFileUnwritable,
                fmt::format("cannot make {}: {}", library.string(), error.message()),
                "check the folder's permissions");
  }
  if (fresh) ::chmod(library.c_str(), 0700);
  std::string id = entry_id(*meta, profile);
  (*meta)["appliedId"] = id;
  Applied applied{library / (id + ".json"), std::move(*backup)};
  auto wrote =
      write_file_atomically(applied.entry, encoded->files[1].bytes, mode_of(applied.entry));
  if (wrote) {
    // last, since this is what makes the app read the entry
    fs::path meta_file = library / "_meta.json";
    wrote = write_file_atomically(meta_file, profile::pretty_json(*meta), mode_of(meta_file));
  }
  if (!wrote) return std::unexpected(std::move(wrote.error()));
  return applied;
}

}  // namespace sallyport::delivery
