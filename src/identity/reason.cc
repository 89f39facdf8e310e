#include "identity/reason.h"

#include <array>

#include "base/check.h"

namespace sallyport::identity {
namespace {

// One sentence for every 401. Whoever forges a token learns nothing from it; the person whose
// token merely expired reads what to do.
constexpr std::string_view kSignInAgain =
    "Your sign-in was not accepted. Sign in again; if this happens again, give the request id to "
    "your administrator.";
constexpr std::string_view kNotAllowed =
    "You are signed in, but this gateway is not open to your account. Ask your administrator for "
    "access and give them the request id.";
constexpr std::string_view kClientNotAllowed =
    "You are signed in, but this gateway does not accept the application that you are using. Ask "
    "your administrator and give them the request id.";

constexpr std::array<ReasonFacts, kReasonCount> kFacts{{
    {Reason::kNone, "token.accepted", 200, "The token passed every check.", "", ""},

    {Reason::kMissing, "token.missing", 401, "The request has no credential.",
     "The client is not signed in, or sends the credential in a header that is not looked at: use "
     "Authorization: Bearer, x-api-key, or name the header in issuers[].header.",
     kSignInAgain},
    {Reason::kAmbiguousCredentials, "token.ambiguous_credentials", 401,
     "The request has two different credentials, or one header twice.",
     "Make the client send one token; look for a proxy or a wrapper that adds a second one.",
     kSignInAgain},
    {Reason::kMalformedCredential, "token.malformed_credential", 401,
     "A credential header is not of the form `Bearer TOKEN`.",
     "Look for a line break, a quotation mark or a second word in the client's configured "
     "credential.",
     kSignInAgain},
    {Reason::kWrongScheme, "token.wrong_scheme", 401,
     "The Authorization header uses another scheme than Bearer.",
     "Configure the client for bearer tokens (inferenceGatewayAuthScheme: bearer).", kSignInAgain},
    {Reason::kOpaque, "token.opaque", 401, "The credential is not a JWT.",
     "The client sends an API key, a placeholder or an opaque access token. Entra gives a JWT only "
     "for a scope of your own API application: request api://APP-ID/SCOPE, not Microsoft Graph.",
     kSignInAgain},

    {Reason::kTooLarge, "token.too_large", 401, "The token is larger than 16 KiB.",
     "Send fewer claims: under Token configuration choose groups assigned to the application "
     "instead of all groups.",
     kSignInAgain},
    {Reason::kMalformed, "token.malformed", 401, "The token is not a well-formed signed JWT.",
     "The token was cut, decoded or altered on its way; compare it with what the provider issued.",
     kSignInAgain},
    {Reason::kDuplicateMember, "token.duplicate_member", 401,
     "A header parameter or claim stands twice in the token.",
     "No honest provider issues such a token; look for who sends it.", kSignInAgain},
    {Reason::kEncrypted, "token.encrypted", 401, "The token is encrypted or compressed.",
     "Remove the token encryption certificate of the API application (tokenEncryptionKeyId).",
     kSignInAgain},
    {Reason::kCritUnsupported, "token.crit_unsupported", 401,
     "The token demands an extension that is not supported (crit, b64).",
     "Have the provider issue plain JWTs without the crit header.", kSignInAgain},
    {Reason::kKeyInHeader, "token.key_in_header", 401,
     "The token brings its own key or the address of one (jwk, jku, x5c, x5u).",
     "Keys come from the issuer's key set alone. No supported provider does this; look for who "
     "sends it.",
     kSignInAgain},
    {Reason::kWrongType, "token.wrong_type", 401,
     "The token's typ or cty says that it is not a token for an API.",
     "The client sends a logout token, a security event or a proof instead of its access token.",
     kSignInAgain},

    {Reason::kAlgNotAllowed, "token.alg_not_allowed", 401,
     "The token's algorithm is not in issuers[].algorithms.",
     "If the provider really signs so, add the algorithm; `none` and HS* can never be allowed.",
     kSignInAgain},
    {Reason::kAlgMismatch, "token.alg_mismatch", 401,
     "The token's algorithm does not fit the key that it names.",
     "The key set binds each key to its algorithm; a relabelled token is a forgery.", kSignInAgain},
    {Reason::kKeyIdMissing, "token.key_id_missing", 401, "The token does not name its key (kid).",
     "Configure the provider to write kid; Entra always does.", kSignInAgain},
    {Reason::kUnknownKey, "token.unknown_key", 401,
     "The token names a key that is not in the issuer's key set.",
     "After a key roll-over the new key is fetched within five minutes. If it stays: the token is "
     "of another tenant, or the application has its own signing key (then the issuer's metadata "
     "needs ?appid=).",
     kSignInAgain},
    {Reason::kBadSignature, "token.bad_signature", 401, "The signature does not verify.",
     "The token was altered, forged, or is meant for Microsoft Graph, whose tokens only Graph can "
     "verify: request a scope of your own API application.",
     kSignInAgain},

    {Reason::kIssuerUnknown, "token.issuer_unknown", 401,
     "The token's issuer is not one of the configured ones.",
     "Compare iss with issuers[].issuer; the token may be of another tenant or provider.",
     kSignInAgain},
    {Reason::kIssuerMismatch, "token.issuer_mismatch", 401,
     "The token's issuer is nearly, but not exactly, a configured one.",
     "For https://sts.windows.net/TENANT/ (version 1) set requestedAccessTokenVersion to 2 in the "
     "API application's manifest, or configure that issuer; otherwise correct issuers[].issuer.",
     kSignInAgain},
    {Reason::kAudienceMismatch, "token.audience_mismatch", 401,
     "The token was issued for another application.",
     "Compare aud with issuers[].audiences. With requestedAccessTokenVersion 2 it is the API "
     "application's client ID, never the api:// form; an ID token has the client application's ID.",
     kSignInAgain},
    {Reason::kTimeInvalid, "token.time_invalid", 401,
     "exp, nbf or iat is missing or not a number of seconds.",
     "The provider must write exp and iat as numbers.", kSignInAgain},
    {Reason::kExpired, "token.expired", 401, "The token has expired.",
     "Normal after an hour: the client refreshes. If it does not, sign in again; if the token is "
     "fresh, this machine's clock is ahead.",
     kSignInAgain},
    {Reason::kNotYetValid, "token.not_yet_valid", 401, "The token is not valid yet.",
     "This machine's clock is behind, or the provider's ahead; run a time service.", kSignInAgain},
    {Reason::kTooOld, "token.too_old", 401,
     "The token lives longer than issuers[].max_token_age allows.",
     "Shorten the token lifetime policy in Entra, or raise max_token_age.", kSignInAgain},
    {Reason::kTenantMismatch, "token.tenant_mismatch", 401,
     "The token's tenant (tid) is not the issuer's, or not a GUID.",
     "Use the tenant's own issuer, not /common or /organizations.", kSignInAgain},
    {Reason::kVersionMismatch, "token.version_mismatch", 401,
     "The token's version (ver) does not fit its issuer.",
     "Set requestedAccessTokenVersion to 2 in the API application's manifest.", kSignInAgain},
    {Reason::kSubjectMissing, "token.subject_missing", 401,
     "The token does not say who it is about (sub; with a tenant also oid).",
     "Request the profile scope: without it Entra leaves oid out.", kSignInAgain},
    {Reason::kClaimInvalid, "token.claim_invalid", 401,
     "A claim has a type or characters that it must not have.",
     "Look for a claims-mapping policy or a custom mapper that writes this claim.", kSignInAgain},
    {Reason::kBound, "token.bound", 401,
     "The token is bound to a key that its sender must prove to hold (cnf).",
     "Proof of possession is not supported: switch DPoP or certificate binding off for this "
     "client.",
     kSignInAgain},
    {Reason::kWrongKind, "token.wrong_kind", 401,
     "The token is of the other kind than issuers[].token asks for.",
     "Set bearerTokenType in inferenceGatewayOidc to what the issuer block expects: access_token "
     "(recommended, with a scope of your own API application) or id_token.",
     kSignInAgain},

    {Reason::kClientRefused, "token.client_refused", 403,
     "The application that got the token is not in issuers[].clients.",
     "Add its Application (client) ID, or have people use the one that is allowed.",
     kClientNotAllowed},
    {Reason::kAppOnlyRefused, "token.app_only_refused", 403,
     "The token is an application's own, without a person.",
     "Sign in as a person; or set app_only: allow together with require.roles or clients.",
     kNotAllowed},
    {Reason::kGuestRefused, "token.guest_refused", 403, "The person is a guest of the tenant.",
     "Set guests: allow on the issuer if guests may use the gateway.", kNotAllowed},
    {Reason::kScopeMissing, "token.scope_missing", 403,
     "The token lacks a scope of require.scopes.",
     "Request api://APP-ID/SCOPE in the client; under Expose an API pre-authorise the client "
     "application.",
     kNotAllowed},
    {Reason::kRoleMissing, "token.role_missing", 403, "The person lacks a role of require.roles.",
     "Assign it: Enterprise applications, the API application, Users and groups, Add user/group. "
     "Sign in again afterwards.",
     kNotAllowed},
    {Reason::kGroupMissing, "token.group_missing", 403,
     "The person is not in a group of require.groups.",
     "Add the person to the group; require.groups lists object IDs unless Token configuration "
     "says otherwise. Sign in again afterwards.",
     kNotAllowed},
    {Reason::kGroupsOverage, "token.groups_overage", 403,
     "The person is in so many groups that the token does not list them.",
     "Use app roles; or under Token configuration choose groups assigned to the application.",
     kNotAllowed},

    {Reason::kTooManyFailures, "token.too_many_failures", 429,
     "This source sent too many bad tokens within a second.",
     "Find the client that keeps sending a refused token; others behind the same address whose "
     "token was seen before are not affected.",
     "Too many requests with a sign-in that was not accepted came from your network. Sign in "
     "again and wait a second."},
    {Reason::kKeysUnavailable, "keys.unavailable", 503,
     "The issuer's key set could not be fetched, or not for too long.",
     "Check that this machine reaches the issuer's metadata address (proxy, ca_file, firewall); "
     "`sallyport status` shows the last error.",
     "The gateway cannot check sign-ins at the moment. Try again in a minute."},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kFacts.size(); ++i) {
    if (kFacts[i].reason != static_cast<Reason>(i)) return false;
  }
  return true;
}
static_assert(in_order(), "the table must list every reason in the enum's order");

}  // namespace

const ReasonFacts& facts(Reason reason) {
  auto index = static_cast<std::size_t>(reason);
  SALLYPORT_CHECK(index < kFacts.size());
  return kFacts[index];
}

std::string_view code(Reason reason) {
  return facts(reason).code;
}

std::span<const ReasonFacts> all_reasons() {
  return kFacts;
}

}  // namespace sallyport::identity
