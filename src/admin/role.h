// What an administrator may do: six roles. A route names the roles that may ask it; a caller has
// those that the configuration gives to a claim of theirs, or to their group on this machine.
// Values; any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"

namespace sallyport::admin {

/// From the one that may least to the one that may most: a refusal names the first that suffices.
enum class Role : std::uint8_t {
  kViewer,         ///< how the gateway stands
  kHelpdesk,       ///< look a person up, why was this refused, end sign-ins
  kFinance,        ///< what was used, and what it costs
  kAuditor,        ///< the record and its proofs
  kOperator,       ///< revoke, lift, reload
  kAdministrator,  ///< everything but what its own roles guard
};
inline constexpr Role kRoles[] = {Role::kViewer,  Role::kHelpdesk, Role::kFinance,
                                  Role::kAuditor, Role::kOperator, Role::kAdministrator};

/// The word for it in the configuration, answers and the record.
[[nodiscard]] constexpr std::string_view text(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kHelpdesk:
      return "helpdesk";
    case Role::kFinance:
      return "finance";
    case Role::kAuditor:
      return "auditor";
    case Role::kOperator:
      return "operator";
    case Role::kAdministrator:
      return "administrator";
  }
  check_failed("a role has a name", __FILE__, __LINE__);
}

[[nodiscard]] constexpr std::optional<Role> parse_role(std::string_view word) {
  for (Role role : kRoles) {
    if (text(role) == word) return role;
  }
  return std::nullopt;
}

/// A set of roles.
class Roles {
 public:
  constexpr Roles() = default;
  constexpr Roles(std::initializer_list<Role> roles) {
    for (Role role : roles) add(role);
  }

  constexpr void add(Role role) { bits_ |= bit(role); }
  constexpr void add(Roles others) { bits_ |= others.bits_; }
  [[nodiscard]] constexpr bool has(Role role) const { return (bits_ & bit(role)) != 0; }
  [[nodiscard]] constexpr bool shares(Roles others) const { return (bits_ & others.bits_) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(Roles, Roles) = default;
  /// For a route that everybody may ask who is known at the door, with or without a role.
  [[nodiscard]] static constexpr Roles any_caller() {
    Roles roles;
    roles.bits_ = kAnyCaller;
    return roles;
  }
  [[nodiscard]] constexpr bool is_any_caller() const { return (bits_ & kAnyCaller) != 0; }

  /// The one of them that may least; not of an empty set.
  [[nodiscard]] Role least() const;
  /// `helpdesk, auditor`; `none` of an empty set, `any caller` of that.
  [[nodiscard]] std::string text() const;

 private:
  static constexpr std::uint8_t bit(Role role) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role));
  }
  static constexpr std::uint8_t kAnyCaller = 0x80;
  std::uint8_t bits_ = 0;
};

inline constexpr Roles kEveryRole{Role::kViewer,  Role::kHelpdesk, Role::kFinance,
                                  Role::kAuditor, Role::kOperator, Role::kAdministrator};

}  // namespace sallyport::admin
