// `issuers`: whose tokens are accepted, and what they must carry.
#include <chrono>

#include "config/schema/rows.h"

namespace sallyport::config {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

auto& issuer(Draft& draft) {
  return draft.configuration.issuers.back();
}

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "issuers", .shape = Shape::kBlocks, .presence = Presence::kRequired, .min = 1,
     .max = 32,
     .summary = "The identity providers whose tokens are accepted. An entry takes one kind of "
                "token.", .reload = kApplied,
     .store = [](Draft& d, Value&) { d.configuration.issuers.emplace_back().algorithms.clear(); }},
    {.path = "issuers[].name", .type = Type::kName, .presence = Presence::kRequired,
     .summary = "Your name for it. Part of a person's key in records and revocations: do not "
                "change it.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).name = v.text; }},
    {.path = "issuers[].issuer", .type = Type::kServiceUrl, .presence = Presence::kRequired,
     .summary = "The exact `iss` of its tokens. Entra ID: "
                "`https://login.microsoftonline.com/TENANT-ID/v2.0`.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).issuer = v.text; }},
    {.path = "issuers[].audiences", .shape = Shape::kList, .type = Type::kWord,
     .presence = Presence::kRequired, .min = 1, .max = 64,
     .summary = "Accepted values of `aud`, compared exactly: the id of the API's registration, or "
                "of the client's where `token` is `id_token`.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).audiences.push_back(v.text); }},
    {.path = "issuers[].token", .type = Type::kChoice, .fallback = "access_token",
     .choices = "access_token|id_token",
     .summary = "The kind of token. One audience never takes both.", .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       issuer(d).token = v.text == "id_token" ? identity::TokenKind::kIdToken
                                              : identity::TokenKind::kAccessToken;
     }},
    {.path = "issuers[].clients", .shape = Shape::kList, .type = Type::kWord,
     .fallback_note = "any", .max = 256,
     .summary = "Applications (`azp`, `appid`) that may bring a token.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).clients.push_back(v.text); }},
    {.path = "issuers[].require", .shape = Shape::kBlock,
     .fallback_note = "everybody with a valid token",
     .summary = "What a token must carry. Every key that is given must be met.",
     .reload = kApplied},
    {.path = "issuers[].require.scopes", .shape = Shape::kList, .type = Type::kWord, .min = 1,
     .max = 64,
     .summary = "All of these scopes (`scp`, `scope`).", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).require_scopes.push_back(v.text); }},
    {.path = "issuers[].require.roles", .shape = Shape::kList, .type = Type::kText, .min = 1,
     .max = 64,
     .summary = "All of these roles (`roles`).", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).require_roles.push_back(v.text); }},
    {.path = "issuers[].require.groups", .shape = Shape::kList, .type = Type::kText, .min = 1,
     .max = 256,
     .summary = "All of these groups (`groups`). Entra ID leaves groups out of tokens of people "
                "with more than 200: prefer roles.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).require_groups.push_back(v.text); }},
    {.path = "issuers[].sign_in", .shape = Shape::kBlock,
     .fallback_note = "nobody is signed in by the gateway's own commands",
     .summary = "How `sallyport sign-in` and exported profiles get a token.", .reload = kApplied,
     .store = [](Draft& d, Value&) { issuer(d).sign_in.emplace(); }},
    {.path = "issuers[].sign_in.client", .type = Type::kWord, .presence = Presence::kRequired,
     .summary = "The client id of the registration that people sign in with (a public client).",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).sign_in->client = v.text; }},
    {.path = "issuers[].sign_in.scopes", .shape = Shape::kList, .type = Type::kWord,
     .presence = Presence::kRequired, .min = 1, .max = 32,
     .summary = "The scopes that are asked for.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).sign_in->scopes.push_back(v.text); }},
    {.path = "issuers[].sign_in.redirect_port", .type = Type::kNumber,
     .fallback_note = "any free port", .min = 1, .max = 65535,
     .summary = "The port of `http://127.0.0.1:PORT/callback`, for providers that compare it (Okta, "
                "Cognito).", .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       issuer(d).sign_in->redirect_port = static_cast<std::uint16_t>(v.number);
     }},
    {.path = "issuers[].header", .type = Type::kHeaderName,
     .fallback_note = "`Authorization` and `x-api-key` alone",
     .summary = "One more header in which a token may come, as some proxies put it.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).header = v.text; }},
    {.path = "issuers[].algorithms", .shape = Shape::kList, .type = Type::kChoice,
     .fallback = "RS256", .min = 1, .max = 10,
     .choices = "RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA",
     .summary = "Accepted signature algorithms.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).algorithms.push_back(v.text); }},
    {.path = "issuers[].skew", .type = Type::kDuration, .fallback = "60s", .max = 300 * kSecond,
     .summary = "How far the clocks may be apart.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).skew = duration_cast<seconds>(v.duration); }},
    {.path = "issuers[].max_token_age", .type = Type::kDuration, .fallback = "24h",
     .min = kMinute, .max = 30 * 24 * kHour,
     .summary = "The longest life of a token (`exp` minus `iat`), and the greatest age (now minus "
                "`iat`).", .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       issuer(d).max_token_age = duration_cast<seconds>(v.duration);
     }},
    {.path = "issuers[].guests", .type = Type::kChoice, .fallback = "refuse",
     .choices = "refuse|allow",
     .summary = "People who are guests in the tenant (`acct` 1, or a foreign `idp`).",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       issuer(d).guests = v.text == "allow" ? identity::Gate::kAllow : identity::Gate::kRefuse;
     }},
    {.path = "issuers[].app_only", .type = Type::kChoice, .fallback = "refuse",
     .choices = "refuse|allow",
     .summary = "Tokens of applications without a person.", .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       issuer(d).app_only = v.text == "allow" ? identity::Gate::kAllow : identity::Gate::kRefuse;
     }},
    {.path = "issuers[].key_refresh", .type = Type::kDuration, .fallback = "1h",
     .min = 12 * kSecond, .max = kHour,
     .summary = "How often the key set is fetched. For an unknown `kid` it is fetched earlier, at "
                "most once in a twelfth of this time.", .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       issuer(d).key_refresh = duration_cast<std::chrono::milliseconds>(v.duration);
     }},
    {.path = "issuers[].jwks_file", .type = Type::kReadableFile, .fallback_note = "discovery",
     .summary = "The key set from a file instead of discovery.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).jwks_file = v.text; }},
    {.path = "issuers[].ca_file", .type = Type::kReadableFile,
     .fallback_note = "the system's trust store",
     .summary = "PEM file with the authorities that discovery and key sets are trusted by.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).ca_file = v.text; }},
    {.path = "issuers[].proxy", .type = Type::kProxyUrl, .fallback_note = "the environment's",
     .summary = "The proxy to the identity provider.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { issuer(d).proxy = v.text; }},
    {.path = "issuers[].heal_by", .type = Type::kChoice, .fallback = "auth_time",
     .choices = "auth_time|iat",
     .summary = "Which claim shows that somebody has signed in since their sign-ins were revoked. "
                "`iat` also counts a silent refresh; without `auth_time` in its tokens a person "
                "stays out until the revocation is lifted.", .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       issuer(d).heal_by = v.text == "iat" ? identity::HealBy::kIssuedAt
                                           : identity::HealBy::kAuthTime;
     }},
};
// clang-format on

}  // namespace

std::span<const Row> issuers_rows() {
  return kRows;
}

}  // namespace sallyport::config
