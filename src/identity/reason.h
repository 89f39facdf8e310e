// Why a caller was not let in: one value for each thing that somebody can act on, and the table
// that says what it is called, which status it gets and what to do about it. Pure; any thread.
//
//   const ReasonFacts& why = facts(Reason::kAudienceMismatch);   // why.code, why.status, ...
//
// The operator's sentence and next step are for the log, the record and `token check`; the caller
// gets `caller_sentence` alone, which is one and the same for every 401, so that nobody learns from
// outside how far a forged token got (attack table row T1).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sallyport::identity {

enum class Reason : std::uint8_t {
  kNone,
  // No usable credential in the request: 401.
  kMissing,
  kAmbiguousCredentials,
  kMalformedCredential,
  kWrongScheme,
  kOpaque,
  // The token's form: 401.
  kTooLarge,
  kMalformed,
  kDuplicateMember,
  kEncrypted,
  kCritUnsupported,
  kKeyInHeader,
  kWrongType,
  // Algorithm, key and signature: 401.
  kAlgNotAllowed,
  kAlgMismatch,
  kKeyIdMissing,
  kUnknownKey,
  kBadSignature,
  // Who issued it, for whom and when: 401.
  kIssuerUnknown,
  kIssuerMismatch,
  kAudienceMismatch,
  kTimeInvalid,
  kExpired,
  kNotYetValid,
  kTooOld,
  kTenantMismatch,
  kVersionMismatch,
  kSubjectMissing,
  kClaimInvalid,
  kBound,
  kWrongKind,
  // The person or application is known and may not: 403.
  kClientRefused,
  kAppOnlyRefused,
  kGuestRefused,
  kScopeMissing,
  kRoleMissing,
  kGroupMissing,
  kGroupsOverage,
  // Not a statement about the token.
  kTooManyFailures,  ///< 429: this source sent too many bad tokens a moment ago
  kKeysUnavailable,  ///< 503: no usable key set of the issuer
};
inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::kKeysUnavailable) + 1;

struct ReasonFacts {
  Reason reason;
  std::string_view code;             ///< stable: "token.audience_mismatch"
  int status;                        ///< 401, 403, 429 or 503
  std::string_view sentence;         ///< for the operator
  std::string_view next_step;        ///< for the operator, in the words of Entra's portal
  std::string_view caller_sentence;  ///< safe to send to anybody
};

[[nodiscard]] const ReasonFacts& facts(Reason reason);
[[nodiscard]] std::string_view code(Reason reason);
/// The whole table in the order of the enum, for documentation and tests.
[[nodiscard]] std::span<const ReasonFacts> all_reasons();

}  // namespace sallyport::identity
