// The OpenAPI 3.1 document of the administrator's API, made from the table of routes, so that what
// it says of roles, fields and answers is what the dispatcher goes by. `sallyport api openapi`
// prints it, GET /api/v1/openapi.json answers with it. Pure: the same table and version give the
// same bytes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "admin/api/route.h"

namespace sallyport::admin {

/// Indented, with a line end. `x-roles` of an operation are the roles that may ask it, from the one
/// that may least; none: any caller who is known at the door.
[[nodiscard]] std::string openapi_json(std::span<const ApiRoute> routes, std::string_view version);

/// A real answer of the operation, as tests/conformance/openapi recorded it in data/api/examples/;
/// empty: there is none. `problem` is one, too.
[[nodiscard]] std::string_view api_example(std::string_view operation_id);

}  // namespace sallyport::admin
