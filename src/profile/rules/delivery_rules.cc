// Rules about the way a profile takes to the device: what a bootstrap server may send, secrets in
// what everybody can read, profiles that hold update switches alone, and the governed rule set
// (one way to the model, through the gateway, as a known person).
#include <algorithm>

#include "base/encoding.h"
#include "profile/profile.h"
#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

bool names_credential(std::string_view name) {
  std::string low = lower_case(name);
  for (std::string_view word : {"authorization", "api-key", "apikey", "api_key", "token", "secret",
                                "password", "cookie", "subscription-key", "credential"}) {
    if (contains_word(low, word)) return true;
  }
  return false;
}

bool looks_like_credential(const json::value& value) {
  if (!value.is_string()) return false;
  std::string_view text = value.get_string();
  return text.starts_with("Bearer ") || text.starts_with("Basic ") || text.starts_with("sk-");
}

// The place of the first credential in a value, or empty.
std::string secret_in(const Key& key, const json::value& value) {
  if (value.is_string()) return value.get_string().empty() ? "" : key.name;
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      if (names_credential(member.key()) || looks_like_credential(member.value())) {
        return fmt::format("{}.{}", key.name, std::string_view(member.key()));
      }
    }
    return {};
  }
  if (!value.is_array()) return {};
  std::size_t index = 0;
  for (const json::value& item : value.get_array()) {
    std::string place = fmt::format("{}[{}]", key.name, index++);
    if (!item.is_object()) continue;
    for (std::string_view map : {"headers", "env"}) {
      const json::value* inner = item.get_object().if_contains(map);
      if (inner == nullptr || !inner->is_object()) continue;
      for (const auto& member : inner->get_object()) {
        if (names_credential(member.key()) || looks_like_credential(member.value())) {
          return fmt::format("{}.{}.{}", place, map, std::string_view(member.key()));
        }
      }
    }
    const json::value* oauth = item.get_object().if_contains("oauth");
    if (oauth != nullptr && oauth->is_object() && oauth->get_object().contains("clientSecret")) {
      return place + ".oauth.clientSecret";
    }
  }
  return {};
}

void check_secrets(Check& check) {
  for (const auto& [name, value] : ordered(check.values())) {
    const Key* key = Catalogue::builtin().find(name);
    if (key == nullptr || !key->secret) continue;
    std::string place = secret_in(*key, *value);
    if (place.empty()) continue;
    bool fleet = check.options().delivery != Delivery::kLocal;
    check.add(fleet && !check.options().allow_secrets ? Severity::kError : Severity::kWarning,
              "secret.in_profile", place, "it holds a secret that everybody on the device can read",
              fleet ? "use interactive sign-in or a helper, or say --allow-secrets"
                    : "use interactive sign-in or a helper");
  }
}

void check_loopback(Check& check, const std::string& place, const json::value& value) {
  if (value.is_string()) {
    auto url = parse_any_url(value.get_string());
    if (url && is_loopback_host(url->host)) {
      check.error("bootstrap.loopback", place,
                  "loopback addresses from a bootstrap server are dropped",
                  "use the service's public name");
    }
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      check_loopback(check, fmt::format("{}.{}", place, std::string_view(member.key())),
                     member.value());
    }
  } else if (value.is_array()) {
    std::size_t index = 0;
    for (const json::value& item : value.get_array()) {
      check_loopback(check, fmt::format("{}[{}]", place, index++), item);
    }
  }
}

// Without bootstrapOidc on the device the app takes base URLs of the server's own origin alone.
void check_origin(Check& check, const std::string& key) {
  const auto& server = check.options().bootstrap;
  if (!server) {
    check.advice("bootstrap.origin", key,
                 "unless the devices have bootstrapOidc, this URL must have the same origin as the "
                 "bootstrap server, or the app drops it",
                 "say --device-profile NAME to have it compared with what the devices hold");
    return;
  }
  if (server->own_sign_in || same_origin(check.text(key), server->url)) return;
  auto origin = parse_any_url(server->url);
  check.error("bootstrap.origin", key,
              fmt::format("the devices sign in at the bootstrap server itself, so the app drops a "
                          "base URL of another origin than {}",
                          origin ? fmt::format("{}://{}", origin->scheme, host_and_port(*origin))
                                 : std::string("the server's")),
              "set bootstrapOidc on the devices, or serve both under one origin");
}

void check_bootstrap(Check& check) {
  for (std::string_view key : kPinnedUrls) {
    if (!check.text(key).empty()) check_origin(check, std::string(key));
  }
  for (const auto& [name, value] : ordered(check.values())) {
    const Key* key = Catalogue::builtin().find(name);
    if (key != nullptr && key->availability == Availability::kMdm) {
      check.error("bootstrap.mdm_only", key->name, "the app takes it from MDM or the device alone",
                  "move it into the managed profile");
    } else if (key != nullptr && key->consent_required) {
      check.advice(
          "bootstrap.consent", key->name,
          "where the bootstrap URL came from the user's own settings the app asks the user "
          "before it uses this",
          "deliver the URL by MDM, or set trustBootstrapDelivery there");
    }
    check_loopback(check, std::string(name), *value);
  }
}

// Alone in a managed profile it takes the device away from the local file that has the URL.
void check_trust_alone(Check& check) {
  bool fleet = check.options().delivery == Delivery::kFleet;
  if (!fleet || !check.has("trustBootstrapDelivery") || check.has("bootstrapUrl")) return;
  check.warning("bootstrap.trust_alone", "trustBootstrapDelivery",
                "by MDM it makes the device managed, and a bootstrapUrl in the local file is then "
                "ignored",
                "deliver bootstrapUrl in the same profile");
}

void check_update_only(Check& check) {
  if (check.values().empty() || check.options().delivery != Delivery::kFleet) return;
  bool only = true;
  for (const auto& member : check.values()) {
    const Key* key = Catalogue::builtin().find(member.key());
    only = only && key != nullptr && key->app_behavior;
  }
  if (!only) return;
  check.warning("managed.update_only", std::string(check.values().begin()->key()),
                "the profile holds update and proxy switches alone: newer builds leave the window "
                "editable and every local configuration in force, builds before 1.19367 lock the "
                "whole window",
                "add the connection keys if the fleet is meant to be governed");
}

bool is_credential_key(std::string_view name) {
  for (std::string_view key :
       {"inferenceGatewayApiKey", "inferenceAnthropicApiKey", "inferenceFoundryApiKey",
        "inferenceBedrockBearerToken", "inferenceVertexOAuthClientSecret",
        "inferenceCredentialHelper", "inferenceVertexCredentialsFile", "inferenceBedrockProfile",
        "selfHostedToken", "inferenceGatewayHeaders"}) {
    if (key == name) return true;
  }
  return false;
}

void check_governed_sign_in(Check& check) {
  std::string_view kind = check.kind();
  if (kind != "interactive" && kind != "external-idp") {
    check.error("governed.sign_in", "inferenceCredentialKind",
                "people have to sign in themselves, so that every request has a known person",
                "set it to interactive");
  }
  const json::object* oidc =
      check.object(kind == "external-idp" ? "inferenceIdpOidc" : "inferenceGatewayOidc");
  if (oidc == nullptr) {
    check.error("governed.sign_in", "inferenceGatewayOidc",
                "the organization's identity provider is not named",
                "set it to {\"issuer\": ..., \"clientId\": ...}");
  }
}

}  // namespace

void check_delivery(Check& check) {
  check_secrets(check);
  check_update_only(check);
  check_trust_alone(check);
  if (check.options().delivery == Delivery::kBootstrap) check_bootstrap(check);
}

void check_governed(Check& check) {
  if (check.provider() != "gateway") {
    check.error("governed.provider", "inferenceProvider",
                "only provider gateway sends every request through the organization's own door",
                "set it to gateway");
  }
  check_governed_sign_in(check);
  for (const auto& [name, value] : ordered(check.values())) {
    const Key* key = Catalogue::builtin().find(name);
    if (is_credential_key(name)) {
      check.error("governed.credential", std::string(name),
                  "a governed profile is metadata without any credential or helper", "remove it");
    } else if (key != nullptr && !key->has_effect_for("gateway")) {
      check.error("governed.other_provider", std::string(name),
                  "it prepares a way to a provider that goes around the gateway", "remove it");
    } else if (name == "inferenceCustomHeaders" && value->is_object()) {
      for (const auto& member : value->get_object()) {
        if (!names_credential(member.key())) continue;
        check.error(
            "governed.credential",
            fmt::format("inferenceCustomHeaders.{}", std::string_view(member.key())),
            "a header with a key is a second way in (a subscription key breaks the sign-in)",
            "remove it");
      }
    }
  }
  if (!check.is("disableDeploymentModeChooser", true)) {
    check.error("governed.chooser", "disableDeploymentModeChooser",
                "without it people can go back to claude.ai with a personal account",
                "set it to true");
  }
  if (check.has("bootstrapUrl") && !check.is("bootstrapEnabled", false)) {
    check.warning(
        "governed.bootstrap", "bootstrapUrl",
        "a bootstrap answer replaces these values; it needs the same check",
        "check what the server sends with `profile check --governed --delivery bootstrap`");
  }
  if (check.is("disableBypassPermissionsMode", true)) return;
  check.advice("governed.bypass", "disableBypassPermissionsMode",
               "people can let the agent act without asking", "set it to true");
}

}  // namespace sallyport::profile
