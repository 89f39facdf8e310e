// What a token endpoint says: Entra's, or the managed-identity endpoint of a platform. Strict: a
// member that counts and stands twice, a type that is none, a token that cannot stand in a header,
// a life that makes no sense are refused. Pure; the answer's bytes are the caller's to wipe.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport::cloud {

inline constexpr std::size_t kTokenAnswerBytes = 64 << 10;  ///< larger answers are none
inline constexpr std::size_t kMostTokenBytes = 16 << 10;

struct AccessToken {
  Secret text;
  WallTime expires;
};

/// Reads `{"access_token": ..., "expires_in"|"expires_on": ...}`. Numbers may be texts (IMDS writes
/// them so). Where both times are given the earlier one counts: IMDS hands out cached tokens, and
/// its `expires_in` has been seen to count from their issue. `now` is the moment of the answer.
/// Error: credential.malformed; the message never holds a part of the answer.
[[nodiscard]] Result<AccessToken> parse_token_answer(std::string_view body, WallTime now);

/// What can be said of an answer that is no token. Empty members were not there; all texts are
/// bounded and printable.
struct TokenError {
  std::string error;                 ///< `error`: "invalid_client"
  std::string description;           ///< first line of `error_description` or `message`
  std::vector<std::uint32_t> codes;  ///< `error_codes`, the numbers behind AADSTS
  std::string trace_id;              ///< Entra's, for its support
};
/// Never fails: what cannot be read is empty. `secrets`: none of them may show in any text.
[[nodiscard]] TokenError parse_token_error(std::string_view body,
                                           std::initializer_list<std::string_view> secrets);

}  // namespace sallyport::cloud
