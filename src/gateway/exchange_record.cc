#include "gateway/exchange_record.h"

#include "base/log.h"
#include "gateway/admission.h"
#include "gateway/provider_credential.h"
#include "gateway/record_views.h"

namespace sallyport::gateway {
namespace {

RefusedPtr unrecorded() {
  return refused(refusal_of(Cause::kRecordUnavailable));
}

audit::Usage as_recorded(const usage::Usage& usage) {
  auto number = [](std::uint64_t count) { return static_cast<std::int64_t>(count); };
  return {.input = number(usage.input),
          .output = number(usage.output),
          .cache_write_5m = number(usage.cache_write_5m),
          .cache_write_1h = number(usage.cache_write_1h),
          .cache_read = number(usage.cache_read),
          .thinking = number(usage.thinking),
          .web_searches = number(usage.web_searches),
          .exact = !usage.estimated,
          .malformed = usage.malformed};
}

// Under the names that the provider's row gives them.
std::array<audit::ProviderId, upstream::kMostRequestIds> provider_ids(const Exchange& x) {
  static_assert(upstream::kMostRequestIds == audit::kMaxProviderIds);
  std::array<audit::ProviderId, upstream::kMostRequestIds> ids;
  const auto fields = x.to().upstream->kind().traits().ids;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    ids[i] = {fields[i].recorded, x.told.provider_ids[i]};
  }
  return ids;
}

// The opened line is queued, but the disk does not take it: its end is queued behind it, and the
// person is told.
RefusedPtr record_failed(Exchange& x) {
  audit::Closed closed{.id = x.id,
                       .time = x.worker.shared.clock.wall(),
                       .opened_sequence = x.opened_sequence,
                       .status = 503,
                       .outcome = audit::Outcome::kRecordFailed,
                       .duration_us = x.elapsed_us()};
  x.worker.record.chain().append_closed(closed);
  x.opened_sequence = 0;
  x.worker.counters.record_failed.add();
  auto why = unrecorded();
  why->recorded = true;
  return why;
}

}  // namespace

Task<Step> open_record(Exchange& x) {
  auto& record = x.worker.record;
  {
    RecordViews views(x);
    audit::Opened opened{
        .id = x.id,
        .time = x.received,
        .person = views.person(),
        .source = views.source(),
        .client = views.program(),
        .request = views.request(),
        .decision = x.let_in_by,
        .route = {.upstream = x.to().upstream->name(), .deployment = x.to().deployment}};
    if (!record.chain().append_opened(opened)) co_return x.refuse(unrecorded());
  }
  x.opened_sequence = record.chain().appended_sequence();
  bool written = co_await record.written(x.signal());
  if (!written) co_return x.refuse(record_failed(x));
  if (x.worker.shared.sync_each.load(std::memory_order_relaxed)) record.chain().request_sync();
  co_return Step::kOn;
}

void close_record(Exchange& x, const Ending& ending) {
  auto& counters = x.worker.counters;
  usage::Usage usage = x.told.meter.finish(ending.outcome == audit::Outcome::kComplete);
  const bool has_usage = ending.metered && x.asked.endpoint == Endpoint::kMessages;
  audit::Outcome outcome = ending.outcome;
  // The transport ended well, the answer did not: an `error` event, no message_stop.
  if (outcome == audit::Outcome::kComplete && has_usage && !usage.complete) {
    outcome = audit::Outcome::kUpstreamError;
  }
  const audit::Usage counted = as_recorded(usage);
  // The meter reads escapes: what it found is looked at once more before it stands in the record.
  auto shown = [&](std::string_view text) -> std::string_view {
    return reveals_credential(x, text) ? "withheld" : text;
  };
  const std::string_view error =
      ending.error_type.empty() ? shown(usage.error_type) : ending.error_type;
  const auto ids = provider_ids(x);
  const bool cut = outcome == audit::Outcome::kCutByRevocation;
  audit::Closed closed{.id = x.id,
                       .time = x.worker.shared.clock.wall(),
                       .opened_sequence = x.opened_sequence,
                       .status = ending.status,
                       .outcome = outcome,
                       .attempts = x.told.attempts,
                       .provider_ids = ids,
                       .stop_reason = shown(usage.stop_reason),
                       .error_type = error,
                       .revocation = cut ? std::string_view(x.revocation()->id) : "",
                       .first_byte_us = x.told.first_byte_us,
                       .duration_us = x.elapsed_us(),
                       .bytes = x.client.bytes_sent(),
                       .usage = has_usage ? &counted : nullptr};
  x.worker.record.chain().append_closed(closed);
  x.opened_sequence = 0;
  counters.of(outcome).add();
  if (has_usage) counters.count_tokens(usage);
  using std::chrono::microseconds;
  if (x.told.first_byte_us >= 0) counters.first_byte.observe(microseconds(x.told.first_byte_us));
  counters.duration.observe(microseconds(closed.duration_us));
}

void close_abandoned(Exchange& x) noexcept {
  audit::Closed closed{.id = x.id,
                       .time = x.worker.shared.clock.wall(),
                       .opened_sequence = x.opened_sequence,
                       .outcome = audit::Outcome::kUpstreamError,
                       .error_type = "gateway.failed",
                       .duration_us = x.elapsed_us(),
                       .bytes = x.client.bytes_sent()};
  x.worker.record.chain().append_closed(closed);
  x.opened_sequence = 0;
  x.worker.counters.of(closed.outcome).add();
}

Task<Step> record_answer(Exchange& x, int status) {
  {
    RecordViews views(x);
    audit::Answered answered{.id = x.id,
                             .time = x.received,
                             .person = views.person(),
                             .source = views.source(),
                             .client = views.program(),
                             .request = views.request(),
                             .status = status};
    if (!x.worker.record.chain().append_answered(answered)) co_return x.refuse(unrecorded());
  }
  bool written = co_await x.worker.record.written(x.signal());
  if (!written) {
    auto why = unrecorded();
    why->recorded = true;
    co_return x.refuse(std::move(why));
  }
  co_return still_admitted(x);
}

void record_refusal(Exchange& x, const Refused& refused) {
  const http::Refusal& answer = refused.answer;
  if (x.caller.person) {
    x.worker.counters.refused_known.add();
    RecordViews views(x);
    audit::Refused record{.id = x.id,
                          .time = x.received,
                          .person = views.person(),
                          .source = views.source(),
                          .client = views.program(),
                          .request = views.request(),
                          .status = answer.status,
                          .reason = answer.code,
                          .claim = refused.claim,
                          .expected = refused.expected,
                          .got = refused.got,
                          .next_step = refused.next_step,
                          .revocation = refused.revocation};
    bool recorded = x.worker.record.chain().append_refused(record);
    if (!recorded) log::limited(log::Level::kError, "audit.refusal_lost", {{"id", x.id}});
  } else {
    x.worker.counters.refused_stranger.add();
    x.worker.shared.side.note(x.source.text, answer.code);
  }
  log::limited(log::Level::kInfo, "request.refused",
               {{"id", x.id},
                {"source", x.source.text},
                {"reason", answer.code},
                {"status", answer.status},
                {"claim", refused.claim},
                {"expected", refused.expected},
                {"got", refused.got},
                {"next_step", refused.next_step}});
}

}  // namespace sallyport::gateway
