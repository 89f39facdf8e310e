#include "audit/segments.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "audit/segment_name.h"
#include "base/check.h"
#include "base/log.h"

namespace sallyport::audit {
namespace {

std::unexpected<Error> disk_failure(std::string_view doing, const std::filesystem::path& path,
                                    int error) {
  return fail("audit.disk",
              fmt::format("cannot {} {}: {}", doing, path.string(), std::strerror(error)),
              error == ENOSPC || error == EDQUOT || error == EFBIG
                  ? "make room on the disk of audit.directory"
                  : "check the disk of audit.directory");
}

// Held by the segment's open file description, so until the last close: a reader's F_OFD_GETLK
// finds it while the chain lives, whoever else opens and closes the file.
int lock_for_writing(int fd) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return ::fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

Segments::Segments(const ChainParts& parts, std::string worker)
    : parts_(parts), worker_(std::move(worker)) {}

Result<Segments::Segment> Segments::make_segment() {
  Segment segment;
  segment.size = parts_.segment_bytes.load();
  segment.path =
      parts_.directory.path() /
      format_segment_name(parts_.clock.wall(), parts_.directory.instance(), worker_, next_number_);
  int fd = parts_.disk.create(segment.path);
  if (fd < 0) return disk_failure("create", segment.path, -fd);
  segment.fd = UniqueFd(fd);
  auto give_up = [&](std::string_view doing, int error) {
    ::unlink(segment.path.c_str());
    return disk_failure(doing, segment.path, error);
  };
  if (int error = lock_for_writing(fd); error != 0) return give_up("lock", error);
  if (int error = parts_.disk.allocate(fd, segment.size); error != 0) {
    return give_up(fmt::format("reserve {} bytes for", segment.size), -error);
  }
  if (int error = parts_.disk.sync_folder(parts_.directory.path()); error != 0) {
    return give_up("make durable the name of", -error);
  }
  ++next_number_;
  return segment;
}

Result<void> Segments::start() {
  auto segment = make_segment();
  if (!segment) return std::unexpected(std::move(segment.error()));
  MutexLock lock(mutex_);
  current_ = std::move(*segment);
  return {};
}

Segments::Written Segments::write(std::string_view bytes) {
  SALLYPORT_CHECK(bytes.size() <= left());
  Written written;
  while (written.bytes < bytes.size()) {
    auto n = parts_.disk.write_at(current_.fd.get(), bytes.substr(written.bytes),
                                  current_.end + written.bytes);
    if (n <= 0) {
      written.error = n < 0 ? static_cast<int>(-n) : EIO;
      break;
    }
    written.bytes += static_cast<std::uint64_t>(n);
    parts_.instruments.writes.add();
  }
  current_.dirty = std::max(current_.dirty, current_.end + written.bytes);
  return written;
}

void Segments::commit(std::uint64_t bytes, std::uint64_t sequence) {
  current_.end += bytes;
  std::int64_t clean = 0;
  dirty_since_.compare_exchange_strong(clean, parts_.clock.steady().time_since_epoch().count());
  written_.store(sequence);
}

bool Segments::move_on() {
  if (!spare_ready()) return false;
  // What a failed write left behind the last complete line would be a torn line in the middle of
  // the chain; cut it off, or stay.
  if (current_.dirty > current_.end && parts_.disk.truncate(current_.fd.get(), current_.end) != 0) {
    return false;
  }
  MutexLock lock(mutex_);
  retired_.push_back(std::move(current_));
  current_ = std::move(*spare_);
  spare_.reset();
  spare_wanted_.store(false);
  spare_bytes_.store(0, std::memory_order_release);
  return true;
}

int Segments::timed_sync(int fd) {
  auto began = parts_.clock.steady();
  int error = parts_.disk.sync_data(fd);
  parts_.instruments.sync_seconds.observe(seconds(parts_.clock.steady() - began));
  return error;
}

int Segments::sync_segments(std::vector<Segment>& retired, int current) {
  int first_error = 0;
  for (auto& segment : retired) {
    // Zero fill that stays is harmless, so a failure here is none.
    [[maybe_unused]] int kept = parts_.disk.truncate(segment.fd.get(), segment.end);
    if (int error = timed_sync(segment.fd.get()); error != 0 && first_error == 0) {
      first_error = error;
    }
  }
  retired.clear();
  if (int error = timed_sync(current); error != 0 && first_error == 0) first_error = error;
  return first_error;
}

void Segments::sync() {
  sync_requested_.store(false);
  std::vector<Segment> retired;
  int current = -1;
  std::uint64_t sequence = 0;
  std::int64_t since = 0;
  {
    // Under the mutex nobody moves on: everything up to `sequence` is in these files. The current
    // descriptor stays open without it, since only this side closes.
    MutexLock lock(mutex_);
    retired.swap(retired_);
    current = current_.fd.get();
    since = dirty_since_.exchange(0);
    sequence = written_.load();
  }
  if (sequence > synced_sequence() || !retired.empty()) {
    if (int error = sync_segments(retired, current); error != 0) {
      parts_.instruments.sync_failures.add();
      if (!sync_failed_.exchange(true)) {
        log::error("audit.sync_failed", {{"worker", worker_}, {"error", std::strerror(-error)}});
      }
    }
    if (since != 0) {
      parts_.instruments.sync_lag.observe(
          seconds(parts_.clock.steady().time_since_epoch() - Duration(since)));
    }
  }
  // After a failure the kernel may have dropped the pages and report success from then on.
  bool ok = !sync_failed();
  if (ok) synced_.store(sequence);
  MutexLock lock(callback_mutex_);
  if (on_synced_) on_synced_(synced_sequence(), ok);
}

bool Segments::prepare_spare() {
  if (spare_ready()) return true;
  auto segment = make_segment();
  if (!segment) {
    parts_.instruments.write_failures.add();
    log::limited(log::Level::kError, "audit.no_spare_segment",
                 {{"worker", worker_}, {"error", segment.error().text()}});
    return false;
  }
  MutexLock lock(mutex_);
  spare_ = std::move(*segment);
  spare_bytes_.store(spare_->size, std::memory_order_release);
  return true;
}

Result<void> Segments::finish() {
  on_synced({});  // nobody waits for an answer any more
  sync();
  auto path = current_.path;
  int cut = parts_.disk.truncate(current_.fd.get(), current_.end);
  int synced = timed_sync(current_.fd.get());
  current_.fd.reset();
  std::optional<Segment> spare;
  {
    MutexLock lock(mutex_);
    spare.swap(spare_);
    spare_bytes_.store(0);
  }
  if (spare) ::unlink(spare->path.c_str());
  if (sync_failed()) return disk_failure("sync", path, EIO);
  if (cut != 0 || synced != 0) return disk_failure("end", path, cut != 0 ? -cut : -synced);
  return {};
}

}  // namespace sallyport::audit
