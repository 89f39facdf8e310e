#include "admin/claims_role.h"

#include <fmt/format.h>

#include <algorithm>

namespace sallyport::admin {
namespace {

constexpr std::size_t kMostBecause = 400;  // bytes

void add_reason(GivenRoles& given, std::string reason) {
  if (given.because.size() + reason.size() > kMostBecause) return;
  if (!given.because.empty()) given.because += "; ";
  given.because += reason;
}

const std::string* first_shared(const std::vector<std::string>& wanted,
                                const std::vector<std::string>& there) {
  auto found = std::ranges::find_first_of(wanted, there);
  return found == wanted.end() ? nullptr : &*found;
}

}  // namespace

GivenRoles roles_of(const std::vector<RoleRule>& rules, const identity::PrincipalDraft& person) {
  GivenRoles given;
  bool missed_groups = false;
  for (const auto& rule : rules) {
    const auto* group = person.groups_overage ? nullptr : first_shared(rule.groups, person.groups);
    const auto* role = first_shared(rule.roles, person.roles);
    bool user = std::ranges::find(rule.users, person.key) != rule.users.end();
    missed_groups = missed_groups || (person.groups_overage && !rule.groups.empty());
    if (group == nullptr && role == nullptr && !user) continue;
    given.roles.add(rule.role);
    auto key = fmt::format("admin.roles.{}", text(rule.role));
    add_reason(given, group != nullptr  ? fmt::format("{}.groups: {}", key, *group)
                      : role != nullptr ? fmt::format("{}.roles: {}", key, *role)
                                        : fmt::format("{}.users: {}", key, person.key));
  }
  if (missed_groups) {
    add_reason(given,
               "the token names no groups because there are too many: give the role by an "
               "application role or by user");
  }
  return given;
}

}  // namespace sallyport::admin
