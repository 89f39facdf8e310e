// How a secret crosses the session bus: the Secret Service's algorithm
// dh-ietf1024-sha256-aes128-cbc-pkcs7, so that it lies in no buffer of the bus in the clear. The
// other end is not authenticated by it; the bus's own socket, which is the person's, does that.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/entropy.h"
#include "base/secret.h"

namespace sallyport::signin {

class SecretChannel {
 public:
  static constexpr std::string_view kAlgorithm = "dh-ietf1024-sha256-aes128-cbc-pkcs7";

  explicit SecretChannel(Entropy& entropy);

  /// Starts the parts of OpenSSL that agree() and decrypt() need, which would start by themselves.
  static void start_cryptography();

  /// Ours, for OpenSession: 128 bytes, the greatest first.
  [[nodiscard]] const std::string& public_key() const { return public_key_; }
  /// The other side's. False if it is no element of the group that keeps anything secret.
  [[nodiscard]] bool agree(std::string_view public_key);
  /// Nothing if it was not encrypted with the key agreed upon.
  [[nodiscard]] std::optional<Secret> decrypt(std::string_view vector,
                                              std::string_view encrypted) const;

 private:
  Secret private_key_;
  std::string public_key_;
  Secret key_;
};

}  // namespace sallyport::signin
