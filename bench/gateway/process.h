// What a set of processes has used so far, from /proc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rig {

/// Process ids from "12,13".
[[nodiscard]] std::vector<int> parse_pids(const std::string& text);
/// User and system time of all threads, in microseconds (the kernel counts in ticks of 10 ms).
[[nodiscard]] std::int64_t cpu_us(const std::vector<int>& pids);
/// Memory in KiB, shared pages divided among those who share them (Pss). Needs the same user.
[[nodiscard]] std::int64_t memory_kib(const std::vector<int>& pids);

}  // namespace rig
