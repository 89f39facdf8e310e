#include "upstream/provider_answer.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/encoding.h"

namespace sallyport::upstream {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostText = 300;

enum class With : std::uint8_t { kAny, kKey, kToken };

struct Row {
  int status;  ///< 0: any from 500 on
  With with;
  std::string_view words;  ///< in the provider's code or message, in lower case; empty: any
  AnswerMeaning meaning;
};

constexpr std::string_view kRole =
    "give the identity the role Foundry User (formerly Azure AI User) or Cognitive Services User "
    "on the Foundry resource, then wait up to five minutes; Owner and Contributor do not grant it";
constexpr std::string_view kNetwork =
    "allow the gateway's network at the resource (Networking), or use its private endpoint as "
    "base_url";

// From the top; the first that fits.
constexpr Row kRows[] = {
    {401,
     With::kAny,
     "audience",
     {false, "upstream.audience", "the token is for another audience",
      "change credential.scope; the check below says which one is taken"}},
    {401,
     With::kToken,
     "",
     {false, "upstream.token_refused",
      "the provider does not take the token; as a rule it is for the wrong audience",
      "change credential.scope; the check below says which one is taken"}},
    {401,
     With::kKey,
     "",
     {false, "upstream.key_refused",
      "the provider does not take the key: it is wrong or of another resource, it is sent in the "
      "wrong header, or keys are switched off at the resource (local authentication)",
      "compare it with Keys and Endpoint in the portal, try the other `header`, and look at "
      "disableLocalAuth; where that is true, use a managed identity"}},
    {403,
     With::kAny,
     "authenticationtypedisabled",
     {false, "upstream.local_auth_disabled",
      "keys are switched off at the resource (disableLocalAuth)",
      "use a managed identity or another token in `credential`"}},
    {403,
     With::kAny,
     "key based authentication is disabled",
     {false, "upstream.local_auth_disabled",
      "keys are switched off at the resource (disableLocalAuth)",
      "use a managed identity or another token in `credential`"}},
    {403,
     With::kAny,
     "firewall",
     {false, "upstream.network_refused", "the resource does not let this network in", kNetwork}},
    {403,
     With::kAny,
     "virtual network",
     {false, "upstream.network_refused", "the resource does not let this network in", kNetwork}},
    {403,
     With::kAny,
     "public access",
     {false, "upstream.network_refused", "the resource does not let this network in", kNetwork}},
    {403,
     With::kKey,
     "",
     {false, "upstream.refused", "the provider refuses this key for this request",
      "compare the key and the resource in the portal"}},
    {403,
     With::kToken,
     "",
     {false, "upstream.role_missing",
      "the identity may not use the resource: its role is missing or not in force yet", kRole}},
    {404,
     With::kAny,
     "deploymentnotfound",
     {false, "upstream.deployment_not_found",
      "the credential works, but the resource has no deployment of this name",
      "correct models[].deployments: the name stands under Deployments in the Foundry portal"}},
    {404,
     With::kAny,
     "not_found_error",
     {false, "upstream.deployment_not_found",
      "the credential works, but the provider has no model of this name",
      "correct models[].deployments"}},
    {404,
     With::kAny,
     "",
     {false, "upstream.path_not_found", "there is no Messages API at this address",
      "correct resource or base_url; Foundry's ends in /anthropic"}},
    {400,
     With::kAny,
     "",
     {true, "upstream.works", "the credential works; the small request itself was not accepted",
      "try a real one"}},
    {413,
     With::kAny,
     "",
     {true, "upstream.works", "the credential works; the small request itself was not accepted",
      "try a real one"}},
    {429,
     With::kAny,
     "",
     {true, "upstream.works", "the credential works; the quota is used up just now",
      "raise the deployment's quota if that happens often"}},
    {0,
     With::kAny,
     "",
     {false, "upstream.failing", "the provider has a fault of its own",
      "try again, and look at the provider's status page"}},
};

std::string text_of(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  std::string text(value->get_string().subview(0, kMostText));
  for (char& c : text) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return text;
}

json::object object_of(std::string_view body) {
  boost::system::error_code error;
  auto value = json::parse(body, error);
  return !error && value.is_object() ? value.get_object() : json::object();
}

}  // namespace

ProviderSaid read_provider_answer(int status, std::string_view body, std::string_view secret) {
  ProviderSaid said;
  said.status = status;
  auto whole = object_of(body);
  const auto* error = whole.if_contains("error");
  if (error == nullptr || !error->is_object()) return said;
  for (const auto& [name, value] : error->get_object()) {  // as decoded: also behind escapes
    if (!secret.empty() && value.is_string() &&
        std::string_view(value.get_string()).find(secret) != std::string_view::npos) {
      return said;
    }
  }
  said.code = text_of(error->get_object(), "code");
  if (said.code.empty()) said.code = text_of(error->get_object(), "type");
  said.message = text_of(error->get_object(), "message");
  return said;
}

AnswerMeaning meaning_of(const ProviderSaid& said, const CredentialSettings& credential) {
  if (said.status >= 200 && said.status <= 299) {
    return {true, "upstream.works", "the provider answered", ""};
  }
  std::string words = lower_case(said.code + " " + said.message);
  With with = credential.kind == CredentialKind::kApiKey ? With::kKey : With::kToken;
  for (const auto& row : kRows) {
    bool fits = row.status == said.status || (row.status == 0 && said.status >= 500);
    if (fits && (row.with == With::kAny || row.with == with) &&
        words.find(row.words) != words.npos) {
      return row.meaning;
    }
  }
  return {false, "upstream.bad_answer", "the answer makes no sense for a Messages API",
          "check what stands at resource or base_url"};
}

TokenFacts read_token_facts(std::string_view token) {
  TokenFacts facts;
  auto first = token.find('.');
  auto last = token.rfind('.');
  if (first == token.npos || last <= first) return facts;
  auto claims = from_base64url(token.substr(first + 1, last - first - 1));
  if (!claims) return facts;
  auto whole = object_of(*claims);
  facts.audience = text_of(whole, "aud");
  facts.tenant = text_of(whole, "tid");
  facts.object_id = text_of(whole, "oid");
  facts.application = text_of(whole, "appid");
  if (facts.application.empty()) facts.application = text_of(whole, "azp");
  return facts;
}

}  // namespace sallyport::upstream
