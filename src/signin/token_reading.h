// What a token says of itself, read for display and for the checks of a sign-in. Nothing here
// verifies a signature: the token came from the token endpoint itself over TLS (OpenID Connect Core
// 3.1.3.7 rule 6), and the gateway verifies whatever it is shown. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::signin {

/// Codes that others act on.
inline constexpr std::string_view kForeignToken = "sign_in.foreign_token";
inline constexpr std::string_view kExpiredToken = "sign_in.expired_token";

struct TokenClaims {
  std::string issuer;
  std::vector<std::string> audiences;
  std::string nonce;
  std::string authorized_party;  ///< `azp`
  std::int64_t expires_at = 0;
  std::string person;   ///< name and address, for display, bounded
  std::string subject;  ///< Entra's object id, else `sub`
};

/// Empty where the token is not a JWT (RFC 9068 makes none of access tokens).
[[nodiscard]] TokenClaims read_claims(std::string_view token);

/// The rules of OpenID Connect Core 3.1.3.7 for an ID token of our own sign-in: issuer, audience,
/// nonce (when one was sent), expiry. Error: sign_in.foreign_token, with the rule that was broken.
[[nodiscard]] Result<void> check_id_token(std::string_view id_token, std::string_view issuer,
                                          std::string_view client, std::string_view nonce,
                                          WallTime now);

}  // namespace sallyport::signin
