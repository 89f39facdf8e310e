// What a provider's answer to a first small request says about the gateway's set-up: which of the
// many causes behind a 401, 403 or 404 it is, and what to do. For `sallyport upstream check`; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "upstream/settings.h"

namespace sallyport::upstream {

struct ProviderSaid {
  int status = 0;
  std::string code;     ///< Azure's or Anthropic's, printable and bounded
  std::string message;  ///< empty where it holds the credential
};
[[nodiscard]] ProviderSaid read_provider_answer(int status, std::string_view body,
                                                std::string_view secret);

struct AnswerMeaning {
  bool works = false;  ///< the credential and the way are right
  std::string_view code;
  std::string_view meaning;
  std::string_view next_step;
};
[[nodiscard]] AnswerMeaning meaning_of(const ProviderSaid& said,
                                       const CredentialSettings& credential);

/// Who a token of Entra's is for and of: for a person's eyes, nothing is verified.
struct TokenFacts {
  std::string audience, tenant, object_id, application;
};
[[nodiscard]] TokenFacts read_token_facts(std::string_view token);

}  // namespace sallyport::upstream
