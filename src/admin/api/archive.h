// Questions that read much of the record: answered at a desk of their own, one after the other, so
// that whoever revokes at the same door does not wait for them.
#pragma once

#include "admin/api/route.h"

namespace sallyport::admin {

/// Has `handler` answer there; 503 api.busy where too many wait already. What it asks with go_on()
/// is whether somebody still waits, and whether the desk is open.
void answer_at_archive(const ApiRequest& request, Backends& backends, const Reply& reply,
                       Handler::Now handler);

/// A read that nobody waits for any more, or that the gateway's end ended.
[[nodiscard]] Problem ended_problem();
/// 503 with the reason why the record was not read; api.ended where it was told to end.
[[nodiscard]] std::unexpected<Problem> refuse_reading(Error error);

}  // namespace sallyport::admin
