// An identity provider's "no", as OAuth 2.0 writes it, turned into a sentence with the next step.
// For Entra ID the number in `error_codes` or in the text says more than the name does. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::signin {

/// Codes that others act on.
inline constexpr std::string_view kCodeSignInAgain = "sign_in.again";
inline constexpr std::string_view kProviderBusy = "provider.busy";
inline constexpr std::string_view kProviderRefused = "provider.refused";

struct ProviderRefusal {
  std::string error;        ///< `invalid_grant`; bounded, printable
  std::string description;  ///< the provider's own words; bounded, printable
  int entra_code = 0;       ///< 50173 of "AADSTS50173: ..."; 0: none
};

/// What kind of end it is.
enum class RefusalKind {
  kPending,    ///< device code: not yet
  kSlowDown,   ///< device code: not so often
  kExpired,    ///< device code: too late
  kDeclined,   ///< a person said no
  kSignIn,     ///< only a person who signs in again helps
  kTransient,  ///< the same may work in a moment
  kOther       ///< somebody has to change something first
};
[[nodiscard]] RefusalKind kind_of(const ProviderRefusal& refusal);

/// Reads `error`, `error_description` and `error_codes` of a JSON answer; without them the error is
/// `http_STATUS`.
[[nodiscard]] ProviderRefusal parse_refusal(std::string_view json, int status);
/// From parameters of a redirect.
[[nodiscard]] ProviderRefusal make_refusal(std::string_view error, std::string_view description);

/// code: sign_in.again, sign_in.declined, sign_in.expired, provider.busy, provider.refused.
[[nodiscard]] Error explain(const ProviderRefusal& refusal);

}  // namespace sallyport::signin
