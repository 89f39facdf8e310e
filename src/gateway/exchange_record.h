// What the audit record is told of an exchange: opened before a byte goes to a provider, closed
// with the answer's end; or one line for a refusal, or for an answer of our own.
#pragma once

#include "base/task.h"
#include "gateway/exchange.h"

namespace sallyport::gateway {

/// What is not recorded is not sent: kOn once the `opened` line is written.
[[nodiscard]] Task<Step> open_record(Exchange& x);
/// Once, after open_record() was kOn. Settles what the meter saw and what is counted.
void close_record(Exchange& x, const Ending& ending);
/// The end of a record that is open still when its exchange goes: something was thrown on the way
/// (memory, say).
void close_abandoned(Exchange& x) noexcept;
/// The line of an answer of our own to a known person; kOn once it is written.
[[nodiscard]] Task<Step> record_answer(Exchange& x, int status);
/// A refusal before anything went to a provider: into the chain for a known person, into the side
/// journal for a stranger, and into the log.
void record_refusal(Exchange& x, const Refused& refused);

}  // namespace sallyport::gateway
