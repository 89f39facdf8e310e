#include "audit/disk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/unique_fd.h"

namespace sallyport::audit {
namespace {

class SystemDisk final : public Disk {
 public:
  int create(const std::filesystem::path& path) override {
    int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd >= 0 ? fd : -errno;
  }

  int allocate(int fd, std::uint64_t size) override {
    int error = 0;
    do {
      error = ::fallocate(fd, 0, 0, static_cast<off_t>(size)) == 0 ? 0 : errno;
    } while (error == EINTR);
    if (error == EOPNOTSUPP || error == ENOSYS) {
      error = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
    }
    return -error;
  }

  std::int64_t write_at(int fd, std::string_view bytes, std::uint64_t offset) override {
    for (;;) {
      auto n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n >= 0) return n;
      if (errno != EINTR) return -errno;
    }
  }

  int sync_data(int fd) override { return ::fdatasync(fd) == 0 ? 0 : -errno; }

  int truncate(int fd, std::uint64_t size) override {
    return ::ftruncate(fd, static_cast<off_t>(size)) == 0 ? 0 : -errno;
  }

  int sync_folder(const std::filesystem::path& folder) override {
    UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return -errno;
    return ::fsync(fd.get()) == 0 ? 0 : -errno;
  }
};

}  // namespace

Disk& system_disk() {
  static SystemDisk disk;
  return disk;
}

}  // namespace sallyport::audit
