#include "admin/own_role.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "admin/claims_role.h"
#include "admin/socket_door.h"

namespace sallyport::admin {
namespace {

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
}

// Whether the token with which they came would be taken.
bool token_is_taken(const Caller& caller, const Settings& running, const Settings& next) {
  return !next.audience.empty() && next.audience == running.audience &&
         contains(next.clients, caller.client) &&
         (next.scope.empty() || contains(caller.person->scopes, next.scope));
}

}  // namespace

Roles roles_under(const Caller& caller, const Settings& running, const Settings& next) {
  if (caller.way == Way::kSocket) {
    if (caller.peer == nullptr) return {};
    auto then =
        caller_at_socket(*caller.peer, caller.who, ::geteuid(), find_groups(next.socket_roles));
    return then ? then->roles : Roles();
  }
  if (caller.person == nullptr || caller.person->issuer != next.issuer) return {};
  bool comes_in =
      caller.way == Way::kToken ? token_is_taken(caller, running, next) : next.sign_in.has_value();
  return comes_in ? roles_of(next.roles, *caller.person).roles : Roles();
}

std::optional<Error> refuse_losing_own_role(const Caller& caller, const Settings& running,
                                            const Settings& next) {
  auto then = roles_under(caller, running, next);
  for (Role role : {Role::kAdministrator, Role::kOperator}) {
    if (!caller.roles.has(role) || then.has(role)) continue;
    return Error{
        "api.own_role",
        fmt::format("this would take the role {} from {}, who asks for it; nothing was "
                    "changed",
                    text(role), caller.who),
        fmt::format("keep it in {}, or have another {} do it",
                    caller.way == Way::kSocket ? "admin.socket_roles" : "admin.roles", text(role))};
  }
  return std::nullopt;
}

}  // namespace sallyport::admin
