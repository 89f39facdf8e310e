// What a check that passed has seen, for explain(): an administrator wants to know not only that
// the audience is right but which one it is.
#include <algorithm>

#include "identity/token_checks.h"

namespace sallyport::identity {
namespace {

using Lists = const std::vector<std::string> IssuerSettings::*;

struct Place {
  std::string_view check;
  std::string_view name;  ///< of the claim or header parameter
  bool in_header = false;
  Lists expected = nullptr;
};

constexpr Place kPlaces[] = {
    {.check = "header", .name = "alg", .in_header = true},
    {.check = "type", .name = "typ", .in_header = true},
    {.check = "issuer", .name = "iss"},
    {.check = "audience", .name = "aud", .expected = &IssuerSettings::audiences},
    {.check = "algorithm",
     .name = "alg",
     .in_header = true,
     .expected = &IssuerSettings::algorithms},
    {.check = "times", .name = "exp"},
    {.check = "key", .name = "kid", .in_header = true},
    {.check = "tenant", .name = "tid"},
    {.check = "version", .name = "ver"},
    {.check = "subject", .name = "sub"},
    {.check = "app_only", .name = "idtyp"},
    {.check = "guest", .name = "acct"},
    {.check = "client", .name = "azp", .expected = &IssuerSettings::clients},
    {.check = "scopes", .name = "scp", .expected = &IssuerSettings::require_scopes},
    {.check = "roles", .name = "roles", .expected = &IssuerSettings::require_roles},
    {.check = "groups", .name = "groups", .expected = &IssuerSettings::require_groups},
};

std::string in_words(const JsonView& value) {
  if (value.is_text() || value.kind() == JsonKind::kNumber) return std::string(value.text());
  if (!value.is_array()) return value.is_object() ? "an object" : "no text";
  std::vector<std::string_view> items;
  for (JsonView item : value) items.push_back(item.text());
  return joined(items);
}

// Several claims can say these; the principal has what was taken from them.
std::optional<std::string> from_principal(const Examined& token, std::string_view check) {
  const PrincipalDraft& person = token.principal;
  if (check == "client") return person.client;
  if (check == "scopes") return joined(person.scopes);
  if (check == "roles") return joined(person.roles);
  if (check == "groups") return person.groups_overage ? "too many to list" : joined(person.groups);
  if (check == "subject") return person.key;
  return std::nullopt;
}

}  // namespace

void show(const Examined& token, TokenCheck& check) {
  const auto* place = std::ranges::find(kPlaces, check.name, &Place::check);
  if (place == std::end(kPlaces)) return;
  check.claim = place->name;
  if (place->expected != nullptr) {
    check.expected = bounded(joined(token.issuer->settings.*place->expected));
  }
  if (auto said = from_principal(token, check.name)) {
    check.got = bounded(*said);
    return;
  }
  auto value =
      place->in_header ? token.jws->header().member(place->name) : token.claims->get(place->name);
  check.got = value ? bounded(in_words(*value)) : "absent";
}

}  // namespace sallyport::identity
