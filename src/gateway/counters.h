// What one worker counts: the one set of numbers behind `sallyport status` and /metrics. The
// worker's thread writes, any thread reads. Which metric each is stands in one table in
// counters.cc.
#pragma once

#include <span>

#include "audit/record.h"
#include "base/metrics.h"
#include "usage/token_meter.h"

namespace sallyport::gateway {

struct Counters {
  OwnCounter connections_opened, connections_closed, connections_refused;
  OwnCounter exchanges_opened, exchanges_closed;
  OwnCounter complete, aborted, cut, upstream_error, record_failed;
  OwnCounter refused_known, refused_stranger, refused_revoked, damped;
  OwnCounter cache_hits, cache_misses;
  OwnCounter input_tokens, output_tokens, cache_read_tokens, cache_write_tokens;
  OwnCounter pings;
  OwnCounter upstream_connects, upstream_connect_failures;
  OwnHistogram first_byte, duration;
  OwnCounter cached_tokens;           ///< as it was within the last second
  std::atomic<bool> accepting{true};  ///< the record takes requests; likewise

  [[nodiscard]] OwnCounter& of(audit::Outcome outcome);
  void count_tokens(const usage::Usage& usage);
  [[nodiscard]] std::uint64_t connections() const {
    return connections_opened.value() - connections_closed.value();
  }
  [[nodiscard]] std::uint64_t exchanges() const {
    return exchanges_opened.value() - exchanges_closed.value();
  }
  [[nodiscard]] std::uint64_t refused() const {
    return refused_known.value() + refused_stranger.value();
  }
};

/// Shows the sums over all workers. They live as long as the metrics are rendered.
void show_counters(Metrics& metrics, std::vector<const Counters*> workers);

}  // namespace sallyport::gateway
