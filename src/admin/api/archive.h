// Questions that read much of the record: answered at a desk of their own, one after the other, so
// that whoever revokes at the same door does not wait for them.
#pragma once

#include "admin/api/route.h"

namespace sallyport::admin {

/// Has `handler` answer there; 503 api.busy where too many wait already.
void answer_at_archive(const ApiRequest& request, Backends& backends, const Reply& reply,
                       Handler::Now handler);

}  // namespace sallyport::admin
