// What the tests of this folder stand on: a directory of their own, a clock and a disk that do as
// told, and records with something in them. Not part of the program.
#pragma once

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "audit/chain.h"
#include "audit/disk.h"
#include "audit/reader.h"
#include "base/test_folder.h"

namespace sallyport::audit {

/// The system's disk, that fails on request.
class FaultyDisk final : public Disk {
 public:
  std::atomic<std::int64_t> room{1LL << 40};  ///< that can still be allocated
  std::atomic<int> write_error{0};            ///< of every write while it is set
  std::atomic<int> error_of_fd{-1};           ///< only writes to this descriptor fail
  std::atomic<std::int64_t> write_limit{-1};  ///< bytes until writes fail; -1: none
  std::atomic<int> sync_error{0};
  std::atomic<int> syncs{0};
  std::atomic<int> truncate_error{0};

  int create(const std::filesystem::path& path) override {
    last_fd = system_disk().create(path);
    return last_fd;
  }
  int allocate(int fd, std::uint64_t size) override {
    if (room < static_cast<std::int64_t>(size)) return -ENOSPC;
    room -= static_cast<std::int64_t>(size);
    return system_disk().allocate(fd, size);
  }
  std::int64_t write_at(int fd, std::string_view bytes, std::uint64_t offset) override {
    if (write_error != 0 && (error_of_fd < 0 || error_of_fd == fd)) {
      if (write_limit <= 0) return -write_error;
      bytes = bytes.substr(0, static_cast<std::size_t>(write_limit.load()));
      write_limit -= static_cast<std::int64_t>(bytes.size());
    }
    return system_disk().write_at(fd, bytes, offset);
  }
  int sync_data(int fd) override {
    {
      std::unique_lock lock(mutex_);
      ++waiting_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return !held_; });
      --waiting_;
    }
    ++syncs;
    return sync_error != 0 ? -sync_error : system_disk().sync_data(fd);
  }
  int truncate(int fd, std::uint64_t size) override {
    return truncate_error != 0 ? -truncate_error : system_disk().truncate(fd, size);
  }
  int sync_folder(const std::filesystem::path& folder) override {
    return system_disk().sync_folder(folder);
  }

  /// From now on syncs wait until release().
  void hold_syncs() {
    std::lock_guard lock(mutex_);
    held_ = true;
  }
  void wait_for_held_sync() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }
  void release_syncs() {
    std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  std::atomic<int> last_fd{-1};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  int waiting_ = 0;
};

/// One process as far as the record goes: ends when it goes out of scope, as a crash would end it
/// unless close() was called on its chains.
class Process {
 public:
  explicit Process(const std::filesystem::path& path, std::size_t bytes_a_segment = 64 << 10,
                   std::uint64_t seed = 1)
      : entropy(seed), segment_bytes(bytes_a_segment) {
    directory = Directory::open(path, "node-1", clock, entropy);
  }
  [[nodiscard]] ChainParts parts() { return {*directory, disk, clock, instruments, segment_bytes}; }

  FakeClock clock;
  FakeEntropy entropy;
  FaultyDisk disk;
  Metrics metrics;
  Instruments instruments{metrics};
  Result<Directory> directory = fail("audit.directory", "not opened");
  std::atomic<std::size_t> segment_bytes;  ///< of segments that are begun from now on
};

inline std::string request_id(unsigned number) {
  auto digits = std::to_string(number);
  return "01938000-0000-7000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

inline Opened opened(std::string_view id, WallTime time) {
  static constexpr std::string_view kGroups[] = {"claude-users"};
  static constexpr std::string_view kTools[] = {"Bash", "Read"};
  static constexpr std::string_view kBetas[] = {"claude-code-20250219, context-1m-2025-08-07"};
  Opened record;
  record.id = id;
  record.time = time;
  record.person = {.issuer = "contoso",
                   .tenant = "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4",
                   .object_id = "9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77",
                   .subject = "pairwise",
                   .token_kind = "access_token",
                   .app_only = false,
                   .groups = kGroups,
                   .token_id = "uti-1",
                   .session_id = "sid-1",
                   .client = "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101"};
  record.source = {.address = "203.0.113.9", .proxies = {}};
  record.client = {.program = "claude-cli",
                   .version = "2.1.329",
                   .surface = "cli",
                   .session = "s-1",
                   .agent = {},
                   .parent_agent = {},
                   .prompt = {}};
  record.request = {.method = "POST",
                    .path = "/v1/messages",
                    .model = "claude-sonnet-5",
                    .stream = true,
                    .bytes = 2048,
                    .max_tokens = 1024,
                    .tools = kTools,
                    .betas = kBetas};
  record.decision = {.policy = {}, .reason = "allowed"};
  record.route = {.upstream = "foundry", .deployment = "sonnet-prod"};
  return record;
}

inline Closed closed(std::string_view id, std::uint64_t opened_sequence, WallTime time) {
  static const Usage kUsage{.input = 412,
                            .output = 187,
                            .cache_write_5m = 1832,
                            .cache_read = 21504,
                            .thinking = 61,
                            .exact = true};
  static constexpr ProviderId kIds[] = {
      {"request_id", "req_011CSHoEeqs5C35K2UUqR7Fy"},
      {"apim_request_id", "4f2d2e7e-6c0e-4b69-8a64-0f9ad4a5d0c6"}};
  static constexpr Attempt kAttempts[] = {{"foundry", "sonnet-prod", 200, {}}};
  Closed record;
  record.id = id;
  record.time = time;
  record.opened_sequence = opened_sequence;
  record.status = 200;
  record.attempts = kAttempts;
  record.provider_ids = kIds;
  record.stop_reason = "tool_use";
  record.first_byte_us = 412000;
  record.duration_us = 2815000;
  record.bytes = 18342;
  record.usage = &kUsage;
  return record;
}

/// By value, so that a loop over it outlives nothing.
inline std::vector<ChainFiles> chains_in(const std::filesystem::path& path) {
  auto chains = list_chains(path);
  return chains ? std::move(*chains) : std::vector<ChainFiles>();
}

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void spill(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace sallyport::audit
