// An application with a certificate: the key signs an assertion for each request and never leaves.
#include "base/check.h"
#include "cloud/entra_token.h"
#include "http/client_assertion.h"

namespace sallyport::cloud {
namespace {

constexpr std::chrono::seconds kAssertionLife{300};

}  // namespace

void obtain_with_certificate(const Ask& ask, OnObtained done) {
  const auto& s = *ask.settings;
  SALLYPORT_CHECK(s.secret != nullptr);
  auto assertion = http::sign_client_assertion({.certificate_pem = s.certificate,
                                                .key_pem = s.secret->reveal(),
                                                .audience = s.endpoint,
                                                .client_id = s.client_id,
                                                .life = kAssertionLife},
                                               ask.clock.wall(), ask.entropy);
  if (!assertion) {
    return done(std::unexpected(CredentialFailure{std::move(assertion.error()), true}));
  }
  ask_entra(ask, {{"client_assertion_type", kJwtBearer}, {"client_assertion", assertion->reveal()}},
            assertion->reveal(), std::move(done));
}

}  // namespace sallyport::cloud
