#include "gateway/record_gate.h"

#include "gateway/bits.h"

namespace sallyport::gateway {

RecordGate::RecordGate(EventLoop& loop, audit::Chain& chain) : loop_(loop), chain_(chain) {
  loop_.at_end_of_turn([this] { write(); });
  chain_.on_synced([this](std::uint64_t, bool ok) {
    loop_.post([this, ok] {
      sync_ok_ = sync_ok_ && ok;
      for_sync_.wake(kSynced);
    });
  });
}

// The sync thread outlives the workers: after this call it does not know this one any more.
RecordGate::~RecordGate() {
  chain_.on_synced({});
}

void RecordGate::write() {
  if (!chain_.pending()) return;
  auto written = chain_.flush();
  for_write_.wake(written ? kRecorded : kRecordFailed);
}

std::optional<audit::Head> RecordGate::head() {
  write();
  if (chain_.pending()) return std::nullopt;
  return chain_.head();
}

Task<bool> RecordGate::written(Signal& signal) {
  signal.clear(kRecorded | kRecordFailed);
  Waiters::Place place(for_write_, signal);  // the turn's end always answers
  std::uint32_t why = co_await signal.wait(kRecorded | kRecordFailed);
  co_return (why & kRecorded) != 0;
}

Task<bool> RecordGate::synced(Signal& signal, std::uint64_t sequence) {
  while (chain_.synced_sequence() < sequence) {
    if (!sync_ok_) co_return false;
    signal.clear(kSynced);
    Waiters::Place place(for_sync_, signal);
    std::uint32_t why = co_await signal.wait(kSynced | kCut);
    if ((why & kCut) != 0) co_return false;
  }
  co_return true;
}

}  // namespace sallyport::gateway
