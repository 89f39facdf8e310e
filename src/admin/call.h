// What whoever answers at one of the administrator's doors gets of a request.
#pragma once

#include "base/event_loop.h"
#include "http/byte_budget.h"
#include "http/server_stream.h"

namespace sallyport::admin {

inline constexpr std::size_t kMaxQuestion = std::size_t{1} << 20;  ///< bytes of a body

struct Call {
  EventLoop& loop;
  http::ServerStream& client;
  http::ByteBudget& bodies;
};

/// A whole small answer; a client that is gone needs none.
struct PlainAnswer {
  int status = 200;
  std::string_view type = "text/plain";
  std::string_view body;
  std::string_view more_fields = {};  ///< whole header lines
};
[[nodiscard]] Task<void> send(Call& call, PlainAnswer answer);

}  // namespace sallyport::admin
