// The one table of the data plane's refusals: cause -> code, status, error.type, retry, sentence.
// A retry that cannot help is forbidden by `x-should-retry: false`: without it clients retry a 401
// for minutes before they tell the person. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/body_scanner.h"
#include "http/message_parser.h"
#include "http/refusal.h"
#include "identity/reason.h"
#include "identity/revocation.h"
#include "policy/criterion.h"
#include "upstream/provider_answer.h"

namespace sallyport::gateway {

/// Causes that the gateway itself finds. Those of http, identity and the body have their own enums,
/// those of a decision their table (policy/criteria.cc).
enum class Cause : std::uint8_t {
  kNotFound,
  kMethod,
  kHeadSlow,
  kBodyTooLarge,
  kBodySlow,
  kContentEncoding,
  kBusy,               ///< the byte budget is used up
  kRecordUnavailable,  ///< the audit record cannot be written
  kNoCredential,       ///< there is none for the provider now
  kProviderUnreachable,
  kProviderTimeout,
  kProviderBroken,        ///< not HTTP, or an answer that makes no sense here
  kProviderCredential,    ///< it refused our key
  kProviderDied,          ///< in the middle of an answer
  kProviderSilent,        ///< the silence limit
  kProviderNoDeployment,  ///< it does not know the deployment
  kProviderError,         ///< an error of a shape that clients cannot read
  kCountTokensUnsupported,
  kDraining,
};

[[nodiscard]] std::string_view code(Cause cause);
[[nodiscard]] http::Refusal refusal_of(Cause cause);
[[nodiscard]] http::Refusal refusal_of(identity::Reason reason);
[[nodiscard]] http::Refusal refusal_of(const identity::Revocation& revocation);
[[nodiscard]] http::Refusal refusal_of(http::HeadFault fault);
[[nodiscard]] http::Refusal refusal_of(BodyReason reason);
[[nodiscard]] http::Refusal refusal_of(const policy::Criterion& criterion);
/// For an answer of the provider's that does not pass. Status and retry-after are the provider's
/// where they say something to a client; `retry_after` is its field as it came, empty if none.
[[nodiscard]] http::Refusal refusal_of(upstream::AnswerFault fault, int status,
                                       std::string_view retry_after);

/// The WWW-Authenticate line that asks a client which declared `cp1` for a newer token (Continuous
/// Access Evaluation), beside the plain one; empty where the issuer is not of Entra's shape.
[[nodiscard]] std::string claims_challenge(std::string_view issuer, std::string_view tenant,
                                           std::int64_t not_before);

/// error.type for a status (Anthropic's names).
[[nodiscard]] std::string_view error_type(int status);

}  // namespace sallyport::gateway
