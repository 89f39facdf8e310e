// The folder's metrics, made once and shared by all chains. Any thread.
#pragma once

#include "base/metrics.h"

namespace sallyport::audit {

struct Instruments {
  explicit Instruments(Metrics& metrics);

  Counter& records;  ///< lines on their way through write(2)
  Counter& bytes;
  Counter& writes;  ///< write(2) calls: records / writes is the batch
  Counter& write_failures;
  Counter& turned_away;  ///< appends that found no room or a failed chain
  Counter& sync_failures;
  Counter& side_notes;      ///< refusals without a verified person
  Counter& side_dropped;    ///< of these, not written: full disk
  Histogram& sync_seconds;  ///< one fdatasync
  Histogram& sync_lag;      ///< from the oldest unsynced write to its being on the disk
};

}  // namespace sallyport::audit
