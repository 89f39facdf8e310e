// The few system calls of a segment, as an interface, so that a test can fill the disk, cut a write
// short or lose a sync. Thread-safe. Calls return 0 (or a count) or a negated errno.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace sallyport::audit {

class Disk {
 public:
  virtual ~Disk() = default;
  /// A new file, 0600, close-on-exec; -EEXIST if it is there.
  [[nodiscard]] virtual int create(const std::filesystem::path& path) = 0;
  /// Room for `size` bytes that reads as zeros. fallocate(2), and where the file system has none,
  /// posix_fallocate(3), which writes zeros: enough where blocks are overwritten in place; on a
  /// copy-on-write file system the room is then a hope, not a promise.
  [[nodiscard]] virtual int allocate(int fd, std::uint64_t size) = 0;
  [[nodiscard]] virtual std::int64_t write_at(int fd, std::string_view bytes,
                                              std::uint64_t offset) = 0;
  [[nodiscard]] virtual int sync_data(int fd) = 0;
  [[nodiscard]] virtual int truncate(int fd, std::uint64_t size) = 0;
  /// Makes new names in the folder durable.
  [[nodiscard]] virtual int sync_folder(const std::filesystem::path& folder) = 0;
};

[[nodiscard]] Disk& system_disk();

}  // namespace sallyport::audit
