#include "audit/directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sallyport::audit {
namespace {

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return {};
  return name;
}

// Letters, digits, '.', '-' and '_', so that the name needs no escape anywhere.
std::string clean_node(std::string_view name) {
  std::string node;
  for (char c : name.substr(0, 64)) {
    bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                 c == '.' || c == '-' || c == '_';
    node.push_back(plain ? c : '_');
  }
  return node.empty() ? "unnamed" : node;
}

std::unexpected<Error> unusable(const std::filesystem::path& path, std::string_view why) {
  return fail("audit.directory",
              fmt::format("the audit directory {} cannot be used: {}", path.string(), why),
              "check audit.directory, its owner and its permissions");
}

// Only the last folder is made: a wrong path must not come to life as a new tree.
Result<void> make_private_folder(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return unusable(path, std::strerror(errno));
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return unusable(path, std::strerror(errno));
  if (!S_ISDIR(info.st_mode)) return unusable(path, "it is not a directory");
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return unusable(path, "others than its owner may write to it");
  }
  return {};
}

std::string read_holder(int fd) {
  char text[64] = {};
  auto n = ::pread(fd, text, sizeof text - 1, 0);
  std::string holder(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another process" : "process " + holder;
}

}  // namespace

Result<Directory> Directory::open(const std::filesystem::path& path, std::string_view node,
                                  Clock& clock, Entropy& entropy) {
  if (auto made = make_private_folder(path); !made) return std::unexpected(made.error());
  Directory directory;
  directory.path_ = path;
  directory.node_ = clean_node(node.empty() ? host_name() : std::string(node));
  directory.instance_ = make_uuid7(clock.wall(), entropy);
  auto lock = path / "lock";
  directory.lock_ = UniqueFd(::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!directory.lock_) return unusable(path, fmt::format("lock: {}", std::strerror(errno)));
  int fd = directory.lock_.get();
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return unusable(path, fmt::format("flock: {}", std::strerror(errno)));
    return fail("audit.locked",
                fmt::format("{} writes to the audit directory {}", read_holder(fd), path.string()),
                "stop that process, or give this one another audit.directory");
  }
  // For the message above alone; nothing depends on it.
  auto holder = fmt::format("{}\n", ::getpid());
  [[maybe_unused]] bool noted =
      ::ftruncate(fd, 0) == 0 &&
      ::pwrite(fd, holder.data(), holder.size(), 0) == static_cast<ssize_t>(holder.size());
  return directory;
}

}  // namespace sallyport::audit
