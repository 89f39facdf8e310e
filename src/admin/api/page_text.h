// docs/api.md, written from the table of routes. `sallyport docs api` prints it. Pure.
#pragma once

#include <span>
#include <string>

#include "admin/api/route.h"

namespace sallyport::admin {

[[nodiscard]] std::string api_markdown(std::span<const ApiRoute> routes);

}  // namespace sallyport::admin
