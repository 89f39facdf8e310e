// What a token endpoint and a device authorization endpoint answer (RFC 6749 section 5, RFC 8628
// section 3.2). The parsers are pure; request_tokens() posts and reads.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "signin/refusal.h"
#include "signin/session.h"
#include "signin/web.h"

namespace sallyport::signin {

/// Of an answer with status 200. Error: provider.answer (not JSON, no token, `token_type` that is
/// not Bearer, absurd sizes).
[[nodiscard]] Result<Tokens> parse_token_answer(std::string_view json);

struct DeviceCode {
  Secret device_code;
  std::string user_code;                  ///< printable
  std::string verification_uri;           ///< http(s), printable
  std::string verification_uri_complete;  ///< empty if absent
  std::chrono::seconds expires_in{0};     ///< 1 s to 30 min
  std::chrono::seconds interval{5};       ///< 1 s to 30 s
};
/// Error: provider.answer. `allow_http`: the issuer is on a loopback literal itself.
[[nodiscard]] Result<DeviceCode> parse_device_answer(std::string_view json, bool allow_http);

/// Either tokens, or the provider's refusal, or no answer at all.
struct TokenOutcome {
  Result<Tokens> tokens;
  ProviderRefusal refusal;  ///< with an error code, where the provider answered with one
  RefusalKind kind = RefusalKind::kTransient;
};
[[nodiscard]] TokenOutcome request_tokens(Web& web, const std::string& endpoint, Form form);

}  // namespace sallyport::signin
