// Whose token is it: tenant, version, binding, kind, subject, and the claims that describe them.
#include <algorithm>

#include "base/encoding.h"
#include "base/guid.h"
#include "identity/token_checks.h"

namespace sallyport::identity {
namespace {

/// What speaks for a token being of a kind: the name of the claim, or empty.
struct KindEvidence {
  std::string_view access;
  std::string_view id;
  std::string_view neither;
};

// No provider marks both kinds in the same way, so every mark that one of them sets is looked at:
// `typ` at+jwt (RFC 9068), `token_use` (Cognito), the payload's `typ` (Keycloak), scopes and client
// (access tokens of Entra, Okta, Auth0 and RFC 9068; Entra's ID tokens have neither), and the
// hashes and nonce that only an ID token has (OpenID Connect Core sections 2 and 3.3.2.11).
KindEvidence evidence_of(const Examined& token) {
  KindEvidence found;
  const Claims& claims = *token.claims;
  if (auto typ = token.jws->header().member("typ")) {
    if (lower_case(typ->text()).ends_with("at+jwt")) found.access = "typ";
  }
  if (auto use = claims.get("token_use")) {
    (use->text() == "access" ? found.access
     : use->text() == "id"   ? found.id
                             : found.neither) = "token_use";
  }
  if (auto typ = claims.get("typ")) {
    if (typ->text() == "Bearer") found.access = "typ";
    if (typ->text() == "ID") found.id = "typ";
    for (std::string_view other : {"Refresh", "Offline", "Logout", "DPoP"}) {
      if (typ->text() == other) found.neither = "typ";
    }
  }
  for (std::string_view name :
       {"scp", "scope", "appid", "cid", "client_id", "azpacr", "appidacr"}) {
    if (claims.has(name)) found.access = name;
  }
  for (std::string_view name : {"at_hash", "c_hash", "s_hash"}) {
    if (claims.has(name)) found.id = name;
  }
  if (found.access.empty() && claims.has("nonce")) found.id = "nonce";
  // At an Entra issuer azp is written into access tokens alone; Google and Keycloak write it into
  // both.
  if (token.issuer->entra && claims.has("azp")) found.access = "azp";
  return found;
}

}  // namespace

// Where the issuer names its tenant, the token must be of that tenant. Elsewhere `tid` is a name
// that only providers in Entra's style write; if it is there it must be a GUID, as theirs is.
Refused check_tenant(Examined& token) {
  auto tid = token.claims->identifier("tid");
  if (!tid) return refuse(token, Reason::kTenantMismatch, "tid", "a GUID", tid.error().what);
  const auto& entra = token.issuer->entra;
  if (!entra && !token.claims->has("tid")) return std::nullopt;
  if (!is_guid(*tid) || (entra && lower_case(*tid) != entra->tenant)) {
    return refuse(token, Reason::kTenantMismatch, "tid", entra ? entra->tenant : "a GUID", *tid);
  }
  token.principal.tenant = lower_case(*tid);
  return std::nullopt;
}

// Entra: version 1 tokens come from the version 1 issuer and version 2 from the other, always. An
// issuer of another shape that ends in /v2.0 must not contradict it.
Refused check_version(Examined& token) {
  const auto& entra = token.issuer->entra;
  auto ver = token.claims->get("ver");
  bool ends_in_v2 = token.issuer->settings.issuer.ends_with("/v2.0");
  if (!entra && (!ends_in_v2 || !ver)) return std::nullopt;
  std::string_view expected = entra && entra->version == 1 ? "1.0" : "2.0";
  if (ver && ver->is_text() && ver->text() == expected) return std::nullopt;
  return refuse(token, Reason::kVersionMismatch, "ver", expected, ver ? ver->text() : "nothing");
}

// RFC 7800: a bound token is worth something only with its proof (DPoP, mutual TLS), which is not
// looked at here; taken as a bearer token it could be a stolen one.
Refused check_binding(Examined& token) {
  if (!token.claims->has("cnf")) return std::nullopt;
  return refuse(token, Reason::kBound, "cnf", "no binding", "present");
}

// RFC 8725 section 3.12: the rules for both kinds exclude each other. An access token must show
// that it is one; an ID token must show no sign of being an access token.
Refused check_kind(Examined& token) {
  KindEvidence found = evidence_of(token);
  bool wants_access = token.issuer->settings.token == TokenKind::kAccessToken;
  std::string_view expected = wants_access ? "an access token" : "an ID token";
  token.principal.kind = token.issuer->settings.token;
  if (!found.neither.empty()) {
    return refuse(token, Reason::kWrongKind, found.neither, expected, "another kind of token");
  }
  if (wants_access && !found.id.empty()) {
    return refuse(token, Reason::kWrongKind, found.id, expected, "an ID token");
  }
  if (wants_access && found.access.empty()) {
    return refuse(token, Reason::kWrongKind, "scp", expected,
                  "no sign of one: probably an ID token");
  }
  if (!wants_access && !found.access.empty()) {
    return refuse(token, Reason::kWrongKind, found.access, expected, "an access token");
  }
  return std::nullopt;
}

// tid + oid is the one name of a person that Entra never changes and never gives again; `sub` there
// differs from application to application. Others have `sub` alone.
Refused check_subject(Examined& token) {
  auto sub = token.claims->identifier("sub");
  if (!sub) return refuse(token, Reason::kSubjectMissing, "sub", "a text", sub.error().what);
  if (sub->empty()) return refuse(token, Reason::kSubjectMissing, "sub", "a text", "nothing");
  PrincipalDraft& principal = token.principal;
  principal.issuer = token.issuer->settings.name;
  principal.subject = *sub;
  if (!principal.tenant.empty()) {
    auto oid = token.claims->identifier("oid");
    if (!oid) return refuse(token, Reason::kSubjectMissing, "oid", "a GUID", oid.error().what);
    if (!is_guid(*oid)) {
      return refuse(token, Reason::kSubjectMissing, "oid", "a GUID",
                    oid->empty() ? "nothing" : *oid);
    }
    principal.object_id = lower_case(*oid);
    principal.key = principal.issuer + "/" + principal.tenant + "/" + principal.object_id;
  } else {
    principal.key = principal.issuer + "//" + principal.subject;
  }
  return std::nullopt;
}

namespace {

Refused read_identifiers(Examined& token) {
  const Claims& claims = *token.claims;
  PrincipalDraft& principal = token.principal;
  for (std::string_view name : kClientClaims) {
    auto client = claims.identifier(name);
    if (!client) return refuse(token, client.error());
    if (principal.client.empty()) principal.client = *client;
  }
  if (principal.client.empty() && principal.kind == TokenKind::kIdToken) {
    principal.client = token.audience;
  }
  auto read = [&](std::string_view name, std::string& to) -> Refused {
    auto value = claims.identifier(name);
    if (!value) return refuse(token, value.error());
    if (to.empty()) to = *value;
    return std::nullopt;
  };
  if (auto refused = read("uti", principal.token_id)) return refused;
  if (auto refused = read("jti", principal.token_id)) return refused;
  if (auto refused = read("sid", principal.session_id)) return refused;
  auto auth_time = claims.date("auth_time");
  if (!auth_time) return refuse(token, auth_time.error());
  principal.auth_time = *auth_time;
  for (std::string_view name : {"name", "preferred_username", "upn", "unique_name", "email"}) {
    if (principal.name.empty()) principal.name = claims.display(name);
  }
  for (std::string_view name : {"preferred_username", "upn", "email"}) {
    if (principal.mail.empty()) principal.mail = claims.display(name);
  }
  return std::nullopt;
}

template <typename Found>
Refused add(Examined& token, Found found, std::vector<std::string>& to) {
  if (!found) return refuse(token, found.error());
  for (std::string_view one : *found) {
    if (std::ranges::find(to, one) == to.end()) to.emplace_back(one);
  }
  return std::nullopt;
}

// Entra writes `scp`, `roles` and `groups`. The other names count only where the issuer is not
// Entra's, so that a claims-mapping rule there cannot make a role out of something else.
Refused read_lists(Examined& token) {
  const Claims& claims = *token.claims;
  PrincipalDraft& principal = token.principal;
  bool entra = token.issuer->entra.has_value();
  std::string_view scopes = entra || claims.has("scp") ? "scp" : "scope";
  if (auto refused = add(token, claims.words(scopes), principal.scopes)) return refused;
  if (auto refused = add(token, claims.list("roles"), principal.roles)) return refused;
  if (auto refused = add(token, claims.list("groups"), principal.groups)) return refused;
  if (entra) return std::nullopt;
  auto realm = claims.nested_list({"realm_access", "roles"});
  if (auto refused = add(token, std::move(realm), principal.roles)) return refused;
  auto ours = claims.nested_list({"resource_access", token.audience, "roles"});
  if (auto refused = add(token, std::move(ours), principal.roles)) return refused;
  return add(token, claims.list("cognito:groups"), principal.groups);
}

// More than 200 groups: Entra leaves the list out and writes `_claim_names` with `_claim_sources`,
// or `hasgroups`. The address that `_claim_sources` gives is never followed.
bool has_groups_overage(const Claims& claims) {
  if (auto names = claims.get("_claim_names")) {
    if (!names->is_object() || names->member("groups")) return true;
  } else if (claims.has("_claim_sources")) {
    return true;
  }
  auto hasgroups = claims.get("hasgroups");
  return hasgroups &&
         (hasgroups->is_true() || hasgroups->text() == "true" || hasgroups->text() == "1");
}

// acct is Entra's word on it, where the application asked for that claim. Without it: a home tenant
// or provider in `idp` that is neither the issuer nor its tenant.
bool is_guest(const Examined& token) {
  if (auto acct = token.claims->get("acct")) return acct->text() != "0";
  auto idp = token.claims->get("idp");
  if (!idp) return false;
  if (!token.issuer->entra && idp->text().find("://") == std::string_view::npos) return false;
  if (idp->text() == token.issuer->settings.issuer) return false;
  return token.principal.tenant.empty() ||
         lower_case(idp->text()).find(token.principal.tenant) == std::string::npos;
}

// Clients refresh silently, so a fresh `iat` proves no sign-in; `auth_time` does. An application
// proves who it is each time it gets a token: there `iat` is the sign-in.
std::int64_t signed_in_at(const Examined& token) {
  const PrincipalDraft& principal = token.principal;
  bool by_issue = principal.app_only || token.issuer->settings.heal_by == HealBy::kIssuedAt;
  if (by_issue) return principal.issued_at;
  // Nobody signs in after the token was made: a time to come would outlive every revocation.
  return principal.issued_at > 0 ? std::min(principal.auth_time, principal.issued_at)
                                 : principal.auth_time;
}

}  // namespace

Refused check_claims(Examined& token) {
  if (auto refused = read_identifiers(token)) return refused;
  if (auto refused = read_lists(token)) return refused;
  auto capabilities = token.claims->list("xms_cc");
  if (!capabilities) return refuse(token, capabilities.error());
  PrincipalDraft& principal = token.principal;
  principal.claims_challenge = std::ranges::any_of(
      *capabilities, [](std::string_view one) { return lower_case(one) == "cp1"; });
  principal.groups_overage = has_groups_overage(*token.claims);
  token.app_only_sign = app_only_sign(token);
  principal.app_only = !token.app_only_sign.empty();
  principal.guest = is_guest(token);
  principal.signed_in_at = signed_in_at(token);
  return std::nullopt;
}

}  // namespace sallyport::identity
