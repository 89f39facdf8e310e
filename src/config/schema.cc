#include "config/schema.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/check.h"

namespace sallyport::config {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;
using upstream::CredentialKind;

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;

auto& issuer(Draft& draft) {
  return draft.configuration.issuers.back();
}
auto& upstream_of(Draft& draft) {
  return draft.configuration.upstreams.back();
}
auto& credential(Draft& draft) {
  return upstream_of(draft).credential;
}
auto& words_of(Draft& draft) {
  return draft.credentials.back();
}
// "foundry|anthropic|...", of upstream's table.
struct ProviderNames {
  static constexpr std::size_t kBytes = [] {
    std::size_t bytes = std::size(upstream::kProviderRules) - 1;
    for (const auto& row : upstream::kProviderRules) bytes += row.name.size();
    return bytes;
  }();
  std::array<char, kBytes> bytes{};

  consteval ProviderNames() {
    auto* at = bytes.data();
    for (const auto& row : upstream::kProviderRules) {
      if (at != bytes.data()) *at++ = '|';
      at = std::ranges::copy(row.name, at).out;
    }
  }
  [[nodiscard]] constexpr std::string_view text() const { return {bytes.data(), kBytes}; }
};
constexpr ProviderNames kProviderNames;

auto& model(Draft& draft) {
  return draft.configuration.models.back();
}

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "listen", .shape = Shape::kBlock, .presence = Presence::kRequired,
     .summary = "Where clients reach the gateway."},
    {.path = "listen.address", .type = Type::kAddress, .presence = Presence::kRequired,
     .summary = "The address and port to listen on.", .needs_restart = true,
     .store = [](Draft& d, Value& v) {
       d.configuration.listen.host = v.address.host;
       d.configuration.listen.port = v.address.port;
     }},
    {.path = "listen.public_url", .type = Type::kServiceUrl,
     .fallback_note = "required unless `listen.address` is a loopback literal",
     .summary = "The URL that clients are given. Its path is a prefix of every path of the "
                "gateway.",
     .store = [](Draft& d, Value& v) { d.configuration.listen.public_url = v.text; }},
    {.path = "listen.tls", .shape = Shape::kBlock,
     .fallback_note = "plain HTTP, allowed on a loopback literal alone",
     .summary = "The gateway's certificate; read again at a reload."},
    {.path = "listen.tls.certificate", .type = Type::kReadableFile, .presence = Presence::kRequired,
     .summary = "PEM file: the gateway's certificate first, then those that lead to its authority.",
     .store = [](Draft& d, Value& v) { d.configuration.listen.tls_certificate = v.text; }},
    {.path = "listen.tls.key", .type = Type::kReadableFile, .presence = Presence::kRequired,
     .summary = "PEM file with the certificate's private key, without a password.",
     .store = [](Draft& d, Value& v) { d.configuration.listen.tls_key = v.text; }},
    {.path = "listen.workers", .type = Type::kNumber, .fallback_note = "one a core",
     .min = 1, .max = 256,
     .summary = "Event loops, each on its own thread.", .needs_restart = true,
     .store = [](Draft& d, Value& v) {
       d.configuration.listen.workers = static_cast<unsigned>(v.number);
     }},
    {.path = "listen.trusted_proxies", .shape = Shape::kList, .type = Type::kNetwork,
     .fallback_note = "none", .max = 64,
     .summary = "Proxies whose `X-Forwarded-For` is believed for the source address in the record.",
     .store = [](Draft& d, Value& v) { d.configuration.listen.trusted_proxies.push_back(v.text); }},

    {.path = "limits", .shape = Shape::kBlock,
     .summary = "How long the gateway waits, and how much it holds."},
    {.path = "limits.connect", .type = Type::kDuration, .fallback = "5s", .min = 10,
     .max = 5 * kMinute,
     .summary = "For a connection to a provider, TLS included.",
     .store = [](Draft& d, Value& v) { d.configuration.limits.connect = v.duration; }},
    {.path = "limits.first_byte_stream", .type = Type::kDuration, .fallback = "120s", .min = 10,
     .max = kHour,
     .summary = "From the end of a streaming request to the first byte of the provider's answer.",
     .store = [](Draft& d, Value& v) { d.configuration.limits.first_byte_stream = v.duration; }},
    {.path = "limits.first_byte", .type = Type::kDuration, .fallback = "600s", .min = 10,
     .max = kHour,
     .summary = "The same for a request that does not stream: the whole answer is made before it.",
     .store = [](Draft& d, Value& v) { d.configuration.limits.first_byte = v.duration; }},
    {.path = "limits.silence", .type = Type::kDuration, .fallback = "300s", .min = 10, .max = kHour,
     .summary = "Silence of a provider in the middle of an answer before it is given up.",
     .store = [](Draft& d, Value& v) { d.configuration.limits.silence = v.duration; }},
    {.path = "limits.ping", .type = Type::kDuration, .fallback = "10s", .min = 10, .max = kHour,
     .summary = "Silence of a provider's stream after which the client is sent a `ping` event.",
     .store = [](Draft& d, Value& v) { d.configuration.limits.ping = v.duration; }},
    {.path = "limits.head", .type = Type::kDuration, .fallback = "10s", .min = 10,
     .max = 10 * kMinute,
     .summary = "For a client to send the head of a request.",
     .store = [](Draft& d, Value& v) { d.configuration.limits.head = v.duration; }},
    {.path = "limits.body", .type = Type::kDuration, .fallback = "60s", .min = 10, .max = kHour,
     .summary = "For a client to send the body of a request.",
     .store = [](Draft& d, Value& v) { d.configuration.limits.body = v.duration; }},
    {.path = "limits.keep_alive", .type = Type::kDuration, .fallback = "75s", .min = 10,
     .max = kHour,
     .summary = "How long a connection of a client stays open between two requests.",
     .store = [](Draft& d, Value& v) { d.configuration.limits.keep_alive = v.duration; }},
    {.path = "limits.connections", .type = Type::kNumber, .fallback = "20000", .min = 1,
     .max = 1'000'000,
     .summary = "Connections of clients at once.",
     .store = [](Draft& d, Value& v) {
       d.configuration.limits.connections = static_cast<std::size_t>(v.number);
     }},
    {.path = "limits.connections_per_source", .type = Type::kNumber, .fallback = "2000", .min = 1,
     .max = 1'000'000,
     .summary = "The same from one address.",
     .store = [](Draft& d, Value& v) {
       d.configuration.limits.connections_per_source = static_cast<std::size_t>(v.number);
     }},
    {.path = "limits.verified_tokens", .type = Type::kNumber, .fallback = "20000",
     .max = 10'000'000,
     .summary = "Entries of each worker's cache of verified tokens; 0 switches it off.",
     .store = [](Draft& d, Value& v) {
       d.configuration.limits.verified_tokens = static_cast<std::size_t>(v.number);
     }},

    {.path = "issuers", .shape = Shape::kBlocks, .presence = Presence::kRequired, .min = 1,
     .max = 32,
     .summary = "The identity providers whose tokens are accepted. An entry takes one kind of "
                "token.",
     .store = [](Draft& d, Value&) { d.configuration.issuers.emplace_back().algorithms.clear(); }},
    {.path = "issuers[].name", .type = Type::kName, .presence = Presence::kRequired,
     .summary = "Your name for it. Part of a person's key in records and revocations: do not "
                "change it.",
     .store = [](Draft& d, Value& v) { issuer(d).name = v.text; }},
    {.path = "issuers[].issuer", .type = Type::kServiceUrl, .presence = Presence::kRequired,
     .summary = "The exact `iss` of its tokens. Entra ID: "
                "`https://login.microsoftonline.com/TENANT-ID/v2.0`.",
     .store = [](Draft& d, Value& v) { issuer(d).issuer = v.text; }},
    {.path = "issuers[].audiences", .shape = Shape::kList, .type = Type::kWord,
     .presence = Presence::kRequired, .min = 1, .max = 64,
     .summary = "Accepted values of `aud`, compared exactly: the id of the API's registration, or "
                "of the client's where `token` is `id_token`.",
     .store = [](Draft& d, Value& v) { issuer(d).audiences.push_back(v.text); }},
    {.path = "issuers[].token", .type = Type::kChoice, .fallback = "access_token",
     .choices = "access_token|id_token",
     .summary = "The kind of token. One audience never takes both.",
     .store = [](Draft& d, Value& v) {
       issuer(d).token = v.text == "id_token" ? identity::TokenKind::kIdToken
                                              : identity::TokenKind::kAccessToken;
     }},
    {.path = "issuers[].clients", .shape = Shape::kList, .type = Type::kWord,
     .fallback_note = "any", .max = 256,
     .summary = "Applications (`azp`, `appid`) that may bring a token.",
     .store = [](Draft& d, Value& v) { issuer(d).clients.push_back(v.text); }},
    {.path = "issuers[].require", .shape = Shape::kBlock,
     .fallback_note = "everybody with a valid token",
     .summary = "What a token must carry. Every key that is given must be met."},
    {.path = "issuers[].require.scopes", .shape = Shape::kList, .type = Type::kWord, .min = 1,
     .max = 64,
     .summary = "All of these scopes (`scp`, `scope`).",
     .store = [](Draft& d, Value& v) { issuer(d).require_scopes.push_back(v.text); }},
    {.path = "issuers[].require.roles", .shape = Shape::kList, .type = Type::kText, .min = 1,
     .max = 64,
     .summary = "All of these roles (`roles`).",
     .store = [](Draft& d, Value& v) { issuer(d).require_roles.push_back(v.text); }},
    {.path = "issuers[].require.groups", .shape = Shape::kList, .type = Type::kText, .min = 1,
     .max = 256,
     .summary = "All of these groups (`groups`). Entra ID leaves groups out of tokens of people "
                "with more than 200: prefer roles.",
     .store = [](Draft& d, Value& v) { issuer(d).require_groups.push_back(v.text); }},
    {.path = "issuers[].sign_in", .shape = Shape::kBlock,
     .fallback_note = "nobody is signed in by the gateway's own commands",
     .summary = "How `sallyport sign-in` and exported profiles get a token.",
     .store = [](Draft& d, Value&) { issuer(d).sign_in.emplace(); }},
    {.path = "issuers[].sign_in.client", .type = Type::kWord, .presence = Presence::kRequired,
     .summary = "The client id of the registration that people sign in with (a public client).",
     .store = [](Draft& d, Value& v) { issuer(d).sign_in->client = v.text; }},
    {.path = "issuers[].sign_in.scopes", .shape = Shape::kList, .type = Type::kWord,
     .presence = Presence::kRequired, .min = 1, .max = 32,
     .summary = "The scopes that are asked for.",
     .store = [](Draft& d, Value& v) { issuer(d).sign_in->scopes.push_back(v.text); }},
    {.path = "issuers[].sign_in.redirect_port", .type = Type::kNumber,
     .fallback_note = "any free port", .min = 1, .max = 65535,
     .summary = "The port of `http://127.0.0.1:PORT/callback`, for providers that compare it (Okta, "
                "Cognito).",
     .store = [](Draft& d, Value& v) {
       issuer(d).sign_in->redirect_port = static_cast<std::uint16_t>(v.number);
     }},
    {.path = "issuers[].header", .type = Type::kHeaderName,
     .fallback_note = "`Authorization` and `x-api-key` alone",
     .summary = "One more header in which a token may come, as some proxies put it.",
     .store = [](Draft& d, Value& v) { issuer(d).header = v.text; }},
    {.path = "issuers[].algorithms", .shape = Shape::kList, .type = Type::kChoice,
     .fallback = "RS256", .min = 1, .max = 10,
     .choices = "RS256|RS384|RS512|PS256|PS384|PS512|ES256|ES384|ES512|EdDSA",
     .summary = "Accepted signature algorithms.",
     .store = [](Draft& d, Value& v) { issuer(d).algorithms.push_back(v.text); }},
    {.path = "issuers[].skew", .type = Type::kDuration, .fallback = "60s", .max = 300 * kSecond,
     .summary = "How far the clocks may be apart.",
     .store = [](Draft& d, Value& v) { issuer(d).skew = duration_cast<seconds>(v.duration); }},
    {.path = "issuers[].max_token_age", .type = Type::kDuration, .fallback = "24h",
     .min = kMinute, .max = 30 * 24 * kHour,
     .summary = "The longest life of a token (`exp` minus `iat`), and the greatest age (now minus "
                "`iat`).",
     .store = [](Draft& d, Value& v) {
       issuer(d).max_token_age = duration_cast<seconds>(v.duration);
     }},
    {.path = "issuers[].guests", .type = Type::kChoice, .fallback = "refuse",
     .choices = "refuse|allow",
     .summary = "People who are guests in the tenant (`acct` 1, or a foreign `idp`).",
     .store = [](Draft& d, Value& v) {
       issuer(d).guests = v.text == "allow" ? identity::Gate::kAllow : identity::Gate::kRefuse;
     }},
    {.path = "issuers[].app_only", .type = Type::kChoice, .fallback = "refuse",
     .choices = "refuse|allow",
     .summary = "Tokens of applications without a person.",
     .store = [](Draft& d, Value& v) {
       issuer(d).app_only = v.text == "allow" ? identity::Gate::kAllow : identity::Gate::kRefuse;
     }},
    {.path = "issuers[].key_refresh", .type = Type::kDuration, .fallback = "1h",
     .min = 12 * kSecond, .max = kHour,
     .summary = "How often the key set is fetched. For an unknown `kid` it is fetched earlier, at "
                "most once in a twelfth of this time.",
     .store = [](Draft& d, Value& v) {
       issuer(d).key_refresh = duration_cast<std::chrono::milliseconds>(v.duration);
     }},
    {.path = "issuers[].jwks_file", .type = Type::kReadableFile, .fallback_note = "discovery",
     .summary = "The key set from a file instead of discovery.",
     .store = [](Draft& d, Value& v) { issuer(d).jwks_file = v.text; }},
    {.path = "issuers[].ca_file", .type = Type::kReadableFile,
     .fallback_note = "the system's trust store",
     .summary = "PEM file with the authorities that discovery and key sets are trusted by.",
     .store = [](Draft& d, Value& v) { issuer(d).ca_file = v.text; }},
    {.path = "issuers[].proxy", .type = Type::kProxyUrl, .fallback_note = "the environment's",
     .summary = "The proxy to the identity provider.",
     .store = [](Draft& d, Value& v) { issuer(d).proxy = v.text; }},
    {.path = "issuers[].heal_by", .type = Type::kChoice, .fallback = "auth_time",
     .choices = "auth_time|iat",
     .summary = "Which claim shows that somebody has signed in since their sign-ins were revoked. "
                "`iat` also counts a silent refresh; without `auth_time` in its tokens a person "
                "stays out until the revocation is lifted.",
     .store = [](Draft& d, Value& v) {
       issuer(d).heal_by = v.text == "iat" ? identity::HealBy::kIssuedAt
                                           : identity::HealBy::kAuthTime;
     }},

    {.path = "upstreams", .shape = Shape::kBlocks, .presence = Presence::kRequired, .min = 1,
     .max = 64,
     .summary = "The model providers.",
     .store = [](Draft& d, Value&) {
       d.configuration.upstreams.emplace_back();
       d.configuration.credential_sources.emplace_back();
       d.resources.emplace_back();
       d.credentials.emplace_back();
     }},
    {.path = "upstreams[].name", .type = Type::kName, .presence = Presence::kRequired,
     .summary = "Your name for it, for `models` and records.",
     .store = [](Draft& d, Value& v) { upstream_of(d).name = v.text; }},
    {.path = "upstreams[].provider", .type = Type::kChoice, .presence = Presence::kRequired,
     .choices = kProviderNames.text(), .choices_later = "bedrock|vertex",
     .summary = "Microsoft Foundry, the Claude API, or Amazon Bedrock's Messages endpoint (Mantle).",
     .store = [](Draft& d, Value& v) {
       const auto* rules = upstream::find_provider(v.text);
       SALLYPORT_CHECK(rules != nullptr);  // the choices are the table's names
       upstream_of(d).provider = rules->provider;
     }},
    {.path = "upstreams[].resource", .type = Type::kResource,
     .fallback_note = "Foundry: this or `base_url`",
     .summary = "The name of the Foundry resource: requests go to "
                "`https://RESOURCE.services.ai.azure.com/anthropic`.",
     .store = [](Draft& d, Value& v) { d.resources.back() = v.text; }},
    {.path = "upstreams[].region", .type = Type::kRegion,
     .fallback_note = "Mantle: this or `base_url`",
     .summary = "The region of AWS: requests go to "
                "`https://bedrock-mantle.REGION.api.aws/anthropic`.",
     .store = [](Draft& d, Value& v) { d.resources.back() = v.text; }},
    {.path = "upstreams[].base_url", .type = Type::kServiceUrl,
     .fallback_note = "anthropic: `https://api.anthropic.com`",
     .summary = "The URL that `/v1/messages` is put after, for private endpoints and other clouds.",
     .store = [](Draft& d, Value& v) { upstream_of(d).base_url = v.text; }},
    {.path = "upstreams[].credential", .shape = Shape::kBlock, .presence = Presence::kRequired,
     .summary = "What the provider is shown instead of the person's token. Exactly one of "
                "`api_key`, `managed_identity`, `workload_identity`, `client_certificate` and "
                "`client_secret`; docs/upstream-credentials.md helps to choose."},
    {.path = "upstreams[].credential.api_key", .type = Type::kSecret,
     .summary = "The provider's key.",
     .store = [](Draft& d, Value& v) {
       credential(d).secret = v.secret;
       d.configuration.credential_sources.back() = v.source;
     }},
    {.path = "upstreams[].credential.header", .type = Type::kChoice, .fallback = "x-api-key",
     .choices = "x-api-key|api-key",
     .summary = "The header that carries the key.",
     .store = [](Draft& d, Value& v) { credential(d).header = v.text; }},
    {.path = "upstreams[].credential.managed_identity", .shape = Shape::kBlock,
     .summary = "The machine's own identity in Azure: `{}` is the system-assigned one.",
     .store = [](Draft& d, Value&) { credential(d).kind = CredentialKind::kImds; }},
    {.path = "upstreams[].credential.managed_identity.source", .type = Type::kChoice,
     .fallback = "auto", .choices = "auto|imds|app_service|arc",
     .summary = "Which endpoint of the platform gives the tokens; `auto` looks at the variables "
                "that the platform sets.",
     .store = [](Draft& d, Value& v) { words_of(d).source = v.text; }},
    {.path = "upstreams[].credential.managed_identity.client_id", .type = Type::kWord,
     .fallback_note = "the system-assigned identity",
     .summary = "The client id of a user-assigned identity.",
     .store = [](Draft& d, Value& v) { credential(d).client_id = v.text; }},
    {.path = "upstreams[].credential.managed_identity.object_id", .type = Type::kWord,
     .summary = "The same, by its object id.",
     .store = [](Draft& d, Value& v) { credential(d).object_id = v.text; }},
    {.path = "upstreams[].credential.managed_identity.resource_id", .type = Type::kText,
     .summary = "The same, by its resource id (`/subscriptions/...`).",
     .store = [](Draft& d, Value& v) { credential(d).resource_id = v.text; }},
    {.path = "upstreams[].credential.workload_identity", .shape = Shape::kBlock,
     .summary = "The identity of a Kubernetes service account: `{}` takes everything from the "
                "variables that the cluster sets.",
     .store = [](Draft& d, Value&) { credential(d).kind = CredentialKind::kWorkloadIdentity; }},
    {.path = "upstreams[].credential.workload_identity.client_id", .type = Type::kWord,
     .fallback_note = "the variable `AZURE_CLIENT_ID`",
     .summary = "The client id of the application or of the user-assigned identity.",
     .store = [](Draft& d, Value& v) { credential(d).client_id = v.text; }},
    {.path = "upstreams[].credential.workload_identity.tenant", .type = Type::kWord,
     .fallback_note = "the variable `AZURE_TENANT_ID`",
     .summary = "The tenant's id, or one of its domains.",
     .store = [](Draft& d, Value& v) { words_of(d).tenant = v.text; }},
    {.path = "upstreams[].credential.workload_identity.token_file", .type = Type::kPath,
     .fallback_note = "the variable `AZURE_FEDERATED_TOKEN_FILE`",
     .summary = "The file with the service account's token; read at every request for a token.",
     .store = [](Draft& d, Value& v) { credential(d).token_file = v.text; }},
    {.path = "upstreams[].credential.workload_identity.authority", .type = Type::kServiceUrl,
     .fallback_note = "the variable `AZURE_AUTHORITY_HOST`, else `https://login.microsoftonline.com`",
     .summary = "Entra's address.",
     .store = [](Draft& d, Value& v) { words_of(d).authority = v.text; }},
    {.path = "upstreams[].credential.client_certificate", .shape = Shape::kBlock,
     .summary = "An application that proves itself by a certificate.",
     .store = [](Draft& d, Value&) { credential(d).kind = CredentialKind::kClientCertificate; }},
    {.path = "upstreams[].credential.client_certificate.tenant", .type = Type::kWord,
     .presence = Presence::kRequired, .summary = "The tenant's id, or one of its domains.",
     .store = [](Draft& d, Value& v) { words_of(d).tenant = v.text; }},
    {.path = "upstreams[].credential.client_certificate.client_id", .type = Type::kWord,
     .presence = Presence::kRequired, .summary = "The application's client id.",
     .store = [](Draft& d, Value& v) { credential(d).client_id = v.text; }},
    {.path = "upstreams[].credential.client_certificate.certificate", .type = Type::kReadableFile,
     .presence = Presence::kRequired,
     .summary = "PEM file with the certificate that is uploaded at the registration; read again at "
                "a reload.",
     .store = [](Draft& d, Value& v) { words_of(d).certificate = v.text; }},
    {.path = "upstreams[].credential.client_certificate.key", .type = Type::kReadableFile,
     .presence = Presence::kRequired,
     .summary = "PEM file with its private key, RSA of at least 2048 bits, without a password.",
     .store = [](Draft& d, Value& v) { words_of(d).key = v.text; }},
    {.path = "upstreams[].credential.client_certificate.authority", .type = Type::kServiceUrl,
     .fallback = "https://login.microsoftonline.com", .summary = "Entra's address.",
     .store = [](Draft& d, Value& v) { words_of(d).authority = v.text; }},
    {.path = "upstreams[].credential.client_secret", .shape = Shape::kBlock,
     .summary = "An application that proves itself by a secret.",
     .store = [](Draft& d, Value&) { credential(d).kind = CredentialKind::kClientSecret; }},
    {.path = "upstreams[].credential.client_secret.tenant", .type = Type::kWord,
     .presence = Presence::kRequired, .summary = "The tenant's id, or one of its domains.",
     .store = [](Draft& d, Value& v) { words_of(d).tenant = v.text; }},
    {.path = "upstreams[].credential.client_secret.client_id", .type = Type::kWord,
     .presence = Presence::kRequired, .summary = "The application's client id.",
     .store = [](Draft& d, Value& v) { credential(d).client_id = v.text; }},
    {.path = "upstreams[].credential.client_secret.secret", .type = Type::kSecret,
     .presence = Presence::kRequired, .summary = "The secret's value; read again at a reload.",
     .store = [](Draft& d, Value& v) {
       credential(d).secret = v.secret;
       d.configuration.credential_sources.back() = v.source;
     }},
    {.path = "upstreams[].credential.client_secret.authority", .type = Type::kServiceUrl,
     .fallback = "https://login.microsoftonline.com", .summary = "Entra's address.",
     .store = [](Draft& d, Value& v) { words_of(d).authority = v.text; }},
    {.path = "upstreams[].credential.scope", .type = Type::kWord,
     .fallback = upstream::kFoundryScope,
     .summary = "What the token is for. Also in use: "
                "`https://cognitiveservices.azure.com/.default` and "
                "`https://ai.cognitiveservices.com/.default`; `sallyport upstream check` says "
                "which one your resource takes.",
     .store = [](Draft& d, Value& v) { credential(d).scope = v.text; }},
    {.path = "upstreams[].credential.ca_file", .type = Type::kReadableFile,
     .fallback_note = "the system's trust store",
     .summary = "PEM file with the authorities that Entra is trusted by.",
     .store = [](Draft& d, Value& v) { credential(d).ca_file = v.text; }},
    {.path = "upstreams[].credential.proxy", .type = Type::kProxyUrl, .fallback_note = "the environment's",
     .summary = "The proxy to Entra. A platform's own endpoint is never asked through one.",
     .store = [](Draft& d, Value& v) { credential(d).proxy = v.text; }},
    {.path = "upstreams[].ca_file", .type = Type::kReadableFile,
     .fallback_note = "the system's trust store",
     .summary = "PEM file with the authorities that the provider is trusted by.",
     .store = [](Draft& d, Value& v) { upstream_of(d).ca_file = v.text; }},
    {.path = "upstreams[].proxy", .type = Type::kProxyUrl, .fallback_note = "direct",
     .summary = "The proxy to the provider, by CONNECT: it sees the host name and nothing else.",
     .store = [](Draft& d, Value& v) { upstream_of(d).proxy = v.text; }},

    {.path = "models", .shape = Shape::kBlocks, .presence = Presence::kRequired, .min = 1,
     .max = 1000,
     .summary = "The models that people may ask for; `/v1/models` lists them in this order.",
     .store = [](Draft& d, Value&) {
       d.configuration.models.emplace_back();
       d.deployments.push_back(0);
     }},
    {.path = "models[].id", .type = Type::kModelName, .presence = Presence::kRequired,
     .summary = "What clients ask for.",
     .store = [](Draft& d, Value& v) { model(d).id = v.text; }},
    {.path = "models[].display_name", .type = Type::kText, .fallback_note = "the id",
     .summary = "What `/v1/models` calls it.",
     .store = [](Draft& d, Value& v) { model(d).display_name = v.text; }},
    {.path = "models[].deployments", .shape = Shape::kWordPairs, .type = Type::kModelName,
     .presence = Presence::kRequired, .min = 1, .max = 64,
     .summary = "The upstream's name and the deployment's name there. Exactly one in this version.",
     .store = [](Draft& d, Value& v) {
       ++d.deployments.back();
       model(d).upstream = v.name;
       model(d).deployment = v.text;
     }},

    {.path = "policies", .shape = Shape::kBlocks, .presence = Presence::kLater,
     .summary = "Who may use which model, and how much."},
    {.path = "prices", .shape = Shape::kBlock, .presence = Presence::kLater,
     .summary = "What tokens cost."},

    {.path = "audit", .shape = Shape::kBlock, .summary = "The record of every request."},
    {.path = "audit.directory", .type = Type::kPath, .fallback = "/var/lib/sallyport/audit",
     .summary = "The folder of the record. One gateway writes to it at a time.",
     .needs_restart = true,
     .store = [](Draft& d, Value& v) { d.configuration.audit.directory = v.text; }},
    {.path = "audit.sync", .type = Type::kSync, .fallback = "100ms", .min = 10, .max = 10 * kSecond,
     .summary = "How often the record is forced to the disk: a power cut can take what came "
                "since. `each`: before the first byte of the answer.",
     .store = [](Draft& d, Value& v) { d.configuration.audit.sync = v.duration; }},
    {.path = "audit.segment_bytes", .type = Type::kNumber, .fallback = "67108864",
     .min = 1 << 16, .max = 1 << 30,
     .summary = "The size of one file of the record, reserved when it is begun.",
     .store = [](Draft& d, Value& v) {
       d.configuration.audit.segment_bytes = static_cast<std::size_t>(v.number);
     }},

    {.path = "store", .type = Type::kStore, .fallback = "sqlite:/var/lib/sallyport/state.db",
     .summary = "Where revocations and what must outlive the process are kept.",
     .needs_restart = true,
     .store = [](Draft& d, Value& v) { d.configuration.store_path = v.text; }},

    {.path = "admin", .shape = Shape::kBlock, .summary = "The administrator's side."},
    {.path = "admin.socket", .type = Type::kSocketPath, .fallback = "/run/sallyport/admin.sock",
     .summary = "The local socket for `sallyport status` and other commands; root and the "
                "gateway's own user may speak to it.",
     .needs_restart = true,
     .store = [](Draft& d, Value& v) { d.configuration.admin.socket = v.text; }},
    {.path = "admin.listen", .type = Type::kLoopbackAddress, .fallback_note = "no port",
     .summary = "The port for `/metrics` (Prometheus).", .needs_restart = true,
     .store = [](Draft& d, Value& v) { d.configuration.admin.listen = v.address; }},
    {.path = "admin.roles", .shape = Shape::kBlock, .presence = Presence::kLater,
     .summary = "Who may do what in the administrator's console."},
};
// clang-format on

}  // namespace

std::string_view Row::name() const {
  auto dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string_view Row::parent() const {
  auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

std::span<const Row> schema() {
  return kRows;
}

}  // namespace sallyport::config
