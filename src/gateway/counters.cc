#include "gateway/counters.h"

#include "base/check.h"

namespace sallyport::gateway {
namespace {

struct Row {
  const char* name;
  const char* help;
  const char* label;  ///< null: none
  const char* value;
  OwnCounter Counters::* counter;
};

constexpr const char* kRequests = "sallyport_requests_total";
constexpr const char* kRequestsHelp = "Requests that were let through, by how they ended.";
constexpr const char* kRefused = "sallyport_refused_total";
constexpr const char* kRefusedHelp = "Requests that were refused.";
constexpr const char* kTokens = "sallyport_tokens_total";
constexpr const char* kTokensHelp = "Tokens as the providers counted them.";

constexpr Row kRows[] = {
    {"sallyport_connections_refused_total", "Connections closed at once because of a limit.",
     nullptr, nullptr, &Counters::connections_refused},
    {kRequests, kRequestsHelp, "outcome", "complete", &Counters::complete},
    {kRequests, kRequestsHelp, "outcome", "aborted_by_client", &Counters::aborted},
    {kRequests, kRequestsHelp, "outcome", "cut_by_revocation", &Counters::cut},
    {kRequests, kRequestsHelp, "outcome", "upstream_error", &Counters::upstream_error},
    {kRequests, kRequestsHelp, "outcome", "record_failed", &Counters::record_failed},
    {kRefused, kRefusedHelp, "caller", "known", &Counters::refused_known},
    {kRefused, kRefusedHelp, "caller", "stranger", &Counters::refused_stranger},
    {"sallyport_refused_revoked_total", "Requests refused because of a revocation.", nullptr,
     nullptr, &Counters::refused_revoked},
    {"sallyport_damped_total",
     "Requests answered 429 unverified because their source sent too many bad tokens.", nullptr,
     nullptr, &Counters::damped},
    {"sallyport_token_cache_hits_total", "Tokens seen before.", nullptr, nullptr,
     &Counters::cache_hits},
    {"sallyport_token_cache_misses_total", "Tokens whose signature was verified or refused.",
     nullptr, nullptr, &Counters::cache_misses},
    {kTokens, kTokensHelp, "kind", "input", &Counters::input_tokens},
    {kTokens, kTokensHelp, "kind", "output", &Counters::output_tokens},
    {kTokens, kTokensHelp, "kind", "cache_read", &Counters::cache_read_tokens},
    {kTokens, kTokensHelp, "kind", "cache_write", &Counters::cache_write_tokens},
    {"sallyport_pings_total", "Pings of ours in silent streams.", nullptr, nullptr,
     &Counters::pings},
    {"sallyport_upstream_connects_total", "New connections to providers.", nullptr, nullptr,
     &Counters::upstream_connects},
    {"sallyport_upstream_connect_failures_total", "Connections to providers that failed.", nullptr,
     nullptr, &Counters::upstream_connect_failures},
};

}  // namespace

OwnCounter& Counters::of(audit::Outcome outcome) {
  switch (outcome) {
    case audit::Outcome::kComplete:
      return complete;
    case audit::Outcome::kAbortedByClient:
      return aborted;
    case audit::Outcome::kCutByRevocation:
      return cut;
    case audit::Outcome::kUpstreamError:
      return upstream_error;
    case audit::Outcome::kRecordFailed:
      return record_failed;
    case audit::Outcome::kInterrupted:  // written by a later start alone
      break;
  }
  check_failed("an outcome that no running exchange has", __FILE__, __LINE__);
}

void Counters::count_tokens(const usage::Usage& usage) {
  input_tokens.add(usage.input);
  output_tokens.add(usage.output);
  cache_read_tokens.add(usage.cache_read);
  cache_write_tokens.add(usage.cache_write_5m + usage.cache_write_1h);
}

void show_counters(Metrics& metrics, std::vector<const Counters*> workers) {
  for (const auto& row : kRows) {
    Labels labels;
    if (row.label != nullptr) labels.emplace_back(row.label, row.value);
    metrics.sum(row.name, row.help, labels, [workers, counter = row.counter] {
      std::uint64_t sum = 0;
      for (const auto* worker : workers) sum += (worker->*counter).value();
      return sum;
    });
  }
  auto sum_of = [&](std::uint64_t (Counters::*read)() const) {
    return [workers, read] {
      std::uint64_t sum = 0;
      for (const auto* worker : workers) sum += (worker->*read)();
      return static_cast<double>(sum);
    };
  };
  metrics.callback("sallyport_connections", "Open client connections.", {},
                   sum_of(&Counters::connections));
  metrics.callback("sallyport_exchanges", "Requests being answered.", {},
                   sum_of(&Counters::exchanges));
  auto all = [&](OwnHistogram Counters::* part) {
    std::vector<const OwnHistogram*> parts;
    parts.reserve(workers.size());
    for (const auto* worker : workers) parts.push_back(&(worker->*part));
    return parts;
  };
  metrics.histograms("sallyport_first_byte_seconds",
                     "From the head of a request to the first byte of its answer.",
                     all(&Counters::first_byte));
  metrics.histograms("sallyport_request_seconds",
                     "From the head of a request to the end of its answer.",
                     all(&Counters::duration));
}

}  // namespace sallyport::gateway
