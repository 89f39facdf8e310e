#include "admin/api/archive.h"

#include <memory>

#include "admin/api/backends.h"
#include "base/log.h"

namespace sallyport::admin {

void answer_at_archive(const ApiRequest& request, Backends& backends, const Reply& reply,
                       Handler::Now handler) {
  auto kept = std::make_shared<const ApiRequest>(request);
  bool taken = backends.at_archive(request.caller.key(), [kept, reply, handler, &backends] {
    try {
      reply(handler(*kept, backends));
    } catch (const std::exception& error) {  // memory, say
      log::limited(log::Level::kError, "api.failed", {{"reason", error.what()}});
      reply(refuse(500,
                   {"api.failed", "the answer could not be made", "the gateway's log says why"}));
    }
  });
  if (taken) return;
  reply(std::unexpected(Problem{
      503,
      {"api.busy", "too many questions about the record wait already", "try again in a moment"},
      {},
      1}));
}

}  // namespace sallyport::admin
