#include "audit/instruments.h"

namespace sallyport::audit {

Instruments::Instruments(Metrics& metrics)
    : records(metrics.counter("sallyport_audit_records_total", "Lines written to the chains.")),
      bytes(metrics.counter("sallyport_audit_bytes_total", "Bytes written to the chains.")),
      writes(metrics.counter("sallyport_audit_writes_total",
                             "Writes to the chains; each takes all records of a turn.")),
      write_failures(metrics.counter("sallyport_audit_write_failures_total",
                                     "Writes to the chains that failed.")),
      turned_away(metrics.counter("sallyport_audit_turned_away_total",
                                  "Records that found no room or a failed chain; their requests "
                                  "were refused.")),
      sync_failures(metrics.counter("sallyport_audit_sync_failures_total",
                                    "Syncs that failed; their chains accept nothing any more.")),
      side_notes(metrics.counter("sallyport_audit_side_notes_total",
                                 "Refusals without a verified person, counted beside the chains.")),
      side_dropped(metrics.counter("sallyport_audit_side_dropped_total",
                                   "Refusals without a verified person whose count was lost.")),
      sync_seconds(metrics.histogram("sallyport_audit_sync_seconds", "Duration of one fdatasync.")),
      sync_lag(metrics.histogram("sallyport_audit_sync_lag_seconds",
                                 "From the oldest unsynced write to its being on the disk.")) {}

}  // namespace sallyport::audit
