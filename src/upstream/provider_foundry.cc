// Microsoft Foundry: Azure's front before Anthropic's Messages API. The front has errors of its
// own,
// `{"error":{"code","message"}}`, which clients cannot read and which may name the account.
#include "upstream/provider_messages.h"

namespace sallyport::upstream {
namespace {

constexpr std::string_view kScopes[] = {kFoundryScope,
                                        "https://cognitiveservices.azure.com/.default",
                                        "https://ai.cognitiveservices.com/.default"};

constexpr std::string_view kRole =
    "give the identity the role Foundry User (formerly Azure AI User) or Cognitive Services User "
    "on the Foundry resource, then wait up to five minutes; Owner and Contributor do not grant it";
constexpr std::string_view kNetwork =
    "allow the gateway's network at the resource (Networking), or use its private endpoint as "
    "base_url";

// From the top; the first that fits.
constexpr AnswerRow kAnswers[] = {
    {401,
     With::kAny,
     "audience",
     {false, answer_code::kAudience, "the token is for another audience",
      "change credential.scope; the check below says which one is taken"}},
    {401,
     With::kToken,
     "",
     {false, answer_code::kTokenRefused,
      "the provider does not take the token; as a rule it is for the wrong audience",
      "change credential.scope; the check below says which one is taken"}},
    {401,
     With::kKey,
     "",
     {false, answer_code::kKeyRefused,
      "the provider does not take the key: it is wrong or of another resource, it is sent in the "
      "wrong header, or keys are switched off at the resource (local authentication)",
      "compare it with Keys and Endpoint in the portal, try the other `header`, and look at "
      "disableLocalAuth; where that is true, use a managed identity"}},
    {403,
     With::kAny,
     "authenticationtypedisabled",
     {false, answer_code::kLocalAuthDisabled,
      "keys are switched off at the resource (disableLocalAuth)",
      "use a managed identity or another token in `credential`"}},
    {403,
     With::kAny,
     "key based authentication is disabled",
     {false, answer_code::kLocalAuthDisabled,
      "keys are switched off at the resource (disableLocalAuth)",
      "use a managed identity or another token in `credential`"}},
    {403,
     With::kAny,
     "firewall",
     {false, answer_code::kNetworkRefused, "the resource does not let this network in", kNetwork}},
    {403,
     With::kAny,
     "virtual network",
     {false, answer_code::kNetworkRefused, "the resource does not let this network in", kNetwork}},
    {403,
     With::kAny,
     "public access",
     {false, answer_code::kNetworkRefused, "the resource does not let this network in", kNetwork}},
    {403,
     With::kKey,
     "",
     {false, answer_code::kRefused, "the provider refuses this key for this request",
      "compare the key and the resource in the portal"}},
    {403,
     With::kToken,
     "",
     {false, answer_code::kRoleMissing,
      "the identity may not use the resource: its role is missing or not in force yet", kRole}},
    {404,
     With::kAny,
     "deploymentnotfound",
     {false, answer_code::kDeploymentNotFound,
      "the credential works, but the resource has no deployment of this name",
      "correct models[].deployments: the name stands under Deployments in the Foundry portal"}},
    kNoSuchModel,
    {404,
     With::kAny,
     "",
     {false, answer_code::kPathNotFound, "there is no Messages API at this address",
      "correct resource or base_url; Foundry's ends in /anthropic"}},
};

class Foundry final : public MessagesProvider {
 public:
  using MessagesProvider::MessagesProvider;

 private:
  void read_front(const ErrorBody&, ProviderError& error) const override {
    // A deployment's name is the gateway's to mend, not the client's.
    if (error.status == 404 && error.fault == AnswerFault::kRejected &&
        error.code == "DeploymentNotFound") {
      error.fault = AnswerFault::kNoDeployment;
    }
  }
};

}  // namespace

const ProviderKind& foundry() {
  static constexpr Foundry kKind({.provider = Provider::kFoundry,
                                  .fallback = kMessagesVersion,
                                  .ids = kAnthropicIds,
                                  .scopes = kScopes,
                                  .answers = kAnswers});
  return kKind;
}

}  // namespace sallyport::upstream
