#include "base/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"

namespace sallyport {
namespace {

std::string path_of(const SecretFile& file) {
  return file.folder.empty() ? file.name : file.folder + "/" + file.name;
}

std::unexpected<Error> unfit(const SecretFile& file, std::string_view why) {
  return fail("file.unfit", fmt::format("cannot use {}: {}", path_of(file), why),
              "check that the file is there and that this user may read it");
}

std::string_view reason_of(int error) {
  return error == ELOOP ? "it is a symbolic link" : std::strerror(error);
}

Result<UniqueFd> open(const SecretFile& file) {
  int links = file.links == Links::kFollow ? 0 : O_NOFOLLOW;
  UniqueFd parent;
  if (!file.folder.empty()) {
    parent = UniqueFd(::open(file.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | links));
    if (!parent) return unfit(file, std::strerror(errno));
  }
  // O_NONBLOCK: a pipe in its place must not hold the thread.
  UniqueFd fd(::openat(parent ? parent.get() : AT_FDCWD, file.name.c_str(),
                       O_RDONLY | O_CLOEXEC | O_NONBLOCK | links));
  if (!fd) return unfit(file, reason_of(errno));
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return unfit(file, "it is not a regular file");
  }
  return fd;
}

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

// What of the content is the secret; empty where it is none.
std::string_view secret_in(std::string_view content, SecretText kind) {
  if (kind == SecretText::kLines) {
    bool good = std::ranges::all_of(content, [](char c) {
      return is_visible(c) || c == ' ' || c == '\t' || c == '\n' || c == '\r';
    });
    return good && std::ranges::any_of(content, is_visible) ? content : std::string_view();
  }
  while (content.ends_with('\n') || content.ends_with('\r')) content.remove_suffix(1);
  return std::ranges::all_of(content, is_visible) ? content : std::string_view();
}

}  // namespace

Result<Secret> read_secret_file(const SecretFile& file) {
  auto fd = open(file);
  if (!fd) return std::unexpected(std::move(fd.error()));
  std::string content(file.limit + 1, '\0');  // one allocation, wiped by Secret
  std::size_t size = 0;
  while (size < content.size()) {
    ssize_t n = ::read(fd->get(), content.data() + size, content.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unfit(file, std::strerror(errno));
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  Secret whole(std::move(content));
  if (size > file.limit) return unfit(file, fmt::format("it is larger than {} bytes", file.limit));
  std::string_view text = secret_in(whole.reveal().substr(0, size), file.text);
  if (text.empty()) {
    return unfit(file, size == 0                           ? "it is empty"
                       : file.text == SecretText::kOneLine ? "it does not hold one line of text"
                                                           : "it does not hold lines of text");
  }
  return Secret(text);
}

}  // namespace sallyport
