// SHA-256 of a line, many times a millisecond, without allocation. Any thread.
#pragma once

#include <string_view>

#include "base/encoding.h"

namespace sallyport::audit {

class LineHasher {
 public:
  static constexpr std::size_t kHexSize = 64;

  [[nodiscard]] static Sha256 hash(std::string_view line);
  /// The same in lower-case hexadecimal.
  static void hash_hex(std::string_view line, char (&out)[kHexSize]);
};

}  // namespace sallyport::audit
