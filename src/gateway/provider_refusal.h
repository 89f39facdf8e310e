// What the person and the operator get to know of an answer of the provider's that is no success.
#pragma once

#include <string_view>

#include "gateway/exchange.h"

namespace sallyport::gateway {

/// For the operator: a line, and where it refuses our credential, a word to whoever renews that.
void note_provider_error(const Exchange& x, int status, std::string_view body);
/// An error in Anthropic's own words, which clients act upon, goes on as it is.
[[nodiscard]] bool passes_to_client(const Exchange& x, int status, std::string_view body);
/// What the client gets in the place of any other.
[[nodiscard]] http::Refusal refusal_of_answer(const Exchange& x, int status, std::string_view body,
                                              std::string_view retry_after);

}  // namespace sallyport::gateway
