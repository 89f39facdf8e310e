// `upstreams`: the model providers, and what they are shown in place of the person's token.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "config/schema/rows.h"

namespace sallyport::config {
namespace {

using upstream::CredentialKind;

using upstream::kProviderRules;

// Texts that come from upstream's table of providers, made while this is compiled.
struct Words {
  std::array<char, 256> bytes{};
  std::size_t size = 0;

  consteval void add(std::string_view word) {
    for (char c : word) bytes.at(size++) = c;
  }
  [[nodiscard]] constexpr std::string_view text() const { return {bytes.data(), size}; }
};

// "foundry|anthropic|..."
constexpr Words kProviderNames = [] consteval {
  Words names;
  for (const auto& row : kProviderRules) {
    if (names.size > 0) names.add("|");
    names.add(row.name);
  }
  return names;
}();

// "Microsoft Foundry, the Claude API, or ..."
constexpr Words kProvidersDescribed = [] consteval {
  Words all;
  for (const auto& row : kProviderRules) {
    if (all.size > 0) all.add(&row == std::end(kProviderRules) - 1 ? ", or " : ", ");
    all.add(row.described);
  }
  all.add(".");
  return all;
}();

// "x-api-key|api-key": each that some provider reads a key from.
constexpr Words kKeyHeaders = [] consteval {
  Words all;
  for (const auto& row : kProviderRules) {
    for (auto header : row.key_headers) {
      bool there = false;
      std::string_view rest = all.text();
      while (!rest.empty()) {
        auto end = std::min(rest.find('|'), rest.size());
        there = there || rest.substr(0, end) == header;
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      if (there) continue;
      if (all.size > 0) all.add("|");
      all.add(header);
    }
  }
  return all;
}();

// "Foundry: this or `base_url`": whose key it is.
consteval Words whose(std::string_view target_key) {
  Words note;
  for (const auto& row : kProviderRules) {
    if (row.target_key != target_key) continue;
    if (note.size > 0) note.add(", ");
    note.add(row.title);
  }
  note.add(": this or `base_url`");
  return note;
}
constexpr Words kWhoseResource = whose("resource");
constexpr Words kWhoseRegion = whose("region");

auto& upstream_of(Draft& draft) {
  return draft.configuration.upstreams.back();
}
auto& credential(Draft& draft) {
  return upstream_of(draft).credential;
}
auto& words_of(Draft& draft) {
  return draft.upstreams.back().credential;
}

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "upstreams", .shape = Shape::kBlocks, .presence = Presence::kRequired, .min = 1,
     .max = 64,
     .summary = "The model providers.", .reload = kApplied,
     .store = [](Draft& d, Value&) {
       d.configuration.upstreams.emplace_back();
       d.upstreams.emplace_back();
     }},
    {.path = "upstreams[].name", .type = Type::kName, .presence = Presence::kRequired,
     .summary = "Your name for it, for `models` and records.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { upstream_of(d).name = v.text; }},
    {.path = "upstreams[].provider", .type = Type::kChoice, .presence = Presence::kRequired,
     .choices = kProviderNames.text(), .choices_later = "bedrock|vertex",
     .summary = kProvidersDescribed.text(),
     .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       const auto* rules = upstream::find_provider(v.text);
       SALLYPORT_CHECK(rules != nullptr);  // the choices are the table's names
       upstream_of(d).provider = rules->provider;
     }},
    {.path = "upstreams[].resource", .type = Type::kResource,
     .fallback_note = kWhoseResource.text(),
     .summary = "The name of the Foundry resource: requests go to "
                "`https://RESOURCE.services.ai.azure.com/anthropic`.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.upstreams.back().resource = v.text; }},
    {.path = "upstreams[].region", .type = Type::kRegion,
     .fallback_note = kWhoseRegion.text(),
     .summary = "The region of AWS: requests go to "
                "`https://bedrock-mantle.REGION.api.aws/anthropic`.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.upstreams.back().resource = v.text; }},
    {.path = "upstreams[].base_url", .type = Type::kServiceUrl,
     .fallback_note = "anthropic: `https://api.anthropic.com`",
     .summary = "The URL that `/v1/messages` is put after, for private endpoints and other clouds.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { upstream_of(d).base_url = v.text; }},
    {.path = "upstreams[].credential", .shape = Shape::kBlock, .presence = Presence::kRequired,
     .summary = "What the provider is shown instead of the person's token. Exactly one of "
                "`api_key`, `managed_identity`, `workload_identity`, `client_certificate` and "
                "`client_secret`; docs/upstream-credentials.md helps to choose.",
     .reload = kApplied},
    {.path = "upstreams[].credential.api_key", .type = Type::kSecret,
     .summary = "The provider's key.", .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       credential(d).secret = v.secret;
       upstream_of(d).credential_source = v.source;
     }},
    {.path = "upstreams[].credential.header", .type = Type::kChoice, .fallback = "x-api-key",
     .choices = kKeyHeaders.text(),
     .summary = "The header that carries the key.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).header = v.text; }},
    {.path = "upstreams[].credential.managed_identity", .shape = Shape::kBlock,
     .summary = "The machine's own identity in Azure: `{}` is the system-assigned one.",
     .reload = kApplied,
     .store = [](Draft& d, Value&) { credential(d).kind = CredentialKind::kImds; }},
    {.path = "upstreams[].credential.managed_identity.source", .type = Type::kChoice,
     .fallback = "auto", .choices = "auto|imds|app_service|arc",
     .summary = "Which endpoint of the platform gives the tokens; `auto` looks at the variables "
                "that the platform sets.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { words_of(d).source = v.text; }},
    {.path = "upstreams[].credential.managed_identity.client_id", .type = Type::kWord,
     .fallback_note = "the system-assigned identity",
     .summary = "The client id of a user-assigned identity.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).client_id = v.text; }},
    {.path = "upstreams[].credential.managed_identity.object_id", .type = Type::kWord,
     .summary = "The same, by its object id.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).object_id = v.text; }},
    {.path = "upstreams[].credential.managed_identity.resource_id", .type = Type::kText,
     .summary = "The same, by its resource id (`/subscriptions/...`).", .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).resource_id = v.text; }},
    {.path = "upstreams[].credential.workload_identity", .shape = Shape::kBlock,
     .summary = "The identity of a Kubernetes service account: `{}` takes everything from the "
                "variables that the cluster sets.", .reload = kApplied,
     .store = [](Draft& d, Value&) { credential(d).kind = CredentialKind::kWorkloadIdentity; }},
    {.path = "upstreams[].credential.workload_identity.client_id", .type = Type::kWord,
     .fallback_note = "the variable `AZURE_CLIENT_ID`",
     .summary = "The client id of the application or of the user-assigned identity.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).client_id = v.text; }},
    {.path = "upstreams[].credential.workload_identity.tenant", .type = Type::kWord,
     .fallback_note = "the variable `AZURE_TENANT_ID`",
     .summary = "The tenant's id, or one of its domains.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { words_of(d).tenant = v.text; }},
    {.path = "upstreams[].credential.workload_identity.token_file", .type = Type::kPath,
     .fallback_note = "the variable `AZURE_FEDERATED_TOKEN_FILE`",
     .summary = "The file with the service account's token; read at every request for a token.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).token_file = v.text; }},
    {.path = "upstreams[].credential.workload_identity.authority", .type = Type::kServiceUrl,
     .fallback_note = "the variable `AZURE_AUTHORITY_HOST`, else `https://login.microsoftonline.com`",
     .summary = "Entra's address.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { words_of(d).authority = v.text; }},
    {.path = "upstreams[].credential.client_certificate", .shape = Shape::kBlock,
     .summary = "An application that proves itself by a certificate.", .reload = kApplied,
     .store = [](Draft& d, Value&) { credential(d).kind = CredentialKind::kClientCertificate; }},
    {.path = "upstreams[].credential.client_certificate.tenant", .type = Type::kWord,
     .presence = Presence::kRequired, .summary = "The tenant's id, or one of its domains.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { words_of(d).tenant = v.text; }},
    {.path = "upstreams[].credential.client_certificate.client_id", .type = Type::kWord,
     .presence = Presence::kRequired, .summary = "The application's client id.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).client_id = v.text; }},
    {.path = "upstreams[].credential.client_certificate.certificate", .type = Type::kReadableFile,
     .presence = Presence::kRequired,
     .summary = "PEM file with the certificate that is uploaded at the registration; read again at "
                "a reload.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { words_of(d).certificate = v.text; }},
    {.path = "upstreams[].credential.client_certificate.key", .type = Type::kReadableFile,
     .presence = Presence::kRequired,
     .summary = "PEM file with its private key, RSA of at least 2048 bits, without a password.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { words_of(d).key = v.text; }},
    {.path = "upstreams[].credential.client_certificate.authority", .type = Type::kServiceUrl,
     .fallback = "https://login.microsoftonline.com", .summary = "Entra's address.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { words_of(d).authority = v.text; }},
    {.path = "upstreams[].credential.client_secret", .shape = Shape::kBlock,
     .summary = "An application that proves itself by a secret.", .reload = kApplied,
     .store = [](Draft& d, Value&) { credential(d).kind = CredentialKind::kClientSecret; }},
    {.path = "upstreams[].credential.client_secret.tenant", .type = Type::kWord,
     .presence = Presence::kRequired, .summary = "The tenant's id, or one of its domains.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { words_of(d).tenant = v.text; }},
    {.path = "upstreams[].credential.client_secret.client_id", .type = Type::kWord,
     .presence = Presence::kRequired, .summary = "The application's client id.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).client_id = v.text; }},
    {.path = "upstreams[].credential.client_secret.secret", .type = Type::kSecret,
     .presence = Presence::kRequired, .summary = "The secret's value; read again at a reload.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       credential(d).secret = v.secret;
       upstream_of(d).credential_source = v.source;
     }},
    {.path = "upstreams[].credential.client_secret.authority", .type = Type::kServiceUrl,
     .fallback = "https://login.microsoftonline.com", .summary = "Entra's address.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { words_of(d).authority = v.text; }},
    {.path = "upstreams[].credential.scope", .type = Type::kWord,
     .fallback = upstream::kFoundryScope,
     .summary = "What the token is for. Also in use: "
                "`https://cognitiveservices.azure.com/.default` and "
                "`https://ai.cognitiveservices.com/.default`; `sallyport upstream check` says "
                "which one your resource takes.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).scope = v.text; }},
    {.path = "upstreams[].credential.ca_file", .type = Type::kReadableFile,
     .fallback_note = "the system's trust store",
     .summary = "PEM file with the authorities that Entra is trusted by.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).ca_file = v.text; }},
    {.path = "upstreams[].credential.proxy", .type = Type::kProxyUrl, .fallback_note = "the environment's",
     .summary = "The proxy to Entra. A platform's own endpoint is never asked through one.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { credential(d).proxy = v.text; }},
    {.path = "upstreams[].ca_file", .type = Type::kReadableFile,
     .fallback_note = "the system's trust store",
     .summary = "PEM file with the authorities that the provider is trusted by.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { upstream_of(d).ca_file = v.text; }},
    {.path = "upstreams[].proxy", .type = Type::kProxyUrl, .fallback_note = "direct",
     .summary = "The proxy to the provider, by CONNECT: it sees the host name and nothing else.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) { upstream_of(d).proxy = v.text; }},
};
// clang-format on

}  // namespace

std::span<const Row> upstreams_rows() {
  return kRows;
}

}  // namespace sallyport::config
