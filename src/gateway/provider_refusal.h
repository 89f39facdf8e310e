// What the person and the operator get to know of an answer of the provider's that is no success.
#pragma once

#include <string_view>

#include "gateway/exchange.h"
#include "upstream/provider_answer.h"

namespace sallyport::gateway {

/// What the answer says; `body` is empty where it repeats our credential.
[[nodiscard]] upstream::ProviderError read_provider_error(const Exchange& x, int status,
                                                          std::string_view body);
/// For the operator: a line, and where it refuses our credential, a word to whoever renews that.
void note_provider_error(const Exchange& x, const upstream::ProviderError& error);
/// What the client gets in the place of an error that does not pass.
[[nodiscard]] http::Refusal refusal_of_answer(const Exchange& x,
                                              const upstream::ProviderError& error,
                                              std::string_view retry_after);

}  // namespace sallyport::gateway
