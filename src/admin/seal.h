// What leaves this process and comes back to it, such as a cookie: closed by AES-256-GCM under a
// key that this process made up, so that nobody else reads it, changes it or makes one. A restart
// ends what was closed before. Each time has a random IV of 96 bits, which is good for 2^32 of them
// (NIST SP 800-38D 8.3); a door closes a few hundred a second at most. Any thread.
//
//   Seal seal(entropy);
//   auto text = seal.close(content);    // base64url
//   auto content = seal.open(text);     // nothing: it is not of this process
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/entropy.h"
#include "base/secret.h"

namespace sallyport::admin {

class Seal {
 public:
  explicit Seal(Entropy& entropy);

  [[nodiscard]] std::string close(const Secret& content) const;
  [[nodiscard]] std::optional<Secret> open(std::string_view sealed) const;

  /// How much content fits into so many characters.
  [[nodiscard]] static constexpr std::size_t room(std::size_t characters) {
    auto bytes = characters / 4 * 3;
    return bytes > kAround ? bytes - kAround : 0;
  }

 private:
  static constexpr std::size_t kIv = 12;
  static constexpr std::size_t kTag = 16;
  static constexpr std::size_t kAround = kIv + kTag;

  Entropy& entropy_;
  Secret key_;
};

}  // namespace sallyport::admin
