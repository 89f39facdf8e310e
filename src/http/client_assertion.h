// The signed statement with which an application proves that it has its certificate's key
// (private_key_jwt, RFC 7523), as Entra ID wants it: the gateway towards its model provider, a
// machine that signs in.
// Source: "Microsoft identity platform application authentication certificate credentials".
#pragma once

#include <chrono>
#include <string_view>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport::http {

struct AssertionParts {
  std::string_view certificate_pem;  ///< the application's certificate first
  std::string_view key_pem;          ///< RSA, 2048 bits or more, without a password
  std::string_view audience;         ///< the token endpoint's URL
  std::string_view client_id;
  std::chrono::seconds life;
};

/// A JWT: `alg` PS256, `x5t#S256` of the certificate; `aud`, `iss` and `sub`, a `jti` that is used
/// once, `nbf` and `iat` now. Any thread. Errors: assertion.certificate (cannot be read),
/// assertion.key (cannot be read, no such RSA key, another certificate's).
[[nodiscard]] Result<Secret> sign_client_assertion(const AssertionParts& parts, WallTime now,
                                                   Entropy& entropy);

}  // namespace sallyport::http
