// What answers at the public port: one visible table, and the answers of our own.
#pragma once

#include <span>

#include "gateway/exchange.h"
#include "http/route_table.h"

namespace sallyport::gateway {

/// The paths of the public port, without the public prefix. OAuth's metadata document, whose path
/// depends on the configuration, is beside it in the dispatcher.
[[nodiscard]] std::span<const http::Route<Exchange>> public_routes();

/// Answers the request whose head `client` has just read.
[[nodiscard]] Task<void> answer_request(WorkerState& worker, http::ServerStream& client,
                                        const Source& peer);

/// What is said to a head that is no head, or does not end (no fault), and counted.
[[nodiscard]] http::WrittenRefusal refuse_head(WorkerState& worker, const Source& peer,
                                               std::optional<http::HeadFault> fault);

}  // namespace sallyport::gateway
