// May the bearer come in: client, application or person, guest, scopes, roles, groups. All 403:
// who it is is known by now, and the record says so.
#include <algorithm>

#include "identity/token_checks.h"

namespace sallyport::identity {
namespace {

bool has(const std::vector<std::string>& list, std::string_view one) {
  return std::ranges::find(list, one) != list.end();
}

/// The first of `required` that is not in `present`, compared exactly; nullptr if all are.
const std::string* first_missing(const std::vector<std::string>& required,
                                 const std::vector<std::string>& present) {
  for (const auto& one : required) {
    if (!has(present, one)) return &one;
  }
  return nullptr;
}

}  // namespace

// Every claim that names a client must name an allowed one, should a provider write several.
Refused check_client(Examined& token) {
  const auto& allowed = token.issuer->settings.clients;
  if (allowed.empty()) return std::nullopt;
  for (std::string_view name : kClientClaims) {
    auto client = token.claims->get(name);
    if (client && !has(allowed, client->text())) {
      return refuse(token, Reason::kClientRefused, name, joined(allowed), client->text());
    }
  }
  if (!has(allowed, token.principal.client)) {
    return refuse(token, Reason::kClientRefused, "azp", joined(allowed), token.principal.client);
  }
  return std::nullopt;
}

// Entra gives any application of the tenant a token for any API, without a role, unless assignment
// is required: so "signed and for us" admits nobody by itself. Something must name the application.
Refused check_app_only(Examined& token) {
  if (!token.principal.app_only) return std::nullopt;
  const auto& settings = token.issuer->settings;
  if (settings.app_only == Gate::kRefuse) {
    return refuse(token, Reason::kAppOnlyRefused, token.app_only_sign, "a person's token",
                  "an application's");
  }
  if (settings.clients.empty() && settings.require_roles.empty()) {
    return refuse(token, Reason::kAppOnlyRefused, "roles", "require.roles or clients to be set",
                  "an application that nothing names");
  }
  return std::nullopt;
}

Refused check_guest(Examined& token) {
  if (!token.principal.guest || token.issuer->settings.guests == Gate::kAllow) return std::nullopt;
  std::string_view claim = token.claims->has("acct") ? "acct" : "idp";
  auto value = token.claims->get(claim);
  return refuse(token, Reason::kGuestRefused, claim, "a member of the tenant",
                value ? value->text() : "");
}

Refused check_scopes(Examined& token) {
  // Scopes are what a person consented to; Entra writes none for an application, which has roles.
  if (token.principal.app_only && token.issuer->entra) return std::nullopt;
  const auto* missing =
      first_missing(token.issuer->settings.require_scopes, token.principal.scopes);
  if (missing == nullptr) return std::nullopt;
  return refuse(token, Reason::kScopeMissing, token.issuer->entra ? "scp" : "scope", *missing,
                joined(token.principal.scopes));
}

Refused check_roles(Examined& token) {
  const auto* missing = first_missing(token.issuer->settings.require_roles, token.principal.roles);
  if (missing == nullptr) return std::nullopt;
  return refuse(token, Reason::kRoleMissing, "roles", *missing, joined(token.principal.roles));
}

Refused check_groups(Examined& token) {
  const auto* missing =
      first_missing(token.issuer->settings.require_groups, token.principal.groups);
  if (missing == nullptr) return std::nullopt;
  if (token.principal.groups_overage) {
    return refuse(token, Reason::kGroupsOverage, "groups", *missing, "too many to list");
  }
  return refuse(token, Reason::kGroupMissing, "groups", *missing, joined(token.principal.groups));
}

}  // namespace sallyport::identity
