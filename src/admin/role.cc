#include "admin/role.h"

#include "base/check.h"

namespace sallyport::admin {

Role Roles::least() const {
  for (Role role : kRoles) {
    if (has(role)) return role;
  }
  check_failed("the set has a role", __FILE__, __LINE__);
}

std::string Roles::text() const {
  if (is_any_caller()) return "any caller";
  std::string all;
  for (Role role : kRoles) {
    if (!has(role)) continue;
    if (!all.empty()) all += ", ";
    all += admin::text(role);
  }
  return all.empty() ? "none" : all;
}

}  // namespace sallyport::admin
