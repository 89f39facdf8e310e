// The Claude API.
#include "upstream/provider_messages.h"

namespace sallyport::upstream {
namespace {

// From the top; the first that fits.
constexpr AnswerRow kAnswers[] = {
    {401,
     With::kAny,
     "",
     {false, answer_code::kKeyRefused,
      "the provider does not take the key: it is wrong or was deleted",
      "compare it with the API keys in the Claude Console"}},
    {403,
     With::kAny,
     "",
     {false, answer_code::kRefused, "the provider refuses this key for this request",
      "look at the key's workspace in the Claude Console"}},
    kNoSuchModel,
    {404,
     With::kAny,
     "",
     {false, answer_code::kPathNotFound, "there is no Messages API at this address",
      "correct base_url, or leave it out"}},
};

class Anthropic final : public MessagesProvider {
 public:
  using MessagesProvider::MessagesProvider;

 private:
  void read_front(const ErrorBody&, ProviderError&) const override {}  // it has none
};

}  // namespace

const ProviderKind& anthropic() {
  static constexpr Anthropic kKind({.provider = Provider::kAnthropic,
                                    .fallback = kMessagesVersion,
                                    .ids = kAnthropicIds,
                                    .scopes = {},
                                    .answers = kAnswers});
  return kKind;
}

}  // namespace sallyport::upstream
