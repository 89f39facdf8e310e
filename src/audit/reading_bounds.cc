#include "audit/reading_bounds.h"

#include <sys/stat.h>

#include <algorithm>

namespace sallyport::audit {
namespace {

constexpr std::chrono::hours kClockMayErr{24};
constexpr std::size_t kTimeDigits = 12;       // of a UUIDv7: milliseconds in 48 bits
constexpr std::size_t kFewestCharacters = 8;  // they tell the time to a minute
constexpr std::size_t kVersionAt = 14;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::unexpected<Error> reading_ended() {
  return fail(kReadingEnded, "the record was not read to its end: nobody waits for it any more",
              "ask again");
}

std::optional<WallTime> time_of_uuid7(std::string_view id) {
  if (id.size() < kFewestCharacters) return std::nullopt;
  if (id.size() > kVersionAt && id[kVersionAt] != '7') return std::nullopt;
  std::int64_t millis = 0;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < id.size() && digits < kTimeDigits; ++i) {
    if (i == kFewestCharacters) {
      if (id[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = digit_of(id[i]);
    if (digit < 0) return std::nullopt;
    millis = millis * 16 + digit;
    ++digits;
  }
  for (; digits < kTimeDigits; ++digits) millis *= 16;
  return WallTime(std::chrono::milliseconds(millis));
}

std::string earliest_of(std::string_view id, WallTime now) {
  auto time = time_of_uuid7(id);
  if (!time) return {};
  return format_time(std::max(std::min(*time, now) - kClockMayErr, WallTime()));
}

bool older_than(const std::filesystem::path& path, std::string_view since) {
  struct stat info{};
  if (since.empty() || ::stat(path.c_str(), &info) != 0) return false;
  return format_time(WallTime(std::chrono::seconds(info.st_mtim.tv_sec + 1))) < since;
}

}  // namespace sallyport::audit
