// Whether a caller would still be let do what they do now, once other settings hold: a change that
// takes the role away from whoever makes it is refused, since they could not take it back. Pure but
// for the groups of this machine.
#pragma once

#include <optional>

#include "admin/caller.h"
#include "admin/settings.h"
#include "base/result.h"

namespace sallyport::admin {

/// What this caller would have under `next`. root at the socket always has its role.
[[nodiscard]] Roles roles_under(const Caller& caller, const Settings& running,
                                const Settings& next);

/// Error: api.own_role.
[[nodiscard]] std::optional<Error> refuse_losing_own_role(const Caller& caller,
                                                          const Settings& running,
                                                          const Settings& next);

}  // namespace sallyport::admin
