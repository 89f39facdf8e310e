#include "upstream/credential_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/unique_fd.h"

namespace sallyport::upstream {
namespace {

struct Row {
  CredentialKind kind;
  void (*obtain)(const Ask& ask, OnObtained done);
};

constexpr Row kSources[] = {
    {CredentialKind::kImds, obtain_from_imds},
    {CredentialKind::kAppService, obtain_from_app_service},
    {CredentialKind::kArc, obtain_from_arc},
    {CredentialKind::kWorkloadIdentity, obtain_for_workload},
    {CredentialKind::kClientSecret, obtain_with_secret},
    {CredentialKind::kClientCertificate, obtain_with_certificate},
};

std::unexpected<Error> file_fault(const std::string& path, std::string_view why) {
  return fail("credential.file", fmt::format("cannot use {}: {}", path, why),
              "check that the file is there and that the gateway's user may read it");
}

}  // namespace

void obtain(const Ask& ask, OnObtained done) {
  for (const auto& row : kSources) {
    if (row.kind == ask.settings->kind) return row.obtain(ask, std::move(done));
  }
  check_failed("a kind of credential that nobody obtains", __FILE__, __LINE__);
}

Result<Secret> read_secret_file(const std::string& folder, const std::string& name,
                                std::size_t limit, bool follow_links) {
  std::string path = folder.empty() ? name : folder + "/" + name;
  int links = follow_links ? 0 : O_NOFOLLOW;
  UniqueFd parent;
  if (!folder.empty()) {
    parent = UniqueFd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | links));
    if (!parent) return file_fault(path, std::strerror(errno));
  }
  // O_NONBLOCK: a pipe in its place must not hold the thread.
  UniqueFd fd(::openat(parent ? parent.get() : AT_FDCWD, name.c_str(),
                       O_RDONLY | O_CLOEXEC | O_NONBLOCK | links));
  if (!fd) {
    return file_fault(path, errno == ELOOP ? "it is a symbolic link" : std::strerror(errno));
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return file_fault(path, "it is not a regular file");
  }
  std::string content(limit + 1, '\0');  // one allocation, wiped by Secret
  std::size_t size = 0;
  while (size < content.size()) {
    ssize_t n = ::read(fd.get(), content.data() + size, content.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
  }
  Secret whole(std::move(content));
  if (size > limit) return file_fault(path, fmt::format("it is larger than {} bytes", limit));
  std::string_view text = whole.reveal().substr(0, size);
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  bool visible = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  if (text.empty() || !visible) return file_fault(path, "it does not hold one line of text");
  return Secret(text);
}

}  // namespace sallyport::upstream
