// Refusals of strangers: counted by (source, reason, minute), outside the chains, and bounded in
// memory and on the disk, so that a flood of bad tokens costs neither. A full disk here stops
// nothing: the counts are lost, and counted as lost.
//
// Files: DIRECTORY/side/refusals.jsonl and refusals.1.jsonl (the one before), each at most half of
// the cap; lines {"minute":"2026-11-21T08:15Z","source":"203.0.113.9","reason":"token.expired",
// "count":1234}. What does not fit in the minute's table is counted under the source "other".
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "audit/instruments.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace sallyport::audit {

class SideJournal {
 public:
  static constexpr std::size_t kEntries = 1024;     ///< pairs of source and reason a minute
  static constexpr std::size_t kOtherReasons = 64;  ///< reasons kept apart in the overflow
  static constexpr std::size_t kMaxSource = 45;     ///< the longest IPv6 text
  static constexpr std::size_t kMaxReason = 48;
  static constexpr std::uint64_t kDefaultCap = 16 << 20;

  /// Makes the folder. Error: audit.directory.
  [[nodiscard]] static Result<std::unique_ptr<SideJournal>> open(
      const std::filesystem::path& audit_directory, Clock& clock, Instruments& instruments,
      std::uint64_t cap = kDefaultCap);
  /// Writes what is counted and stops the thread.
  ~SideJournal();

  /// Any thread; the lock is held for a table look-up, never during I/O.
  void note(std::string_view source, std::string_view reason_code);

  /// Starts the thread that writes once a minute. Without it (tests) write_out() is called by hand.
  void start();
  /// Writes the counts of now and empties the table.
  void write_out();

 private:
  struct Entry {
    std::uint64_t count = 0;
    std::uint8_t source_size = 0;
    std::uint8_t reason_size = 0;
    std::array<char, kMaxSource> source;
    std::array<char, kMaxReason> reason;
  };
  struct Table {
    std::array<Entry, kEntries * 2> slots;  ///< open addressing, at most half full
    std::array<Entry, kOtherReasons> other;
    std::size_t used = 0;
    std::uint64_t rest = 0;  ///< neither a slot nor a reason left
  };

  SideJournal(std::filesystem::path folder, Clock& clock, Instruments& instruments,
              std::uint64_t cap);
  void count_other(std::string_view reason) REQUIRES(mutex_);
  [[nodiscard]] bool append_to_file(const std::string& text) REQUIRES(write_mutex_);
  void run();

  const std::filesystem::path folder_;
  Clock& clock_;
  Instruments& instruments_;
  const std::uint64_t cap_;

  Mutex mutex_;
  std::unique_ptr<Table> counting_ GUARDED_BY(mutex_) PT_GUARDED_BY(mutex_);
  std::int64_t minute_ GUARDED_BY(mutex_) = 0;  ///< when counting_ began, minutes since 1970
  Mutex write_mutex_;                           ///< one writer at a time; taken before mutex_
  std::unique_ptr<Table> writing_ GUARDED_BY(write_mutex_) PT_GUARDED_BY(write_mutex_);

  Mutex stop_mutex_;
  Condition stopped_;
  bool stop_ GUARDED_BY(stop_mutex_) = false;
  std::thread thread_;
};

}  // namespace sallyport::audit
