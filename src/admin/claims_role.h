// Which roles a verified token gives its bearer, by the rules of the configuration. Pure.
#pragma once

#include <string>
#include <vector>

#include "admin/role.h"
#include "admin/settings.h"
#include "identity/principal.h"

namespace sallyport::admin {

struct GivenRoles {
  Roles roles;
  std::string because;  ///< `admin.roles.helpdesk.groups: 3f0c...; ...`, bounded
};

/// A token that leaves its groups out because there are too many gives nothing by a group, and
/// `because` says so.
[[nodiscard]] GivenRoles roles_of(const std::vector<RoleRule>& rules,
                                  const identity::PrincipalDraft& person);

}  // namespace sallyport::admin
