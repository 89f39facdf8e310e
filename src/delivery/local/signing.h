// Signs a .mobileconfig with the administrator's certificate: CMS SignedData, DER, content inside,
// SHA-256, as `openssl cms -sign -nodetach -outform DER` does and macOS expects.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::delivery {

struct SigningFiles {
  std::filesystem::path certificate;  ///< PEM; further certificates in it go into the message
  std::filesystem::path key;          ///< PEM, without a passphrase
  std::filesystem::path chain;        ///< PEM, may be empty
};

/// Errors: file.*, sign.certificate, sign.key, sign.mismatch, sign.failed.
[[nodiscard]] Result<std::string> sign_profile(std::string_view content, const SigningFiles& files);

}  // namespace sallyport::delivery
