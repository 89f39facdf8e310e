// An application with a secret. The weakest of the sources that Entra offers: the secret can be
// copied and ends without a warning.
#include "base/check.h"
#include "cloud/entra_token.h"

namespace sallyport::cloud {

void obtain_with_secret(const Ask& ask, OnObtained done) {
  const auto& secret = ask.settings->secret;
  SALLYPORT_CHECK(secret != nullptr);
  ask_entra(ask, {{"client_secret", secret->reveal()}}, secret->reveal(), std::move(done));
}

}  // namespace sallyport::cloud
