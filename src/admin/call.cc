#include "admin/call.h"

#include <tuple>

namespace sallyport::admin {

Task<void> send(Call& call, PlainAnswer answer) {
  http::AnswerHead head(answer.status);
  head.add("content-type", answer.type).add("cache-control", "no-store");
  head.add("x-content-type-options", "nosniff").add_lines(answer.more_fields);
  std::ignore = co_await call.client.send(head, {&answer.body, 1});
}

}  // namespace sallyport::admin
