#include "audit/side_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "audit/record.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "base/unique_fd.h"

namespace sallyport::audit {
namespace {

constexpr std::string_view kFile = "refusals.jsonl";
constexpr std::string_view kFileBefore = "refusals.1.jsonl";
constexpr std::string_view kOther = "other";

std::int64_t minute_of(WallTime time) {
  return std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count();
}

template <typename Entry>
std::string_view source_of(const Entry& entry) {
  return {entry.source.data(), entry.source_size};
}

template <typename Entry>
std::string_view reason_of(const Entry& entry) {
  return {entry.reason.data(), entry.reason_size};
}

template <typename Entry>
void set(Entry& entry, std::string_view source, std::string_view reason) {
  std::ranges::copy(source, entry.source.begin());
  std::ranges::copy(reason, entry.reason.begin());
  entry.source_size = static_cast<std::uint8_t>(source.size());
  entry.reason_size = static_cast<std::uint8_t>(reason.size());
}

void append_line(std::string& out, std::string_view minute, std::string_view source,
                 std::string_view reason, std::uint64_t count) {
  JsonWriter json(out);
  json.begin().text("minute", minute).text("source", source).text("reason", reason);
  json.number("count", static_cast<std::int64_t>(count)).end();
  out.push_back('\n');
}

}  // namespace

Result<std::unique_ptr<SideJournal>> SideJournal::open(const std::filesystem::path& audit_directory,
                                                       Clock& clock, Instruments& instruments,
                                                       std::uint64_t cap) {
  auto folder = audit_directory / "side";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail("audit.directory",
                fmt::format("cannot make {}: {}", folder.string(), std::strerror(errno)),
                "check the permissions of audit.directory");
  }
  return std::unique_ptr<SideJournal>(new SideJournal(folder, clock, instruments, cap));
}

SideJournal::SideJournal(std::filesystem::path folder, Clock& clock, Instruments& instruments,
                         std::uint64_t cap)
    : folder_(std::move(folder)),
      clock_(clock),
      instruments_(instruments),
      cap_(cap),
      counting_(std::make_unique<Table>()),
      minute_(minute_of(clock.wall())),
      writing_(std::make_unique<Table>()) {}

SideJournal::~SideJournal() {
  if (thread_.joinable()) {
    {
      MutexLock lock(stop_mutex_);
      stop_ = true;
      stopped_.notify_one();
    }
    thread_.join();
  }
  write_out();
}

void SideJournal::note(std::string_view source, std::string_view reason) {
  source = source.substr(0, kMaxSource);
  reason = reason.substr(0, kMaxReason);
  instruments_.side_notes.add();
  std::size_t hash =
      std::hash<std::string_view>{}(source) * 31 ^ std::hash<std::string_view>{}(reason);
  MutexLock lock(mutex_);
  auto& slots = counting_->slots;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    auto& entry = slots[(hash + i) % slots.size()];
    if (entry.count > 0 && source_of(entry) == source && reason_of(entry) == reason) {
      ++entry.count;
      return;
    }
    if (entry.count > 0) continue;
    if (counting_->used == kEntries) break;
    ++counting_->used;
    set(entry, source, reason);
    entry.count = 1;
    return;
  }
  count_other(reason);
}

// The minute's table is full.
void SideJournal::count_other(std::string_view reason) {
  for (auto& entry : counting_->other) {
    if (entry.count == 0) set(entry, kOther, reason);
    if (reason_of(entry) != reason) continue;
    ++entry.count;
    return;
  }
  ++counting_->rest;
}

void SideJournal::start() {
  thread_ = std::thread([this] { run(); });
}

void SideJournal::run() {
  MutexLock lock(stop_mutex_);
  while (!stop_) {
    auto now = clock_.wall();
    auto next = std::chrono::floor<std::chrono::minutes>(now) + std::chrono::minutes(1);
    auto end = std::chrono::steady_clock::now() + (next - now);
    while (!stop_ && stopped_.wait_until(stop_mutex_, end)) continue;
    if (stop_) return;
    lock.unlock();
    write_out();
    lock.lock();
  }
}

void SideJournal::write_out() {
  MutexLock writer(write_mutex_);
  std::int64_t minute = 0;
  {
    MutexLock lock(mutex_);
    std::swap(counting_, writing_);
    minute = std::exchange(minute_, minute_of(clock_.wall()));
  }
  char stamp[kTimeChars];
  write_time(stamp, WallTime(std::chrono::minutes(minute)));
  auto label = std::string(stamp, 16) + "Z";
  std::string text;
  std::uint64_t total = writing_->rest;
  auto add = [&](const Entry& entry) {
    if (entry.count == 0) return;
    append_line(text, label, source_of(entry), reason_of(entry), entry.count);
    total += entry.count;
  };
  std::ranges::for_each(writing_->slots, add);
  std::ranges::for_each(writing_->other, add);
  if (writing_->rest > 0) append_line(text, label, kOther, kOther, writing_->rest);
  for (auto& entry : writing_->slots) entry.count = 0;
  for (auto& entry : writing_->other) entry.count = 0;
  writing_->used = 0;
  writing_->rest = 0;
  if (text.empty() || append_to_file(text)) return;
  instruments_.side_dropped.add(total);
}

// Two files of half the cap each; the older one makes room. Short writes leave an incomplete line:
// its count is lost, and the next line starts on a line of its own.
bool SideJournal::append_to_file(const std::string& text) {
  auto path = folder_ / kFile;
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0) return false;
  if (static_cast<std::uint64_t>(info.st_size) + text.size() > cap_ / 2) {
    if (::rename(path.c_str(), (folder_ / kFileBefore).c_str()) != 0) return false;
    fd = UniqueFd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    info.st_size = 0;
  }
  if (!fd || text.size() > cap_ / 2) return false;
  auto n = ::write(fd.get(), text.data(), text.size());
  if (n == static_cast<ssize_t>(text.size())) return true;
  log::limited(log::Level::kWarning, "audit.side_journal_failed",
               {{"error", n < 0 ? std::strerror(errno) : "short write"}});
  [[maybe_unused]] int cut = ::ftruncate(fd.get(), info.st_size);
  return false;
}

}  // namespace sallyport::audit
