// Checks a JWS signature with a parsed key, over OpenSSL. Any thread.
#pragma once

#include <string_view>

#include "identity/key_set.h"

namespace sallyport::identity {

/// A context with everything set that checking a signature of that algorithm needs, so that each
/// check copies it instead of looking up OpenSSL's algorithms by name. Null for EdDSA, which
/// OpenSSL does not check in this way. `pkey` has to be of the algorithm's type. The caller frees
/// it.
[[nodiscard]] evp_pkey_ctx_st* make_verify_context(evp_pkey_st* pkey, Algorithm algorithm);

/// `signature` is the decoded third part, in the form that RFC 7518 section 3 says (for ES*: R and
/// S, each of the curve's length). False also where the key does not allow the algorithm.
[[nodiscard]] bool verify_signature(const VerificationKey& key, Algorithm algorithm,
                                    std::string_view input, std::string_view signature);

}  // namespace sallyport::identity
