#include "audit/reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>

#include "base/unique_fd.h"

namespace sallyport::audit {
namespace {

constexpr std::size_t kPiece = 256 << 10;

std::unexpected<Error> unreadable(const std::filesystem::path& path, int error) {
  return fail("audit.segment",
              fmt::format("cannot read {}: {}", path.string(), std::strerror(error)),
              "read it as its owner, or check the disk");
}

Result<UniqueFd> open_segment(const std::filesystem::path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) return unreadable(path, errno);
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return unreadable(path, errno);
  if (!S_ISREG(info.st_mode)) return unreadable(path, EINVAL);
  // No reading ahead: it would fetch the zeros behind the lines, and once these are in memory the
  // file system does not call them a hole any more.
  (void)::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_RANDOM);
  return fd;
}

// Asks, without taking a lock, whether a writer holds one (fcntl(2), open file description locks).
bool is_locked(const std::filesystem::path& path) {
  auto fd = open_segment(path);
  if (!fd) return false;
  struct flock lock{};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  return ::fcntl(fd->get(), F_OFD_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}

using Chains = std::map<std::string, ChainFiles>;

Result<Chains> list_files(const std::filesystem::path& directory) {
  Chains chains;
  std::error_code error;
  std::filesystem::directory_iterator files(directory, error);
  while (!error && files != std::filesystem::directory_iterator()) {
    if (auto name = parse_segment_name(files->path().filename().native())) {
      auto& chain = chains[name->chain()];
      chain.instance = name->instance;
      chain.worker = name->worker;
      chain.segments.push_back({files->path(), std::move(*name)});
    }
    files.increment(error);
  }
  if (error) {
    return fail(
        "audit.directory",
        fmt::format("cannot read the audit directory {}: {}", directory.string(), error.message()),
        "name the directory of the audit record, and read it as its owner");
  }
  for (auto& [name, chain] : chains) {
    std::ranges::sort(chain.segments, {}, [](const SegmentFile& file) { return file.name.number; });
  }
  return chains;
}

// The segment that is written carries the lock, and it is the last or, with a spare one behind it,
// the last but one.
bool is_live(const ChainFiles& chain) {
  auto size = chain.segments.size();
  return is_locked(chain.segments[size - 1].path) ||
         (size > 1 && is_locked(chain.segments[size - 2].path));
}

bool same_files(const ChainFiles& a, const ChainFiles& b) {
  return std::ranges::equal(a.segments, b.segments, {}, &SegmentFile::path, &SegmentFile::path);
}

// True at the end of the file too (lseek(2): ENXIO).
bool only_hole_after(int fd, std::uint64_t offset) {
  return ::lseek(fd, static_cast<off_t>(offset), SEEK_DATA) < 0 && errno == ENXIO;
}

// From the last complete line on to the end.
Result<void> read_on(int fd, const std::filesystem::path& path, LineSplitter& splitter,
                     const LineSink& sink) {
  auto buffer = std::make_unique_for_overwrite<char[]>(kPiece);
  splitter.again();
  auto offset = splitter.lines_end();
  auto gap_at = ~0ULL;
  for (;;) {
    if (splitter.end() == LineSplitter::End::kGap && splitter.lines_end() != gap_at) {
      // Beside a writer, what was zeros a moment ago may be lines by now: look once more.
      offset = gap_at = splitter.lines_end();
      splitter.again();
    }
    // Nothing but room that was never written is left: it reads as zeros, and need not be read.
    if (splitter.done() || only_hole_after(fd, offset)) return {};
    auto n = ::pread(fd, buffer.get(), kPiece, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(path, errno);
    if (n == 0) return {};
    splitter.feed({buffer.get(), static_cast<std::size_t>(n)}, sink);
    offset += static_cast<std::uint64_t>(n);
  }
}

bool has_content(const SegmentFile& file) {
  auto read = read_segment(file.path, [](std::string_view) { return false; });
  return read && (read->content_end() > 0 || read->end() == LineSplitter::End::kGap);
}

}  // namespace

Result<std::vector<ChainFiles>> list_chains(const std::filesystem::path& directory) {
  auto chains = list_files(directory);
  if (!chains) return std::unexpected(std::move(chains.error()));
  for (auto& [name, chain] : *chains) chain.live = is_live(chain);
  // A writer may have moved on to a new segment between the listing and the look at the locks: a
  // chain that looked ended is looked at again with the files of a second listing.
  auto again = list_files(directory);
  if (!again) return std::unexpected(std::move(again.error()));
  std::vector<ChainFiles> sorted;
  for (auto& [name, chain] : *chains) {
    auto found = again->find(name);
    if (!chain.live && found != again->end() && !same_files(found->second, chain)) {
      chain = found->second;
      chain.live = is_live(chain);
    }
    sorted.push_back(std::move(chain));
  }
  std::ranges::sort(sorted, {}, [](const ChainFiles& chain) {
    return chain.segments.front().path.filename().native();
  });
  return sorted;
}

Result<LineSplitter> read_segment(const std::filesystem::path& path, const LineSink& sink) {
  auto fd = open_segment(path);
  if (!fd) return std::unexpected(std::move(fd.error()));
  LineSplitter splitter;
  if (auto read = read_on(fd->get(), path, splitter, sink); !read) {
    return std::unexpected(std::move(read.error()));
  }
  return splitter;
}

Result<SegmentRead> read_segment(const ChainFiles& chain, std::size_t index, const LineSink& sink) {
  const auto& path = chain.segments[index].path;
  auto fd = open_segment(path);
  if (!fd) return std::unexpected(std::move(fd.error()));
  SegmentRead segment;
  auto read = read_on(fd->get(), path, segment.lines, sink);
  segment.last = std::none_of(chain.segments.begin() + static_cast<std::ptrdiff_t>(index) + 1,
                              chain.segments.end(), has_content);
  // The writer has moved on, perhaps only since the first reading: now this segment is complete.
  if (read && !segment.last) read = read_on(fd->get(), path, segment.lines, sink);
  if (!read) return std::unexpected(std::move(read.error()));
  return segment;
}

Result<std::string> read_last_line(const std::filesystem::path& path) {
  auto fd = open_segment(path);
  if (!fd) return std::unexpected(std::move(fd.error()));
  auto size = ::lseek(fd->get(), 0, SEEK_END);
  if (size < 0) return unreadable(path, errno);
  auto length = std::min<off_t>(size, kMaxLineBytes + 1);
  std::string tail(static_cast<std::size_t>(length), '\0');
  auto n = ::pread(fd->get(), tail.data(), tail.size(), size - length);
  if (n < 0) return unreadable(path, errno);
  tail.resize(static_cast<std::size_t>(n));
  if (!tail.ends_with('\n')) return std::string();
  tail.pop_back();
  auto before = tail.rfind('\n');
  if (before == std::string::npos && length < size) return std::string();
  return before == std::string::npos ? tail : tail.substr(before + 1);
}

}  // namespace sallyport::audit
