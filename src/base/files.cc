#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"

namespace sallyport {

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    int error = errno;
    return fail(error == ENOENT ? kFileMissing : kFileUnreadable,
                fmt::format("cannot open {}: {}", path.string(), std::strerror(error)),
                error == ENOENT ? "check the path" : "let the user that runs this read it");
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(kFileUnreadable, fmt::format("{} is not a regular file", path.string()),
                "name a file");
  }
  std::string content;
  char buffer[16384];
  for (;;) {
    ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return fail(kFileUnreadable,
                  fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
    }
    if (n == 0) break;
    content.append(buffer, static_cast<std::size_t>(n));
    if (content.size() > limit) {
      return fail(kFileTooLarge, fmt::format("{} is larger than {} bytes", path.string(), limit));
    }
  }
  return content;
}

Result<void> write_file_atomically(const std::filesystem::path& path, std::string_view content,
                                   unsigned mode) {
  auto refuse = [&](std::string_view what) {
    return fail(kFileUnwritable,
                fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)),
                "check the folder's permissions and free space");
  };
  std::string temporary = path.string() + fmt::format(".new.{}", ::getpid());
  UniqueFd fd(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return refuse("create a file beside");
  auto give_up = [&](std::string_view what) {
    auto failure = refuse(what);
    ::unlink(temporary.c_str());
    return failure;
  };
  while (!content.empty()) {
    ssize_t n = ::write(fd.get(), content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return give_up("write");
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fchmod(fd.get(), mode) != 0) return give_up("set the mode of");
  if (::fsync(fd.get()) != 0) return give_up("sync");
  if (::rename(temporary.c_str(), path.c_str()) != 0) return give_up("replace");
  auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  UniqueFd folder_fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder_fd) ::fsync(folder_fd.get());
  return {};
}

}  // namespace sallyport
