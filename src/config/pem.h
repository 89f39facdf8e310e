// Certificates and keys as `config check` sees them: do they parse, belong together, hold today,
// fit the name? OpenSSL alone decides. Pure over bytes, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sallyport::config {

struct CertificateFacts {
  std::size_t count = 0;  ///< certificates in the file
  WallTime not_before{};  ///< of the first
  WallTime not_after{};
  bool fits_host = true;  ///< the first one is for the host that was asked for
};

/// All certificates of a PEM file. `host` (a name or IP literal) may be empty.
/// Errors: config.not_a_certificate.
[[nodiscard]] Result<CertificateFacts> read_certificates(std::string_view pem,
                                                         const std::string& host);

/// Whether the private key is readable, without a password, and that of the first certificate.
/// Errors: config.not_a_key, config.key_has_password, config.key_mismatch.
[[nodiscard]] Result<void> check_key(std::string_view certificate_pem, std::string_view key_pem);

/// The same, and that it can sign an assertion for Entra: RSA of at least 2048 bits.
/// Error beside those: config.key_unfit.
[[nodiscard]] Result<void> check_signing_key(std::string_view certificate_pem,
                                             std::string_view key_pem);

}  // namespace sallyport::config
