// The parts of the table, a file each. A route is a row in its file; a new file is a line here and
// one in table.cc.
#pragma once

#include <span>

#include "admin/api/route.h"

namespace sallyport::admin {

[[nodiscard]] std::span<const ApiRoute> me_routes();
[[nodiscard]] std::span<const ApiRoute> openapi_routes();
[[nodiscard]] std::span<const ApiRoute> status_routes();
[[nodiscard]] std::span<const ApiRoute> revocation_routes();
[[nodiscard]] std::span<const ApiRoute> people_routes();
[[nodiscard]] std::span<const ApiRoute> request_routes();
[[nodiscard]] std::span<const ApiRoute> configuration_routes();
[[nodiscard]] std::span<const ApiRoute> issuer_routes();
[[nodiscard]] std::span<const ApiRoute> upstream_routes();
[[nodiscard]] std::span<const ApiRoute> record_routes();
[[nodiscard]] std::span<const ApiRoute> job_routes();

}  // namespace sallyport::admin
