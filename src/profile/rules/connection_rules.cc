// Rules about the provider and its credential (facts: desktop-config 8): the mandatory keys, and
// exactly one source of a credential that fits the pinned kind.
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/guid.h"
#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

struct Mandatory {
  std::string_view provider, key;
};
constexpr std::array kMandatory{
    Mandatory{"gateway", "inferenceGatewayBaseUrl"},
    Mandatory{"bedrock", "inferenceBedrockRegion"},
    Mandatory{"vertex", "inferenceVertexProjectId"},
    Mandatory{"vertex", "inferenceVertexRegion"},
    Mandatory{"foundry", "inferenceFoundryResource"},
};

// Which key makes a credential of which kind available to which provider.
struct CredentialKey {
  std::string_view provider, kind, key;
};
constexpr std::array kCredentialKeys{
    CredentialKey{"gateway", "static", "inferenceGatewayApiKey"},
    CredentialKey{"gateway", "helper-script", "inferenceCredentialHelper"},
    CredentialKey{"gateway", "interactive", "inferenceGatewayOidc"},
    CredentialKey{"gateway", "external-idp", "inferenceIdpOidc"},
    CredentialKey{"anthropic", "static", "inferenceAnthropicApiKey"},
    CredentialKey{"anthropic", "helper-script", "inferenceCredentialHelper"},
    CredentialKey{"anthropic", "interactive", ""},
    CredentialKey{"bedrock", "static", "inferenceBedrockBearerToken"},
    CredentialKey{"bedrock", "helper-script", "inferenceCredentialHelper"},
    CredentialKey{"bedrock", "interactive", "inferenceBedrockSsoStartUrl"},
    CredentialKey{"bedrock", "vendor-profile", "inferenceBedrockProfile"},
    CredentialKey{"bedrock", "external-idp", "inferenceIdpOidc"},
    CredentialKey{"mantle", "static", "inferenceBedrockBearerToken"},
    CredentialKey{"mantle", "helper-script", "inferenceCredentialHelper"},
    // not documented for mantle; "as Bedrock"
    CredentialKey{"mantle", "interactive", "inferenceBedrockSsoStartUrl"},
    CredentialKey{"mantle", "vendor-profile", "inferenceBedrockProfile"},
    CredentialKey{"vertex", "vendor-profile", "inferenceVertexCredentialsFile"},
    CredentialKey{"vertex", "interactive", "inferenceVertexOAuthClientId"},
    CredentialKey{"vertex", "workforce", "inferenceVertexWorkforceAudience"},
    CredentialKey{"vertex", "helper-script", "inferenceCredentialHelper"},
    CredentialKey{"foundry", "static", "inferenceFoundryApiKey"},
    CredentialKey{"foundry", "helper-script", "inferenceCredentialHelper"},
    CredentialKey{"foundry", "interactive", "inferenceFoundryTenantId"},
};

void check_mandatory(Check& check) {
  for (const Mandatory& row : kMandatory) {
    if (row.provider != check.provider()) continue;
    const json::value* value = check.find(row.key);
    bool blank = value != nullptr && value->is_string() && value->get_string().empty();
    if (value != nullptr && !blank) continue;
    check.error("provider.required_key", std::string(row.key),
                fmt::format("provider {} needs it; without it the app shows claude.ai's sign-in",
                            row.provider),
                fmt::format("set {}", row.key));
  }
  bool mantle = check.provider() == "mantle";
  if (mantle && !check.has("inferenceBedrockRegion") && !check.has("inferenceBedrockBaseUrl")) {
    check.error("provider.required_key", "inferenceBedrockRegion",
                "provider mantle needs a region or a base URL", "set inferenceBedrockRegion");
  }
}

void check_kind_fits(Check& check) {
  std::string_view kind = check.kind();
  if (kind == "oauth") {
    check.error("credential.legacy_kind", "inferenceCredentialKind",
                "the kind oauth ended on 2026-10-07 12:00 Pacific", "use interactive");
    return;
  }
  if (kind.empty()) return;
  const Key* key = Catalogue::builtin().find("inferenceCredentialKind");
  bool known =
      std::find(key->enum_values.begin(), key->enum_values.end(), kind) != key->enum_values.end();
  bool fits =
      std::any_of(kCredentialKeys.begin(), kCredentialKeys.end(), [&](const CredentialKey& source) {
        return source.provider == check.provider() && source.kind == kind;
      });
  if (known && !fits) {
    check.error("credential.kind_not_for_provider", "inferenceCredentialKind",
                fmt::format("provider {} has no credential of kind {}", check.provider(), kind),
                "choose a kind that the provider has (`sallyport profile explain "
                "inferenceCredentialKind`)");
  }
  if (kind == "external-idp" && check.older_than("2.7032.0")) {
    check.error("credential.kind_too_new", "inferenceCredentialKind",
                "builds before 2.7032.0 do not know external-idp and then say that the connection "
                "needs a credential kind",
                "use interactive with inferenceGatewayOidc for older machines");
  }
}

void check_several(Check& check, const std::vector<const CredentialKey*>& present) {
  std::string names;
  bool has_static = false, has_interactive = false;
  for (const CredentialKey* source : present) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", source->key);
    has_static = has_static || source->kind == "static";
    has_interactive =
        has_interactive || source->kind == "interactive" || source->kind == "external-idp";
  }
  if (has_static && has_interactive) {
    check.error("credential.static_beside_interactive", std::string(present.front()->key),
                fmt::format("a shared static key stands beside interactive sign-in ({}); whoever "
                            "reads the profile can go around the sign-in",
                            names),
                "remove the static key");
    return;
  }
  check.error("credential.several", "inferenceCredentialKind",
              fmt::format("more than one credential source is set ({}); which one wins differs "
                          "between providers and builds",
                          names),
              "keep exactly one and pin inferenceCredentialKind to it");
}

void check_none(Check& check) {
  std::string_view provider = check.provider(), kind = check.kind();
  if (kind == "interactive" && provider == "gateway") {
    check.advice("gateway.own_sign_in", "inferenceCredentialKind",
                 "interactive without inferenceGatewayOidc means that the gateway is its own "
                 "authorization server (RFC 8414, device code)",
                 "set inferenceGatewayOidc if people sign in at Entra ID or another provider");
    return;
  }
  if (provider == "anthropic" && (kind == "interactive" || kind.empty())) return;
  if (provider == "vertex" && (kind.empty() || kind == "vendor-profile")) {
    check.advice("vertex.default_credentials", "inferenceVertexCredentialsFile",
                 "no credential key is set, so each device searches for Google's application "
                 "default credentials",
                 "set inferenceVertexCredentialsFile, or sign-in keys");
    return;
  }
  check.error("credential.missing", "inferenceCredentialKind",
              fmt::format("provider {} has no credential{}", provider,
                          kind.empty() ? std::string() : fmt::format(" of kind {}", kind)),
              "set one: interactive sign-in is the one that knows each person");
}

void check_sources(Check& check) {
  std::vector<const CredentialKey*> present;
  for (const CredentialKey& source : kCredentialKeys) {
    bool set = source.provider == check.provider() && !source.key.empty() && check.has(source.key);
    if (set) present.push_back(&source);
  }
  if (present.size() > 1) return check_several(check, present);
  if (present.empty()) return check_none(check);
  const CredentialKey& only = *present.front();
  if (check.kind().empty()) {
    bool needed = only.key == "inferenceGatewayOidc" || only.kind == "external-idp";
    check.add(needed ? Severity::kError : Severity::kAdvice, "credential.kind_missing",
              "inferenceCredentialKind",
              needed ? "the sign-in object is read only with a pinned kind"
                     : "without a pinned kind each build has its own order of sources",
              fmt::format("set inferenceCredentialKind to {}", only.kind));
  } else if (check.kind() != only.kind && check.kind() != "oauth") {
    check.error("credential.kind_mismatch", "inferenceCredentialKind",
                fmt::format("it says {}, but the only source that is set, {}, is of kind {}",
                            check.kind(), only.key, only.kind),
                fmt::format("set it to {}, or remove {}", only.kind, only.key));
  }
}

void check_foundry(Check& check) {
  std::string_view resource = check.text("inferenceFoundryResource");
  if (!resource.empty() && resource.find_first_of("/.:") != std::string_view::npos) {
    check.error("foundry.resource_url", "inferenceFoundryResource",
                "it wants the resource's name alone; the app makes the host from it",
                "write contoso-ai, not https://contoso-ai.services.ai.azure.com");
  }
  bool plain = std::all_of(resource.begin(), resource.end(),
                           [](char c) { return is_letter_or_digit(c) || c == '-'; });
  bool url = resource.find_first_of("/.:") != std::string_view::npos;
  if (!url && (!plain || (!resource.empty() && resource.size() < 2) || resource.size() > 64 ||
               resource.starts_with('-') || resource.ends_with('-'))) {
    check.warning("foundry.resource_name", "inferenceFoundryResource",
                  "Azure's resource names have 2 to 64 letters, digits and hyphens",
                  "copy the name from the resource's overview page");
  }
  for (std::string_view key : {"inferenceFoundryTenantId", "inferenceFoundryClientId"}) {
    std::string_view id = check.text(key);
    if (!id.empty() && !is_guid(id)) {
      check.error("oidc.guid_form", std::string(key), "it is no GUID",
                  "copy it from the app registration's overview page");
    }
  }
  if (check.text("inferenceFoundryAuthFlow") == "broker" && check.older_than("1.24012.0")) {
    check.warning("value.too_new", "inferenceFoundryAuthFlow",
                  "builds before 1.24012.0 treat broker as unset",
                  "use browser for older machines");
  }
}

void check_bedrock(Check& check) {
  auto url = parse_any_url(check.text("inferenceBedrockBaseUrl"));
  if (url && url->path != "" && url->path != "/") {
    check.error("bedrock.base_url_path", "inferenceBedrockBaseUrl",
                "it takes the host's origin alone, without a path",
                fmt::format("write {}://{}", url->scheme, host_and_port(*url)));
  }
  if (check.provider() == "bedrock" && check.has("inferenceCredentialHelper")) {
    check.advice(
        "credential.bedrock_helper", "inferenceCredentialHelper",
        "for Bedrock the helper prints a Bedrock bearer token; JSON of AWS's "
        "credential_process is refused, and the principal needs bedrock:CallWithBearerToken",
        "try it on one device: it prints one token, or {\"token\": ...}");
  }
  bool proxy_mode = check.provider() == "bedrock" && check.kind() == "external-idp";
  if (!proxy_mode) return;
  for (std::string_view key : {"inferenceBedrockBaseUrl", "inferenceModels"}) {
    if (check.has(key)) continue;
    check.error("provider.required_key", std::string(key),
                "external-idp on Bedrock needs a proxy's base URL and a model list",
                fmt::format("set {}", key));
  }
}

}  // namespace

void check_connection(Check& check) {
  bool by_bootstrap = check.has("bootstrapUrl") && !check.is("bootstrapEnabled", false);
  std::string_view provider = check.provider();
  const Key* key = Catalogue::builtin().find("inferenceProvider");
  if (!check.has("inferenceProvider")) {
    bool served = check.options().delivery == Delivery::kBootstrap;
    if (by_bootstrap && !served) return;
    check.error("provider.missing", "inferenceProvider",
                "without it the app starts in standard mode and shows claude.ai's sign-in",
                "set it, for example to gateway");
    return;
  }
  bool known = std::find(key->enum_values.begin(), key->enum_values.end(), provider) !=
               key->enum_values.end();
  if (!known) return;  // value.enum says so, with the nearest word
  if (provider == "anthropic" && check.older_than("1.8089.0")) {
    check.error("value.too_new", "inferenceProvider",
                "builds before 1.8089.0 do not know anthropic", "update the oldest machines first");
  }
  check_mandatory(check);
  check_kind_fits(check);
  check_sources(check);
  check_foundry(check);
  check_bedrock(check);
}

}  // namespace sallyport::profile
