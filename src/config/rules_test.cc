// One small change to a good file, one finding: a table of what administrators get wrong.
#include <gtest/gtest.h>

#include "config/configuration.h"
#include "config/fake_environment.h"
#include "config/test_certificate.h"

namespace sallyport::config {
namespace {

constexpr std::string_view kGood = R"(listen:
  address: 0.0.0.0:8443
  public_url: https://claude.contoso.example
  tls: {certificate: tls.pem, key: tls.key}
limits: {connect: 5s}
issuers:
  - name: contoso
    issuer: https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0
    audiences: [b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]
    clients: [8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101]
    require: {scopes: [Gateway.Access]}
    heal_by: auth_time
upstreams:
  - name: foundry
    provider: foundry
    resource: contoso-ai
    credential: {api_key: "${env:KEY}"}
models:
  - id: claude-sonnet-5
    deployments: {foundry: sonnet-prod}
audit: {sync: 100ms}
store: sqlite:/var/lib/sallyport/state.db
metrics: {listen: "127.0.0.1:8444"}
)";

struct Case {
  std::string_view name;
  std::string_view from;  ///< a text of kGood
  std::string_view to;
  std::string_view code;  ///< of the only finding
  std::string_view key = {};
  std::string_view nearest = {};
  Severity severity = Severity::kError;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}
constexpr Severity kWarn = Severity::kWarning;

constexpr std::string_view kTenant = "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4";
constexpr std::string_view kIssuer =
    "https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0";
constexpr std::string_view kApi = "b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55";
constexpr std::string_view kClient = "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101";
constexpr std::string_view kTls = "  tls: {certificate: tls.pem, key: tls.key}\n";
constexpr std::string_view kRequire = "    require: {scopes: [Gateway.Access]}\n";
constexpr std::string_view kResource = "    resource: contoso-ai\n";
constexpr std::string_view kCredential = "{api_key: \"${env:KEY}\"}";

const Case kListenCases[] = {
    {"PlainHttpForEverybody", kTls, "", "config.plain_http", "listen.address"},
    {"NameInsteadOfAddress", "0.0.0.0:8443", "localhost:8443", "config.bad_value", "listen.address",
     "127.0.0.1:8443"},
    {"PortAlone", "0.0.0.0:8443", "\":8443\"", "config.bad_value", "listen.address",
     "0.0.0.0:8443"},
    {"AddressIsUrl", "0.0.0.0:8443", "https://0.0.0.0:8443", "config.bad_value", "listen.address"},
    {"NoPublicUrl", "  public_url: https://claude.contoso.example\n", "", "config.missing_key",
     "listen.public_url"},
    {"PublicUrlOverHttp", "https://claude.contoso.example", "http://claude.contoso.example",
     "config.plain_http", "listen.public_url", "https://claude.contoso.example"},
    {"PublicUrlWithoutScheme", "https://claude.contoso.example", "claude.contoso.example",
     "config.bad_value", "listen.public_url", "https://claude.contoso.example"},
    {"PublicUrlWithQuery", "https://claude.contoso.example", "https://claude.contoso.example/?a=b",
     "config.bad_value", "listen.public_url"},
    {"PublicUrlWithUser", "https://claude.contoso.example", "https://u:p@claude.contoso.example",
     "config.url_credential", "listen.public_url"},
    {"PublicUrlWithDots", "https://claude.contoso.example", "https://claude.contoso.example/a/../b",
     "config.bad_value", "listen.public_url"},
    {"PublicUrlWithV1", "https://claude.contoso.example", "https://claude.contoso.example/v1",
     "config.url_has_v1", "listen.public_url", "https://claude.contoso.example", kWarn},
    {"CertificateMissing", "tls.pem", "nowhere.pem", "config.file_missing",
     "listen.tls.certificate"},
    {"KeyMissing", "tls.key", "nowhere.key", "config.file_missing", "listen.tls.key"},
    {"KeyLeftOut", "certificate: tls.pem, key: tls.key", "certificate: tls.pem",
     "config.missing_key", "listen.tls.key"},
    {"KeyOfAnotherCertificate", "tls.key", "other.key", "config.key_mismatch", "listen.tls.key"},
    {"KeyAndCertificateSwapped", "certificate: tls.pem, key: tls.key",
     "certificate: tls.key, key: tls.pem", "config.not_a_certificate", "listen.tls.certificate"},
    {"KeyWithPassword", "tls.key", "locked.key", "config.key_has_password", "listen.tls.key"},
    {"KeyForEverybodysEyes", "tls.key", "open.key", "config.secret_world_readable",
     "listen.tls.key", "", kWarn},
    {"CertificateExpired", "certificate: tls.pem, key: tls.key",
     "certificate: old.pem, key: old.key", "config.certificate_expired", "listen.tls.certificate",
     "", kWarn},
    {"CertificateForAnotherName", "certificate: tls.pem, key: tls.key",
     "certificate: other.pem, key: other.key", "config.certificate_name", "listen.tls.certificate",
     "", kWarn},
    {"ProxyWithBitsBeyondItsPrefix", "limits:", "  trusted_proxies: [10.0.0.1/8]\nlimits:",
     "config.bad_value", "listen.trusted_proxies[0]", "10.0.0.0/8"},
    {"EverybodyIsAProxy", "limits:", "  trusted_proxies: [0.0.0.0/0]\nlimits:",
     "config.trusts_everybody", "listen.trusted_proxies[0]", "", kWarn},
    {"UnknownKey", "public_url", "publicUrl", "config.unknown_key", "listen.publicUrl",
     "public_url"},
    {"AdminPortTaken", "127.0.0.1:8444", "127.0.0.1:8443", "config.port_taken", "metrics.listen"},
    {"MetricsForEverybody", "127.0.0.1:8444", "0.0.0.0:8444", "config.not_loopback",
     "metrics.listen"},
    {"AdminSocketTooLong", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {socket: /run/0123456789012345678901234567890123456789012345678901234567890123456789"
     "01234567890123456789012345678901234567890}",
     "config.bad_value", "admin.socket"},
    {"AdminListenWasForMetrics", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {listen: \"127.0.0.1:8444\"}", "config.admin_nobody", "admin.listen"},
    {"AdminWithoutRoles", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {listen: \"127.0.0.1:8444\", sign_in: {client: c}}", "config.admin_nobody",
     "admin.listen"},
    {"AdminForEverybody", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {listen: \"0.0.0.0:8444\", sign_in: {client: c}, roles: {viewer: {groups: [g]}, "
     "administrator: {groups: [h]}}}",
     "config.not_loopback", "admin.listen"},
    {"AdminPortOfTheDataPlane", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {listen: \"127.0.0.1:8443\", sign_in: {client: c}, roles: {administrator: {groups: "
     "[h]}}}",
     "config.port_taken", "admin.listen"},
    {"NobodyAdministers", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {listen: \"127.0.0.1:8444\", sign_in: {client: c}, roles: {viewer: {groups: [g]}}}",
     "config.no_administrator", "admin.roles", "", kWarn},
    {"AnyClientAdministers", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {listen: \"127.0.0.1:8444\", audience: other, roles: {administrator: {groups: [h]}}}",
     "config.missing_key", "admin.clients"},
    {"WebApplicationWithHalfACredential", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {listen: \"127.0.0.1:8444\", sign_in: {client: c, credential: {certificate: "
     "/etc/sallyport/web.pem}}, roles: {administrator: {groups: [h]}}}",
     "config.credential", "admin.sign_in.credential"},
    {"CommandLineIsTheAudience", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {listen: \"127.0.0.1:8444\", audience: c, clients: [c], command_line: {client: c, "
     "scopes: [s]}, roles: {administrator: {groups: [h]}}}",
     "config.admin_audience", "admin.audience"},
    {"CommandLineOfTheDataPlane", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {listen: \"127.0.0.1:8444\", audience: other, clients: "
     "[8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101], command_line: {client: "
     "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, scopes: [s]}, roles: {administrator: {groups: [h]}}}",
     "config.admin_client", "admin.command_line.client"},
    {"CommandLineIsAnAudienceOfTheDataPlane", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {listen: \"127.0.0.1:8444\", audience: other, clients: "
     "[b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55], command_line: {client: "
     "b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55, scopes: [s]}, roles: {administrator: {groups: [h]}}}",
     "config.admin_client", "admin.command_line.client"},
    {"RoleForNobody", "metrics: {listen: \"127.0.0.1:8444\"}", "admin: {roles: {viewer: {}}}",
     "config.empty_rule", "admin.roles.viewer"},
    {"RoleForNoKey", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {roles: {viewer: {users: [ada]}}}", "config.bad_value", "admin.roles.viewer.users[0]"},
    {"RoleOfAnotherName", "metrics: {listen: \"127.0.0.1:8444\"}",
     "admin: {socket_roles: {adm: operators}}", "config.bad_value", "admin.socket_roles.adm",
     "operator"},
    {"PoliciesAreForLater", "audit: {sync: 100ms}", "policies: [{name: staff}]",
     "config.not_in_this_version", "policies"},
    {"PostgresIsForLater", "sqlite:/var/lib/sallyport/state.db", "postgres://u:p@db/x",
     "config.not_in_this_version", "store"},
    {"StoreWithoutKind", "sqlite:/var/lib/sallyport/state.db", "/var/lib/sallyport/state.db",
     "config.bad_value", "store"},
    {"SyncIsNoWord", "100ms", "always", "config.bad_value", "audit.sync"},
    {"SyncTooSlow", "100ms", "11s", "config.out_of_range", "audit.sync"},
    {"DurationWithoutUnit", "connect: 5s", "connect: 5", "config.bad_value", "limits.connect",
     "5s"},
    {"DurationOutOfRange", "connect: 5s", "connect: 1h", "config.out_of_range", "limits.connect"},
    {"PingAfterTheEnd", "connect: 5s", "silence: 5s, ping: 5s", "config.ping_too_late",
     "limits.ping", "", kWarn},
    {"OneSourceMoreThanAll", "connect: 5s", "connections: 10, connections_per_source: 11",
     "config.limit_without_effect", "limits.connections_per_source", "", kWarn},
    {"NumberWithUnderscore", "connect: 5s", "connections: 20_000", "config.bad_value",
     "limits.connections"},
    {"ListWhereAValueBelongs", "connect: 5s", "connect: [5s]", "config.wrong_shape",
     "limits.connect"},
    {"NoValue", "connect: 5s", "connect:", "config.no_value", "limits.connect"},
    {"ReferenceWhereNoSecretIs", "connect: 5s", "connect: \"${env:KEY}\"",
     "config.reference_not_here", "limits.connect"},
};

const Case kIssuerCases[] = {
    {"MetadataPasted", kIssuer,
     "https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0/.well-known/"
     "openid-configuration",
     "config.issuer_is_metadata", "issuers[0].issuer", kIssuer},
    {"NoV2", kIssuer, "https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4",
     "config.issuer_not_exact", "issuers[0].issuer", kIssuer},
    {"SlashAtTheEnd", kIssuer,
     "https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0/",
     "config.issuer_not_exact", "issuers[0].issuer", kIssuer},
    {"TenantInUpperCase", kIssuer,
     "https://login.microsoftonline.com/5B1F0E7A-3C52-4D8E-9A41-7D20C6E1B9F4/v2.0",
     "config.issuer_not_exact", "issuers[0].issuer", kIssuer},
    {"AuthorizeEndpointPasted", kIssuer,
     "https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/oauth2/v2.0/authorize",
     "config.issuer_not_exact", "issuers[0].issuer", kIssuer},
    {"CommonTenant", kIssuer, "https://login.microsoftonline.com/common/v2.0",
     "config.issuer_without_tenant", "issuers[0].issuer"},
    {"TenantByName", kIssuer, "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0",
     "config.issuer_without_tenant", "issuers[0].issuer"},
    {"OldIssuerWithoutSlash", kIssuer,
     "https://sts.windows.net/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4", "config.issuer_not_exact",
     "issuers[0].issuer", "https://sts.windows.net/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/"},
    {"OldIssuer", kIssuer, "https://sts.windows.net/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/", ""},
    {"OldIssuerTakesUris",
     "issuer: https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-"
     "7d20c6e1b9f4/v2.0\n    audiences: [b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]",
     "issuer: https://sts.windows.net/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/\n    audiences: "
     "[\"api://b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55\"]",
     ""},
    {"AnotherProvider",
     "issuer: https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-"
     "7d20c6e1b9f4/v2.0",
     "issuer: https://contoso.okta.example/oauth2/default", ""},
    {"LoopbackOverHttp", kIssuer, "http://127.0.0.1:9000", ""},
    {"HttpIssuer", kIssuer, "http://id.contoso.example", "config.plain_http", "issuers[0].issuer",
     "https://id.contoso.example"},
    {"TenantAsAudience", kApi, kTenant, "config.tenant_id_here", "issuers[0].audiences[0]"},
    {"TenantAsClient", kClient, kTenant, "config.tenant_id_here", "issuers[0].clients[0]"},
    {"AudienceWithScheme", kApi, "api://b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55",
     "config.audience_is_uri", "issuers[0].audiences[0]", kApi, kWarn},
    {"AudienceIsNoGuid", kApi, "gateway", "config.not_a_guid", "issuers[0].audiences[0]", "",
     kWarn},
    {"AudienceInUpperCase", kApi, "B7D94E62-0C1F-4F3A-8E25-91F6A3C80B55", "config.not_a_guid",
     "issuers[0].audiences[0]", kApi, kWarn},
    {"AudienceOfMicrosoft", kApi, "https://ai.azure.com", "config.foreign_audience",
     "issuers[0].audiences[0]", "", kWarn},
    {"AudienceOfGraph", kApi, "00000003-0000-0000-c000-000000000000", "config.foreign_audience",
     "issuers[0].audiences[0]", "", kWarn},
    {"ClientIsNoGuid", kClient, "desktop", "config.not_a_guid", "issuers[0].clients[0]", "", kWarn},
    {"NoAudience", "audiences: [b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]", "audiences: []",
     "config.list_length", "issuers[0].audiences"},
    {"AudiencesLeftOut", "    audiences: [b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]\n", "",
     "config.missing_key", "issuers[0].audiences"},
    {"AudienceNotInAList", "audiences: [b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]",
     "audiences: b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55", "config.wrong_shape",
     "issuers[0].audiences"},
    {"AudienceTwice", "[b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]",
     "[b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55, b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]",
     "config.repeated_entry", "issuers[0].audiences[1]"},
    {"KindOfToken", kRequire, "    token: acces_token\n", "config.bad_value", "issuers[0].token",
     "access_token"},
    {"ScopesOfAnIdToken", "    clients: [8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101]\n",
     "    token: id_token\n", "config.scopes_of_id_token", "issuers[0].require.scopes"},
    {"ClientsOfAnIdToken", kRequire, "    token: id_token\n", "config.clients_of_id_token",
     "issuers[0].clients", "", kWarn},
    {"SharedSecretAlgorithm", kRequire, "    algorithms: [HS256]\n", "config.unsafe_algorithm",
     "issuers[0].algorithms[0]"},
    {"NoAlgorithm", kRequire, "    algorithms: [none]\n", "config.unsafe_algorithm",
     "issuers[0].algorithms[0]"},
    {"AlgorithmInLowerCase", kRequire, "    algorithms: [rs256]\n", "config.bad_value",
     "issuers[0].algorithms[0]", "RS256"},
    {"SkewTooLarge", kRequire, "    skew: 301s\n", "config.out_of_range", "issuers[0].skew"},
    {"HealByNobody", "heal_by: auth_time", "heal_by: sub", "config.bad_value",
     "issuers[0].heal_by"},
    {"TokensMayLackAuthTime", "    heal_by: auth_time\n", "", "config.may_not_heal",
     "issuers[0].heal_by", "", kWarn},
    {"HeaderOfOurOwn", kRequire, "    header: Authorization\n", "config.reserved_header",
     "issuers[0].header"},
    {"HeaderOfHttp", kRequire, "    header: content-length\n", "config.reserved_header",
     "issuers[0].header"},
    {"HeaderOfTheProvider", kRequire, "    header: anthropic-beta\n", "config.reserved_header",
     "issuers[0].header"},
    {"HeaderWithSpace", kRequire, "    header: my token\n", "config.bad_value",
     "issuers[0].header"},
    {"KeysMissing", kRequire, "    jwks_file: nowhere.json\n", "config.file_unreadable",
     "issuers[0].jwks_file"},
    {"KeysAreNone", kRequire, "    jwks_file: tls.pem\n", "config.not_a_key_set",
     "issuers[0].jwks_file"},
    {"AuthoritiesAreNone", kRequire, "    ca_file: tls.key\n", "config.not_a_certificate",
     "issuers[0].ca_file"},
    {"ProxyWithoutEffect", kRequire,
     "    jwks_file: keys.json\n    proxy: http://proxy.example:3128\n",
     "config.key_without_effect", "issuers[0].proxy", "", kWarn},
    {"ProxyWithoutPort", kRequire, "    proxy: http://proxy.example\n", "config.bad_value",
     "issuers[0].proxy"},
    {"SignInWithoutRefresh", kRequire,
     "    sign_in: {client: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, scopes: [api://x/y]}\n",
     "config.sign_in_scopes", "issuers[0].sign_in.scopes", "", kWarn},
    {"SignInByAnotherClient", kRequire,
     "    sign_in: {client: 8f3c2d10-61aa-4b0e-bf57-000000000000, scopes: [offline_access]}\n",
     "config.sign_in_refused", "issuers[0].sign_in.client", "", kWarn},
    {"ScopeAlone", kRequire, "    require: {scope: [x]}\n", "config.unknown_key",
     "issuers[0].require.scope", "scopes"},
    {"SameNameTwice", "upstreams:\n",
     "  - {name: Contoso, heal_by: iat, issuer: \"https://id.example\", audiences: "
     "[x]}\nupstreams:\n",
     "config.name_taken", "issuers[1].name"},
    {"AppOnlyForEveryApplication", "upstreams:\n",
     "  - {name: b, heal_by: iat, issuer: \"https://id.example\", app_only: allow, audiences: "
     "[x]}\nupstreams:\n",
     "config.app_only_open", "issuers[1].app_only"},
    {"OneAudienceForBothKinds", "upstreams:\n",
     "  - {name: b, heal_by: iat, issuer: \"https://id.example\", token: id_token, audiences: "
     "[b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55]}\nupstreams:\n",
     "config.audience_of_both_kinds", "issuers[1].audiences[0]"},
    {"SameTenantTwice", "upstreams:\n",
     "  - {name: b, heal_by: iat, issuer: "
     "\"https://sts.windows.net/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/\", "
     "audiences: [b7d94e62-0c1f-4f3a-8e25-000000000000]}\nupstreams:\n",
     "config.person_counts_twice", "issuers[1].issuer", "", kWarn},
};

const Case kUpstreamCases[] = {
    {"ResourceIsUrl", "contoso-ai", "https://contoso-ai.services.ai.azure.com/anthropic",
     "config.resource_is_url", "upstreams[0].resource", "contoso-ai"},
    {"ResourceIsHost", "contoso-ai", "contoso-ai.services.ai.azure.com", "config.resource_is_url",
     "upstreams[0].resource", "contoso-ai"},
    {"ResourceWithSpace", "contoso-ai", "contoso ai", "config.bad_value", "upstreams[0].resource"},
    {"NoTarget", kResource, "", "config.missing_key", "upstreams[0]"},
    {"TwoTargets", kResource,
     "    resource: contoso-ai\n    base_url: https://x.example/anthropic\n", "config.keys_exclude",
     "upstreams[0].base_url"},
    {"ResourceAtAnthropic", "provider: foundry", "provider: anthropic", "config.keys_exclude",
     "upstreams[0].resource"},
    {"BaseUrlOverHttp", kResource, "    base_url: http://ai.contoso.example/anthropic\n",
     "config.plain_http", "upstreams[0].base_url", "https://ai.contoso.example/anthropic"},
    {"BaseUrlOnLocalhostByName", kResource, "    base_url: http://localhost:9000\n",
     "config.plain_http", "upstreams[0].base_url", "https://localhost:9000"},
    {"BaseUrlOnLoopback", kResource, "    base_url: http://127.0.0.1:9000/anthropic\n", ""},
    {"BaseUrlWithMessages", kResource,
     "    base_url: https://ai.contoso.example/anthropic/v1/messages\n", "config.url_has_v1",
     "upstreams[0].base_url", "https://ai.contoso.example/anthropic"},
    {"BaseUrlWithV1", kResource, "    base_url: https://ai.contoso.example/anthropic/v1/\n",
     "config.url_has_v1", "upstreams[0].base_url", "https://ai.contoso.example/anthropic"},
    {"FoundryWithoutItsPath", kResource, "    base_url: https://contoso-ai.services.ai.azure.com\n",
     "config.foundry_path", "upstreams[0].base_url",
     "https://contoso-ai.services.ai.azure.com/anthropic", kWarn},
    {"FoundryAtAnthropic", kResource, "    base_url: https://api.anthropic.com\n",
     "config.provider_mismatch", "upstreams[0].base_url", "", kWarn},
    {"ProviderForLater", "provider: foundry", "provider: bedrock", "config.not_in_this_version",
     "upstreams[0].provider"},
    {"ProviderUnknown", "provider: foundry", "provider: foundary", "config.bad_value",
     "upstreams[0].provider", "foundry"},
    {"NoCredential", "    credential: {api_key: \"${env:KEY}\"}\n", "", "config.missing_key",
     "upstreams[0].credential"},
    {"IdentityThatIsNoBlock", kCredential, "{managed_identity: system}", "config.wrong_shape",
     "upstreams[0].credential.managed_identity"},
    {"KeyOutsideItsBlock", "    credential: {api_key: \"${env:KEY}\"}\n",
     "    credential: {api_key: \"${env:KEY}\"}\n    api_key: x\n", "config.unknown_key",
     "upstreams[0].api_key"},
    {"VariableNotSet", "${env:KEY}", "${env:NOT_SET}", "config.variable_missing",
     "upstreams[0].credential.api_key"},
    {"SecretFileMissing", "${env:KEY}", "${file:/nowhere}", "config.file_missing",
     "upstreams[0].credential.api_key"},
    {"SecretFileForEverybody", "${env:KEY}", "${file:open-key}", "config.secret_world_readable",
     "upstreams[0].credential.api_key", "", kWarn},
    {"UnusualHeader", kCredential, "{api_key: \"${env:KEY}\", header: authorization}",
     "config.bad_value", "upstreams[0].credential.header"},
    {"SameNameTwice", "models:\n",
     "  - {name: Foundry, provider: anthropic, credential: {api_key: \"${env:KEY}\"}}\nmodels:\n"
     "  - {id: claude-x, deployments: {Foundry: x}}\n",
     "config.name_taken", "upstreams[1].name"},
    {"NobodyUsesIt", "models:\n",
     "  - {name: spare, provider: anthropic, credential: {api_key: \"${env:KEY}\"}}\nmodels:\n",
     "config.upstream_unused", "upstreams[1]", "", kWarn},
    {"HeaderThatAnthropicDoesNotRead", "models:\n",
     "  - {name: b, provider: anthropic, credential: {api_key: \"${env:KEY}\", header: "
     "api-key}}\nmodels:\n  - {id: claude-b, deployments: {b: claude-b}}\n",
     "config.header_unusual", "upstreams[1].credential.header", "", kWarn},
};

const Case kModelCases[] = {
    {"UpstreamUnknown", "{foundry: sonnet-prod}", "{foundery: sonnet-prod}",
     "config.upstream_unknown", "models[0].deployments.foundery", "foundry"},
    {"TwoDeployments", "{foundry: sonnet-prod}", "{foundry: a, other: b}",
     "config.several_deployments", "models[0].deployments"},
    {"NoDeployment", "{foundry: sonnet-prod}", "{}", "config.list_length", "models[0].deployments"},
    {"DeploymentNotInABlock", "{foundry: sonnet-prod}", "sonnet-prod", "config.wrong_shape",
     "models[0].deployments"},
    {"SameIdTwice", "audit:", "  - {id: claude-sonnet-5, deployments: {foundry: b}}\naudit:",
     "config.model_repeated", "models[1].id"},
    {"TwoIdsOnOneDeployment",
     "audit:", "  - {id: claude-sonnet-latest, deployments: {foundry: sonnet-prod}}\naudit:", ""},
    {"IdThatDesktopIgnores", "id: claude-sonnet-5", "id: sonnet", "config.model_not_recognised",
     "models[0].id", "", kWarn},
    {"IdInAnyCase", "id: claude-sonnet-5", "id: Our-Claude", ""},
    {"IdWithQuote", "id: claude-sonnet-5", "id: 'claude\"x'", "config.bad_value", "models[0].id"},
    {"DeploymentWithBackslash", "{foundry: sonnet-prod}", "{foundry: 'a\\b'}", "config.bad_value",
     "models[0].deployments.foundry"},
    {"NoModels", "  - id: claude-sonnet-5\n    deployments: {foundry: sonnet-prod}\n", "",
     "config.no_value", "models"},
};

// One credential and everything that can be wrong about it.
const Case kCredentialCases[] = {
    {"SystemIdentity", kCredential, "{managed_identity: {}}", ""},
    {"UserIdentity", kCredential,
     "{managed_identity: {source: imds, client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101}, scope: "
     "\"https://cognitiveservices.azure.com/.default\"}",
     ""},
    {"NothingAtAll", kCredential, "{header: api-key}", "config.missing_key",
     "upstreams[0].credential"},
    {"TwoKinds", kCredential, "{api_key: \"${env:KEY}\", managed_identity: {}}",
     "config.keys_exclude", "upstreams[0].credential.managed_identity"},
    {"KeyWithScope", kCredential,
     "{api_key: \"${env:KEY}\", scope: \"https://ai.azure.com/.default\"}", "config.keys_exclude",
     "upstreams[0].credential.scope"},
    {"TokenWithHeader", kCredential, "{managed_identity: {}, header: api-key}",
     "config.keys_exclude", "upstreams[0].credential.header"},
    {"IdentityThroughProxy", kCredential,
     "{managed_identity: {}, proxy: \"http://proxy.example:3128\"}", "config.keys_exclude",
     "upstreams[0].credential.proxy"},
    {"TwoNamesForOneIdentity", kCredential,
     "{managed_identity: {client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, object_id: "
     "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101}}",
     "config.keys_exclude", "upstreams[0].credential.managed_identity.object_id"},
    {"IdentityByName", kCredential, "{managed_identity: {client_id: gateway}}", "config.bad_value",
     "upstreams[0].credential.managed_identity.client_id"},
    {"ResourceIdThatIsNone", kCredential, "{managed_identity: {resource_id: gateway}}",
     "config.bad_value", "upstreams[0].credential.managed_identity.resource_id"},
    {"ArcWithUserIdentity", kCredential,
     "{managed_identity: {source: arc, client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101}}",
     "config.keys_exclude", "upstreams[0].credential.managed_identity.client_id"},
    {"AppServiceElsewhere", kCredential, "{managed_identity: {source: app_service}}",
     "config.variable_missing", "upstreams[0].credential.managed_identity"},
    {"ScopeWithoutDefault", kCredential, "{managed_identity: {}, scope: \"https://ai.azure.com/\"}",
     "config.bad_value", "upstreams[0].credential.scope", "https://ai.azure.com/.default"},
    {"ScopeThatIsNone", kCredential, "{managed_identity: {}, scope: .default}", "config.bad_value",
     "upstreams[0].credential.scope"},
    {"WorkloadOutsideACluster", kCredential,
     "{workload_identity: {client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, tenant: "
     "contoso.onmicrosoft.com}}",
     "config.missing_key", "upstreams[0].credential.workload_identity"},
    {"Workload", kCredential,
     "{workload_identity: {client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, tenant: "
     "contoso.onmicrosoft.com, token_file: /var/run/token}}",
     ""},
    {"ApplicationSecret", kCredential,
     "{client_secret: {tenant: 5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4, client_id: "
     "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, secret: \"${env:KEY}\"}}",
     ""},
    {"TenantThatIsNone", kCredential,
     "{client_secret: {tenant: contoso, client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, secret: "
     "\"${env:KEY}\"}}",
     "config.bad_value", "upstreams[0].credential.client_secret.tenant"},
    {"AuthorityWithoutTls", kCredential,
     "{client_secret: {tenant: contoso.com, client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, "
     "authority: \"http://login.example\", secret: \"${env:KEY}\"}}",
     "config.plain_http", "upstreams[0].credential.client_secret.authority",
     "https://login.example"},
    {"SecretLeftOut", kCredential,
     "{client_secret: {tenant: contoso.com, client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101}}",
     "config.missing_key", "upstreams[0].credential.client_secret.secret"},
    {"Certificate", kCredential,
     "{client_certificate: {tenant: contoso.com, client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, "
     "certificate: app.pem, key: app.key}}",
     ""},
    {"CertificateOnAnEllipticCurve", kCredential,
     "{client_certificate: {tenant: contoso.com, client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, "
     "certificate: tls.pem, key: tls.key}}",
     "config.key_unfit", "upstreams[0].credential.client_certificate.key"},
    {"CertificateOfAnotherKey", kCredential,
     "{client_certificate: {tenant: contoso.com, client_id: 8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101, "
     "certificate: app.pem, key: tls.key}}",
     "config.key_mismatch", "upstreams[0].credential.client_certificate.key"},
    {"TokenForAnthropic", "models:\n",
     "  - {name: b, provider: anthropic, credential: {managed_identity: {}}}\nmodels:\n  - {id: "
     "claude-b, deployments: {b: claude-b}}\n",
     "config.credential_unfit", "upstreams[1].credential.managed_identity"},
};

class Rules : public testing::TestWithParam<Case> {
 protected:
  static const FakeEnvironment& environment() {
    static const FakeEnvironment ready = [] {
      using std::chrono::sys_days;
      using std::chrono::year;
      FakeEnvironment made;
      auto add = [&](const std::string& name, const TestCertificate& certificate) {
        made.files["/etc/sallyport/" + name + ".pem"] = {certificate.certificate, 0644};
        made.files["/etc/sallyport/" + name + ".key"] = {certificate.key, 0600};
      };
      const std::string host = "DNS:claude.contoso.example";
      auto good = make_test_certificate(host, sys_days{year{2026} / 11 / 1}, 90);
      add("tls", good);
      add("old", make_test_certificate(host, sys_days{year{2026} / 1 / 1}, 90));
      add("app", make_test_certificate(host, sys_days{year{2026} / 11 / 1}, 90, true));
      add("other", make_test_certificate("DNS:x.example", sys_days{year{2026} / 11 / 1}, 90));
      made.files["/etc/sallyport/locked.key"] = {good.locked_key, 0600};
      made.files["/etc/sallyport/open.key"] = {good.key, 0644};
      made.files["/etc/sallyport/keys.json"] = {R"({"keys":[]})", 0644};
      made.files["/etc/sallyport/open-key"] = {"k", 0604};
      made.variables["KEY"] = "k";
      return made;
    }();
    return ready;
  }
};

TEST_P(Rules, OneChangeGivesOneFinding) {
  const Case& c = GetParam();
  std::string yaml(kGood);
  auto at = yaml.find(c.from);
  ASSERT_NE(at, std::string::npos) << "the case changes nothing";
  yaml.replace(at, c.from.size(), c.to);
  auto loaded = parse(yaml, "/etc/sallyport/sallyport.yaml", environment());
  std::string all;
  for (const auto& finding : loaded.findings) all += text(finding) + "\n";
  EXPECT_EQ(loaded.configuration.has_value(), c.code.empty() || c.severity == kWarn) << all;
  if (c.code.empty()) {
    EXPECT_TRUE(loaded.findings.empty()) << all;
    return;
  }
  ASSERT_EQ(loaded.findings.size(), 1u) << all;
  const auto& finding = loaded.findings[0];
  EXPECT_EQ(finding.code, c.code) << all;
  EXPECT_EQ(finding.key, c.key) << all;
  EXPECT_EQ(finding.nearest, c.nearest) << all;
  EXPECT_EQ(finding.severity, c.severity) << all;
  EXPECT_GT(finding.place.line, 0) << all;
  EXPECT_TRUE(!finding.next_step.empty() || !finding.nearest.empty()) << all;
}

std::string with_admin(std::string_view users) {
  std::string yaml(kGood);
  yaml += R"(admin:
  listen: "127.0.0.1:9443"
  issuer: contoso
  sign_in: {client: c}
  roles: {administrator: {users: [)";
  yaml.append(users).append("]}}\n");
  return yaml;
}

TEST_F(Rules, UsersOfRolesAreNamedAsKeysAre) {
  auto loaded = parse(with_admin("contoso/5B1F0E7A-3C52-4D8E-9A41-7D20C6E1B9F4/"
                                 "9E107D9D-372B-4A81-A0F0-2C1C4F6F1A77, contoso//Ada/B"),
                      "/etc/sallyport/sallyport.yaml", environment());
  ASSERT_TRUE(loaded.configuration) << text(loaded.findings.at(0));
  EXPECT_EQ(loaded.configuration->admin.roles.at(0).users,
            (std::vector<std::string>{
                "contoso/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77",
                "contoso//Ada/B"}));
}

TEST_F(Rules, UsersOfRolesAreOfTheAdministratorsIssuer) {
  auto yaml = with_admin("fabrikam//ada");
  const std::string other =
      "  - {name: fabrikam, issuer: \"https://login.fabrikam.example\", audiences: [a], clients: "
      "[b], heal_by: auth_time}\n";
  yaml.insert(yaml.find("upstreams:"), other);
  auto loaded = parse(yaml, "/etc/sallyport/sallyport.yaml", environment());
  EXPECT_FALSE(loaded.configuration);
  ASSERT_EQ(loaded.findings.size(), 1u);
  EXPECT_EQ(loaded.findings[0].key, "admin.roles.administrator.users[0]");
  EXPECT_EQ(loaded.findings[0].code, "config.bad_value");
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  return std::string(info.param.name);
}
INSTANTIATE_TEST_SUITE_P(Listen, Rules, testing::ValuesIn(kListenCases), name_of);
INSTANTIATE_TEST_SUITE_P(Issuers, Rules, testing::ValuesIn(kIssuerCases), name_of);
INSTANTIATE_TEST_SUITE_P(Upstreams, Rules, testing::ValuesIn(kUpstreamCases), name_of);
INSTANTIATE_TEST_SUITE_P(Credentials, Rules, testing::ValuesIn(kCredentialCases), name_of);
INSTANTIATE_TEST_SUITE_P(Models, Rules, testing::ValuesIn(kModelCases), name_of);

}  // namespace
}  // namespace sallyport::config
