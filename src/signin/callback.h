// With what the browser comes back from the identity provider: the query of the redirect (RFC 6749
// sections 4.1.2 and 4.1.2.1, RFC 9207). Anybody can make a browser send one, so the parser takes
// exactly that and nothing near it. Pure; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "identity/discovery.h"

namespace sallyport::signin {

struct Callback {
  Secret code;
  std::string state;
  std::string issuer;       ///< `iss` of RFC 9207; empty if absent
  std::string error;        ///< instead of a code
  std::string description;  ///< of the error
};

enum class CallbackFault : std::uint8_t {
  kMalformed,  ///< a parameter twice, broken escapes
  kNoAnswer,   ///< without state, or with neither code nor error, or with both
};

/// `query`: what follows the `?`.
[[nodiscard]] std::expected<Callback, CallbackFault> parse_callback(std::string_view query);

/// RFC 9207: an answer of another provider than the one that was asked is a mix-up attack. Error:
/// sign_in.foreign_answer.
[[nodiscard]] Result<void> check_answering_issuer(const Callback& callback,
                                                  const identity::Discovery& provider);

}  // namespace sallyport::signin
