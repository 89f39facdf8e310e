// What is told about a provider's credential: a value for the log and the audit record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sallyport::upstream {

/// What happened to a credential, for the log and the audit record's `event` lines.
struct CredentialEvent {
  enum class Kind : std::uint8_t {
    kObtained,     ///< a new one is in use: `expires`
    kRotated,      ///< an API key or a secret was exchanged by a reload
    kFetchFailed,  ///< `message` says why; said once a failure in a row of the same kind
    kRecovered,    ///< obtained again after failures
    kRefused,      ///< the provider answered 401 to it: it is renewed at once
    kExpired,      ///< none is left; requests get 503 from now on
  };
  Kind kind;
  std::string upstream;
  std::string_view source;  ///< "managed_identity.imds"
  std::string message;
  std::optional<WallTime> expires;
};
[[nodiscard]] std::string_view name_of(CredentialEvent::Kind kind);  ///< "credential.obtained"

}  // namespace sallyport::upstream
