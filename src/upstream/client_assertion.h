// The signed statement with which an application proves that it has its certificate's key.
// Source: "Microsoft identity platform application authentication certificate credentials".
#pragma once

#include <string_view>

#include "base/entropy.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport::upstream {

/// A JWT: `alg` PS256, `x5t#S256` of the first certificate; `aud` the token URL, `iss` and `sub`
/// the client, a `jti` that is used once, five minutes long. Any thread. Error:
/// credential.signature (no RSA key, another certificate's key).
[[nodiscard]] Result<Secret> sign_assertion(std::string_view certificate_pem,
                                            std::string_view key_pem, std::string_view token_url,
                                            std::string_view client_id, WallTime now,
                                            Entropy& entropy);

}  // namespace sallyport::upstream
