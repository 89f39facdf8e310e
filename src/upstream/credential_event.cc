#include "upstream/credential_event.h"

#include "base/check.h"

namespace sallyport::upstream {

std::string_view name_of(CredentialEvent::Kind kind) {
  switch (kind) {
    case CredentialEvent::Kind::kObtained:
      return "credential.obtained";
    case CredentialEvent::Kind::kRotated:
      return "credential.rotated";
    case CredentialEvent::Kind::kFetchFailed:
      return "credential.fetch_failed";
    case CredentialEvent::Kind::kRecovered:
      return "credential.recovered";
    case CredentialEvent::Kind::kRefused:
      return "credential.refused_by_provider";
    case CredentialEvent::Kind::kExpired:
      return "credential.expired";
  }
  check_failed("a kind of CredentialEvent", __FILE__, __LINE__);
}

}  // namespace sallyport::upstream
