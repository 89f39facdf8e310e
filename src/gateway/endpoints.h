// What answers at the public port: one visible table, and the answers of our own.
#pragma once

#include <span>

#include "gateway/admission.h"
#include "http/route_table.h"

namespace sallyport::gateway {

/// The paths of the public port, without the public prefix. OAuth's metadata document, whose path
/// depends on the configuration, is beside it in route_of().
using PublicRoute = http::Route<Exchange, Admitted>;
[[nodiscard]] std::span<const PublicRoute> public_routes();

/// What answers this request, and Asked::target with it; null: nothing does, Exchange::refused says
/// why.
[[nodiscard]] const PublicRoute* route_of(Exchange& x);

/// What is said to a head that is no head, or does not end (no fault), and counted.
[[nodiscard]] http::WrittenRefusal refuse_head(WorkerState& worker, const Source& peer,
                                               std::optional<http::HeadFault> fault);

}  // namespace sallyport::gateway
