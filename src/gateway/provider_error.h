// What a provider's error answer becomes. Anthropic's own shape passes byte for byte, because its
// wording drives the client's self-repair; Azure's front speaks another shape, which clients cannot
// read and which may name the account, so it becomes our envelope. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/refusal.h"

namespace sallyport::gateway {

/// `{"type":"error","error":{"type":...}}`
[[nodiscard]] bool is_anthropic_error(std::string_view body);

/// Azure's `error.code` and `error.message`, for the operator's log; empty where it has none.
struct AzureError {
  std::string code;
  std::string message;
};
[[nodiscard]] std::optional<AzureError> parse_azure_error(std::string_view body);

/// Our envelope for an error that does not pass: status and retry-after are the provider's.
/// `retry_after` is its field as it came, empty if none.
[[nodiscard]] http::Refusal translate_error(int status, std::string_view body,
                                            std::string_view retry_after);

}  // namespace sallyport::gateway
