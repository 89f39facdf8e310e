// The three loads. Each runs to its end and leaves its figures in a Report.
//
//   closed   every connection sends its next request when the answer to the last has come
//   open     requests at a fixed rate, whatever the answers do; latency counts from when
//            one was due
//   streams  many event streams open at once; each event carries the time at which it was sent
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "driver.h"
#include "latency.h"

namespace rig {

struct Plan {
  std::size_t connections = 32;
  double rate = 500;      ///< open: requests a second
  double ramp = 1000;     ///< streams: new streams a second
  double warm_up = 1;     ///< seconds before the window; closed: at least until each token was used
  double seconds = 5;     ///< length of the window
  std::size_t first = 0;  ///< closed: requests to send at least before the window
  std::vector<int> pids;  ///< the peer's processes
};

/// What happened in the window; zero where a load does not know it.
struct Report {
  double seconds = 0;
  std::uint64_t answers = 0;
  std::uint64_t events = 0;
  std::int64_t cpu_us = 0;
  std::int64_t memory_before_kib = 0;  ///< of the peer, before the first connection
  std::int64_t memory_kib = 0;         ///< of the peer, at the start of the window
  Latency latency;                     ///< of answers; streams: of events
  Latency first_event;
  std::uint64_t errors = 0;
  std::string first_error;
};

[[nodiscard]] Report run_closed(std::uint16_t port, SSL_CTX* tls, RequestShape shape, Plan plan);
[[nodiscard]] Report run_open(std::uint16_t port, SSL_CTX* tls, RequestShape shape, Plan plan);
[[nodiscard]] Report run_streams(std::uint16_t port, SSL_CTX* tls, RequestShape shape, Plan plan);

}  // namespace rig
