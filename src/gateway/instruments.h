// The data plane's metrics, created once and shared by all workers.
#pragma once

#include <string>

#include "audit/record.h"
#include "base/metrics.h"

namespace sallyport::gateway {

struct Instruments {
  explicit Instruments(Metrics& metrics)
      : connections(metrics.gauge("sallyport_connections", "Open client connections.")),
        connections_refused(metrics.counter("sallyport_connections_refused_total",
                                            "Connections closed at once because of a limit.")),
        exchanges(metrics.gauge("sallyport_exchanges", "Requests being answered.")),
        complete(outcome(metrics, "complete")),
        aborted(outcome(metrics, "aborted_by_client")),
        cut(outcome(metrics, "cut_by_revocation")),
        upstream_error(outcome(metrics, "upstream_error")),
        record_failed(outcome(metrics, "record_failed")),
        refused_known(refused(metrics, "known")),
        refused_stranger(refused(metrics, "stranger")),
        refused_revoked(metrics.counter("sallyport_refused_revoked_total",
                                        "Requests refused because of a revocation.")),
        damped(metrics.counter("sallyport_damped_total",
                               "Requests answered 429 unverified because their source sent too "
                               "many bad tokens.")),
        cache_hits(metrics.counter("sallyport_token_cache_hits_total", "Tokens seen before.")),
        cache_misses(metrics.counter("sallyport_token_cache_misses_total",
                                     "Tokens whose signature was verified or refused.")),
        input_tokens(tokens(metrics, "input")),
        output_tokens(tokens(metrics, "output")),
        cache_read_tokens(tokens(metrics, "cache_read")),
        cache_write_tokens(tokens(metrics, "cache_write")),
        pings(metrics.counter("sallyport_pings_total", "Pings of ours in silent streams.")),
        upstream_connects(
            metrics.counter("sallyport_upstream_connects_total", "New connections to providers.")),
        upstream_connect_failures(metrics.counter("sallyport_upstream_connect_failures_total",
                                                  "Connections to providers that failed.")),
        first_byte(
            metrics.histogram("sallyport_first_byte_seconds",
                              "From the head of a request to the first byte of its answer.")),
        duration(metrics.histogram("sallyport_request_seconds",
                                   "From the head of a request to the end of its answer.")) {}

  static Counter& outcome(Metrics& metrics, std::string name) {
    return metrics.counter("sallyport_requests_total",
                           "Requests that were let through, by how they ended.",
                           {{"outcome", std::move(name)}});
  }
  static Counter& refused(Metrics& metrics, std::string who) {
    return metrics.counter("sallyport_refused_total", "Requests that were refused.",
                           {{"caller", std::move(who)}});
  }
  static Counter& tokens(Metrics& metrics, std::string kind) {
    return metrics.counter("sallyport_tokens_total", "Tokens as the providers counted them.",
                           {{"kind", std::move(kind)}});
  }
  Counter& of(audit::Outcome outcome) {
    switch (outcome) {
      case audit::Outcome::kComplete:
        return complete;
      case audit::Outcome::kAbortedByClient:
        return aborted;
      case audit::Outcome::kCutByRevocation:
        return cut;
      case audit::Outcome::kRecordFailed:
        return record_failed;
      default:
        return upstream_error;
    }
  }

  Gauge& connections;
  Counter& connections_refused;
  Gauge& exchanges;
  Counter &complete, &aborted, &cut, &upstream_error, &record_failed;
  Counter &refused_known, &refused_stranger, &refused_revoked, &damped;
  Counter &cache_hits, &cache_misses;
  Counter &input_tokens, &output_tokens, &cache_read_tokens, &cache_write_tokens;
  Counter& pings;
  Counter &upstream_connects, &upstream_connect_failures;
  Histogram &first_byte, &duration;
};

}  // namespace sallyport::gateway
