#include "admin/api/archive.h"

#include <memory>

#include "admin/api/backends.h"
#include "audit/reading_bounds.h"
#include "base/log.h"

namespace sallyport::admin {

void answer_at_archive(const ApiRequest& request, Backends& backends, const Reply& reply,
                       Handler::Now handler) {
  auto kept = std::make_shared<ApiRequest>(request);
  bool taken = backends.at_archive(request.caller, [kept, reply, handler,
                                                    &backends](const Desk::Place& place) {
    kept->go_on = [&place, wanted = kept->go_on] { return place.go_on() && (!wanted || wanted()); };
    try {
      if (!kept->go_on()) return reply(std::unexpected(ended_problem()));
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

Problem ended_problem() {
  return {503,
          {"api.ended", "it was not answered: nobody waited for it any more, or the gateway ends",
           "ask again"}};
}

std::unexpected<Problem> refuse_reading(Error error) {
  if (error.code == audit::kReadingEnded) return std::unexpected(ended_problem());
  return refuse(503, std::move(error));
}

}  // namespace sallyport::admin
