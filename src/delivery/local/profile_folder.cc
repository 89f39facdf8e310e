#include "delivery/local/profile_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/encoding.h"
#include "base/files.h"
#include "base/nearest.h"

namespace sallyport::delivery {
namespace fs = std::filesystem;
using profile::Profile;
namespace {

constexpr std::size_t kLargestProfile = 8U << 20;
constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kRetry = std::chrono::milliseconds(20);

Result<void> good_name(std::string_view name) {
  if (profile::is_profile_name(name)) return {};
  return fail("profile.name", fmt::format("\"{}\" is no name for a profile", name),
              "use letters, digits, '.', '_' and '-', at most 64, starting with a letter or digit, "
              "without an ending such as .json");
}

}  // namespace

Result<fs::path> ProfileFolder::usual() {
  auto variable = [](const char* name) -> std::string_view {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
  };
  if (auto folder = variable("SALLYPORT_PROFILES"); !folder.empty()) return fs::path(folder);
  if (auto config = variable("XDG_CONFIG_HOME"); !config.empty()) {
    return fs::path(config) / "sallyport" / "profiles";
  }
  if (auto home = variable("HOME"); !home.empty()) {
    return fs::path(home) / ".config" / "sallyport" / "profiles";
  }
  return fail(kProfileNoFolder, "there is no folder for profiles: HOME is not set",
              "set SALLYPORT_PROFILES to a folder");
}

fs::path ProfileFolder::file_of(std::string_view name) const {
  return folder_ / fmt::format("{}.json", name);
}

Result<std::vector<std::string>> ProfileFolder::list() const {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entries(folder_, error);
  if (error == std::errc::no_such_file_or_directory) return names;
  if (error) {
    return fail(kFileUnreadable,
                fmt::format("cannot read {}: {}", folder_.string(), error.message()),
                "check the folder's permissions");
  }
  for (const auto& entry : entries) {
    if (entry.path().extension() != ".json") continue;
    std::string name = entry.path().stem().string();
    if (profile::is_profile_name(name)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<Profile> ProfileFolder::load(std::string_view name) const {
  if (auto good = good_name(name); !good) return std::unexpected(std::move(good.error()));
  auto text = read_file(file_of(name), kLargestProfile);
  if (!text) {
    if (text.error().code != kFileMissing) return std::unexpected(std::move(text.error()));
    auto names = list();
    std::vector<std::string_view> known;
    if (names) known.assign(names->begin(), names->end());
    std::string_view near = nearest_name(name, known);
    return fail("profile.missing",
                fmt::format("there is no profile {} in {}", name, folder_.string()),
                near.empty() ? std::string("`sallyport profile list` shows those that are there")
                             : fmt::format("did you mean {}?", near));
  }
  auto read = profile::parse_profile(name, *text);
  if (!read) {
    Error error = std::move(read.error());
    error.message = fmt::format("{}: {}", file_of(name).string(), error.message);
    return std::unexpected(std::move(error));
  }
  return read;
}

Result<Profile> ProfileFolder::load_flat(std::string_view name) const {
  auto read = load(name);
  if (!read) return read;
  return profile::flatten(*read, [this](std::string_view base) { return load(base); });
}

Result<UniqueFd> ProfileFolder::lock() const {
  std::error_code error;
  fs::create_directories(folder_, error);
  fs::path file = folder_ / ".lock";
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) {
    return fail(kFileUnwritable,
                fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)),
                "check the folder's permissions");
  }
  auto end = std::chrono::steady_clock::now() + kPatience;
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return fail(kFileUnwritable,
                  fmt::format("cannot lock {}: {}", file.string(), std::strerror(errno)));
    }
    if (std::chrono::steady_clock::now() >= end) {
      return fail(kProfileLocked, fmt::format("another sallyport is changing {}", folder_.string()),
                  "wait for it to end and try again");
    }
    std::this_thread::sleep_for(kRetry);
  }
  return fd;
}

Result<void> ProfileFolder::store(const Profile& profile) const {
  fs::path file = file_of(profile.name);
  unsigned mode = 0600;  // a profile may hold what is not for everybody; a laxer mode is kept
  struct stat info{};
  if (::stat(file.c_str(), &info) == 0) mode = info.st_mode & 0777U;
  return write_file_atomically(file, profile::print_profile(profile), mode);
}

Result<void> ProfileFolder::create(const Profile& profile) {
  if (auto good = good_name(profile.name); !good) return good;
  auto held = lock();
  if (!held) return std::unexpected(std::move(held.error()));
  std::error_code error;
  if (fs::exists(fs::symlink_status(file_of(profile.name), error))) {
    return fail("profile.exists", fmt::format("there already is a profile {}", profile.name),
                "choose another name, or delete it first");
  }
  return store(profile);
}

Result<std::vector<std::string>> ProfileFolder::variants_of(std::string_view name) const {
  auto names = list();
  if (!names) return names;
  std::vector<std::string> variants;
  for (const std::string& other : *names) {
    auto read = load(other);
    if (read && read->base == name) variants.push_back(other);
  }
  return variants;
}

Result<void> ProfileFolder::rename(std::string_view from, std::string_view to) {
  if (auto good = good_name(to); !good) return good;
  auto held = lock();
  if (!held) return std::unexpected(std::move(held.error()));
  auto read = load(from);
  if (!read) return std::unexpected(std::move(read.error()));
  std::error_code error;
  if (fs::exists(fs::symlink_status(file_of(to), error))) {
    return fail("profile.exists", fmt::format("there already is a profile {}", to),
                "choose another name");
  }
  auto variants = variants_of(from);
  if (!variants) return std::unexpected(std::move(variants.error()));
  fs::rename(file_of(from), file_of(to), error);
  if (error) {
    return fail(kFileUnwritable,
                fmt::format("cannot rename {}: {}", file_of(from).string(), error.message()));
  }
  for (const std::string& variant : *variants) {
    auto other = load(variant);
    if (!other) return std::unexpected(std::move(other.error()));
    other->base = to;
    if (auto stored = store(*other); !stored) return stored;
  }
  return {};
}

Result<void> ProfileFolder::remove(std::string_view name) {
  auto held = lock();
  if (!held) return std::unexpected(std::move(held.error()));
  if (auto good = good_name(name); !good) return good;
  std::error_code error;
  if (!fs::exists(fs::symlink_status(file_of(name), error))) {
    return std::unexpected(std::move(load(name).error()));  // with the nearest name
  }
  auto variants = variants_of(name);
  if (!variants) return std::unexpected(std::move(variants.error()));
  if (!variants->empty()) {
    return fail("profile.has_variants",
                fmt::format("profile {} is the base of {}", name, fmt::join(*variants, ", ")),
                "delete these first, or give them another base");
  }
  if (!fs::remove(file_of(name), error) || error) {
    return fail(kFileUnwritable,
                fmt::format("cannot delete {}: {}", file_of(name).string(), error.message()));
  }
  return {};
}

Result<void> ProfileFolder::edit(std::string_view name,
                                 const std::function<Result<void>(Profile&)>& change) {
  auto held = lock();
  if (!held) return std::unexpected(std::move(held.error()));
  auto read = load(name);
  if (!read) return std::unexpected(std::move(read.error()));
  if (auto changed = change(*read); !changed) return changed;
  return store(*read);
}

std::string new_identity(Entropy& entropy) {
  std::array<std::uint8_t, 16> bytes{};
  entropy.fill(bytes);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string hex = to_hex(bytes);
  for (std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, 1, '-');
  return hex;
}

}  // namespace sallyport::delivery
