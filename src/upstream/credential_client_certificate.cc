// An application with a certificate: the key signs an assertion for each request and never leaves.
#include "base/check.h"
#include "upstream/client_assertion.h"
#include "upstream/entra_token.h"

namespace sallyport::upstream {

void obtain_with_certificate(const Ask& ask, OnObtained done) {
  const auto& s = *ask.settings;
  SALLYPORT_CHECK(s.secret != nullptr);
  auto assertion = sign_assertion(s.certificate, s.secret->reveal(), s.endpoint, s.client_id,
                                  ask.clock.wall(), ask.entropy);
  if (!assertion) {
    return done(std::unexpected(CredentialFailure{std::move(assertion.error()), true}));
  }
  ask_entra(ask, {{"client_assertion_type", kJwtBearer}, {"client_assertion", assertion->reveal()}},
            assertion->reveal(), std::move(done));
}

}  // namespace sallyport::upstream
