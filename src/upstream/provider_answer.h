// What a provider's answer says that is no success: the one reader of their errors, what an error
// is to the gateway (each kind of provider tells, provider.h), and what it says about the gateway's
// set-up to `sallyport upstream check`. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "upstream/settings.h"

namespace sallyport::upstream {

class ProviderKind;

/// What an answer that is no success is, whoever gave it.
enum class AnswerFault : std::uint8_t {
  kCredential,     ///< it refused the gateway's own credential
  kNoCountTokens,  ///< it does not count tokens
  kNoDeployment,   ///< it does not know the deployment
  kRejected,       ///< the request
  kTooLarge,
  kRateLimit,
  kOverloaded,
  kError,     ///< any other of its errors
  kNoAnswer,  ///< no error either: a page, a redirect
};

struct ProviderError {
  AnswerFault fault = AnswerFault::kNoAnswer;
  int status = 0;
  bool passes = false;  ///< goes to the client byte for byte: clients act upon its words
  /// The provider's own words, bounded, not made printable; empty where it has none.
  std::string type, code, message;
};

/// The shapes in which providers and their fronts write errors:
/// `{"type":"error","error":{"type","message"}}`, `{"error":{"code","message"}}`, `{"message"}`.
struct ErrorBody {
  bool anthropic = false;  ///< the first of these
  bool has_error = false;  ///< one of the first two
  std::string type, code, message;
  std::string front_message;  ///< of the third
};
/// Never fails: what is no JSON of these shapes is empty, and so is what repeats the secret, also
/// behind escapes.
[[nodiscard]] ErrorBody read_error_body(std::string_view body, std::string_view secret);

// ---- for `sallyport upstream check` -------------------------------------------------------------

struct ProviderSaid {
  int status = 0;
  std::string code;  ///< the provider's, printable and bounded
  std::string message;
};
[[nodiscard]] ProviderSaid said_by(const ProviderError& error);

/// What AnswerMeaning::code can be.
namespace answer_code {
inline constexpr std::string_view kWorks = "upstream.works";
inline constexpr std::string_view kFailing = "upstream.failing";
inline constexpr std::string_view kBadAnswer = "upstream.bad_answer";
inline constexpr std::string_view kKeyRefused = "upstream.key_refused";
inline constexpr std::string_view kTokenRefused = "upstream.token_refused";
inline constexpr std::string_view kRefused = "upstream.refused";
inline constexpr std::string_view kAudience = "upstream.audience";
inline constexpr std::string_view kRoleMissing = "upstream.role_missing";
inline constexpr std::string_view kLocalAuthDisabled = "upstream.local_auth_disabled";
inline constexpr std::string_view kNetworkRefused = "upstream.network_refused";
inline constexpr std::string_view kDeploymentNotFound = "upstream.deployment_not_found";
inline constexpr std::string_view kPathNotFound = "upstream.path_not_found";
}  // namespace answer_code

struct AnswerMeaning {
  bool works = false;     ///< the credential and the way are right
  std::string_view code;  ///< of answer_code
  std::string_view meaning;
  std::string_view next_step;
};

enum class With : std::uint8_t { kAny, kKey, kToken };

/// One of the causes that may stand behind a status.
struct AnswerRow {
  int status;  ///< 0: any from 500 on
  With with;
  std::string_view words;  ///< in the provider's code or message, in lower case; empty: any
  AnswerMeaning meaning;
};

/// The first row that fits, of the kind's own (from the top), then of any provider's.
[[nodiscard]] AnswerMeaning meaning_of(const ProviderKind& kind, const ProviderSaid& said,
                                       CredentialKind credential);

/// Who a token of Entra's is for and of: for a person's eyes, nothing is verified.
struct TokenFacts {
  std::string audience, tenant, object_id, application;
};
[[nodiscard]] TokenFacts read_token_facts(std::string_view token);

}  // namespace sallyport::upstream
