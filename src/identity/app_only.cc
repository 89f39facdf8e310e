// Is the bearer an application? No claim says so at every provider, so each one's own signs stand
// here in a table. A sign is a claim that only an application's token has, or lacks; one is enough.
// Where a provider could be read both ways, it is read as an application: a person who is refused
// says so, an application that passes as a person does not.
#include <algorithm>

#include "identity/token_checks.h"

namespace sallyport::identity {
namespace {

std::string_view text_of(const Examined& token, std::string_view name) {
  auto claim = token.claims->get(name);
  return claim && claim->is_text() ? claim->text() : std::string_view();
}

bool has_any(const Examined& token, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return token.claims->has(name); });
}

bool is_access_token(const Examined& token) {
  return token.principal.kind == TokenKind::kAccessToken;
}

bool idtyp_is_no_user(const Examined& token) {
  return token.claims->has("idtyp") && text_of(token, "idtyp") != "user";
}

// Keycloak's tokens name their kind in the payload, and everybody else's in the header or nowhere.
bool is_of_keycloak(const Examined& token) {
  std::string_view typ = text_of(token, "typ");
  return typ == "Bearer" || typ == "ID";
}

// `jti` from Keycloak 26.2 on: two letters each for the session, the form (`rt` regular, `lt`
// lightweight) and the grant, then a colon.
bool keycloak_grant_is_client_credentials(const Examined& token) {
  std::string_view jti = text_of(token, "jti");
  if (jti.size() < 7 || jti[6] != ':') return false;
  std::string_view form = jti.substr(2, 2);
  return (form == "rt" || form == "lt") && jti.substr(4, 2) == "cc";
}

bool subject_is_a_client(const Examined& token) {
  const PrincipalDraft& principal = token.principal;
  return principal.subject == principal.client ||
         std::ranges::any_of(kClientClaims, [&](std::string_view name) {
           return text_of(token, name) == principal.subject;
         });
}

bool auth0_grant_is_client_credentials(const Examined& token) {
  auto grants = token.claims->list("gty");
  return grants && std::ranges::find(*grants, "client-credentials") != grants->end();
}

struct Sign {
  std::string_view claim;  ///< what a refusal names
  bool (*shows)(const Examined&);
};

// Microsoft, "Access token claims reference" and "Optional claims": `idtyp` decides where the
// application asked for it; else a person's access token always has `scp`, an application's never.
// Applications get no ID token.
constexpr Sign kEntraSigns[] = {
    {"idtyp", idtyp_is_no_user},
    {"scp",
     [](const Examined& token) {
       return is_access_token(token) && !has_any(token, {"idtyp", "scp"});
     }},
};

constexpr Sign kOtherSigns[] = {
    // Providers in Entra's style.
    {"idtyp", idtyp_is_no_user},
    // RFC 9068 section 2.2: without a person, `sub` is the client. Okta, Cognito, Google's service
    // accounts (which get an ID token for any audience they like), UAA, Ory Hydra.
    {"sub", subject_is_a_client},
    // Auth0, "Access Token Profiles": `gty` is in its own profile alone, the subject
    // `CLIENT@clients` in the one of RFC 9068, too.
    {"gty", auth0_grant_is_client_credentials},
    {"sub", [](const Examined& token) { return token.principal.subject.ends_with("@clients"); }},
    // Okta, "Access token payload": `uid` "isn't included in the access token if there is no user
    // bound to it". UAA writes `cid`, too, and `user_id` for a person.
    {"uid",
     [](const Examined& token) {
       return is_access_token(token) && token.claims->has("cid") &&
              !has_any(token, {"uid", "user_id"});
     }},
    // UAA writes the grant itself.
    {"grant_type",
     [](const Examined& token) { return text_of(token, "grant_type") == "client_credentials"; }},
    // Cognito, "Understanding the access token": a person's has `username`.
    {"username",
     [](const Examined& token) {
       return text_of(token, "token_use") == "access" && !token.claims->has("username");
     }},
    // Google Cloud, "Types of service accounts": their addresses, wherever one is used to sign in.
    {"email",
     [](const Examined& token) {
       return text_of(token, "email").ends_with(".gserviceaccount.com");
     }},
    // Keycloak. The name of a service account's user, where the scope `profile` is given...
    {"preferred_username",
     [](const Examined& token) {
       return text_of(token, "preferred_username").starts_with("service-account-");
     }},
    // ...the notes of a client-credentials session, where the scope `service_account` is given...
    {"clientHost", [](const Examined& token) { return token.claims->has("clientHost"); }},
    {"clientAddress", [](const Examined& token) { return token.claims->has("clientAddress"); }},
    // ...the grant, from 26.2 on (DefaultTokenContextEncoderProvider)...
    {"jti", keycloak_grant_is_client_credentials},
    // ...and for what has none of these the missing session: Server Administration Guide,
    // "Transient sessions": of service accounts alone, and their tokens have no `sid` or
    // `session_state`.
    {"sid",
     [](const Examined& token) {
       return is_of_keycloak(token) && !has_any(token, {"sid", "session_state"});
     }},
};

template <std::size_t kCount>
std::string_view first_shown(const Sign (&signs)[kCount], const Examined& token) {
  const auto* sign = std::ranges::find_if(signs, [&](const Sign& one) { return one.shows(token); });
  return sign == std::end(signs) ? std::string_view() : sign->claim;
}

}  // namespace

std::string_view app_only_sign(const Examined& token) {
  return token.issuer->entra ? first_shown(kEntraSigns, token) : first_shown(kOtherSigns, token);
}

}  // namespace sallyport::identity
