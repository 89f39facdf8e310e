// SHA-256 of a line, many times a millisecond: one OpenSSL context, used again and again (the
// one-shot call looks its algorithm up each time). One object a thread.
#pragma once

#include <memory>
#include <string_view>

#include "base/encoding.h"

struct evp_md_ctx_st;

namespace sallyport::audit {

class LineHasher {
 public:
  static constexpr std::size_t kHexSize = 64;

  LineHasher();
  ~LineHasher();
  LineHasher(const LineHasher&) = delete;
  LineHasher& operator=(const LineHasher&) = delete;

  [[nodiscard]] Sha256 hash(std::string_view line);
  /// The same in lower-case hexadecimal.
  void hash_hex(std::string_view line, char (&out)[kHexSize]);

 private:
  evp_md_ctx_st* context_;
};

}  // namespace sallyport::audit
