// What answers at the local socket and at the loopback port: two visible tables.
#pragma once

#include <span>

#include "admin/call.h"
#include "http/route_table.h"

namespace sallyport::admin {

inline constexpr std::size_t kMaxQuestion = std::size_t{1} << 20;  ///< bytes

[[nodiscard]] std::span<const http::Route<Call>> socket_routes();
[[nodiscard]] std::span<const http::Route<Call>> port_routes();

/// Answers by the table's row for the request, or says that there is none.
[[nodiscard]] Task<void> answer_by(std::span<const http::Route<Call>> table, Call& call);

/// A whole answer; a client that is gone needs none.
[[nodiscard]] Task<void> send(Call& call, Answer answer);

}  // namespace sallyport::admin
