// Mantle: Amazon Bedrock's endpoint for the Messages API. AWS's front before it has errors of its
// own, `{"message"}`, and ids of its own.
#include "upstream/provider_messages.h"

namespace sallyport::upstream {
namespace {

constexpr std::string_view kKey =
    "compare it with the Bedrock API keys of the region that `region` names, or make a new one";

constexpr RequestIdField kIds[] = {{"x-amzn-requestid", "request_id"}};

// From the top; the first that fits.
constexpr AnswerRow kAnswers[] = {
    {401,
     With::kAny,
     "",
     {false, answer_code::kKeyRefused,
      "the provider does not take the key: it is wrong, has ended, or is of another region", kKey}},
    {403,
     With::kAny,
     "security token",
     {false, answer_code::kKeyRefused,
      "the provider does not take the key: it is wrong, has ended, or is of another region", kKey}},
    {403, With::kAny, "expired", {false, answer_code::kKeyRefused, "the key has ended", kKey}},
    {403,
     With::kAny,
     "",
     {false, answer_code::kRefused, "the key's identity may not use the model",
      "give that identity the permissions for Bedrock's Messages endpoint, and the account access "
      "to the model in this region"}},
    {404,
     With::kAny,
     "not_found_error",
     {false, answer_code::kDeploymentNotFound,
      "the credential works, but the provider has no model of this name in this region",
      "correct models[].deployments: the names begin with anthropic."}},
    {404,
     With::kAny,
     "",
     {false, answer_code::kPathNotFound, "there is no Messages API at this address",
      "correct region or base_url, which ends in /anthropic"}},
};

class Mantle final : public MessagesProvider {
 public:
  using MessagesProvider::MessagesProvider;

 private:
  void read_front(const ErrorBody& body, ProviderError& error) const override {
    if (!body.has_error) error.message = body.front_message;
  }
};

}  // namespace

const ProviderKind& mantle() {
  static constexpr Mantle kKind({.provider = Provider::kMantle,
                                 .fallback = kMessagesVersion,
                                 .ids = kIds,
                                 .scopes = {},
                                 .answers = kAnswers});
  return kKind;
}

}  // namespace sallyport::upstream
