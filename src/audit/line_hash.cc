#include "audit/line_hash.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace sallyport::audit {

LineHasher::LineHasher() : context_(EVP_MD_CTX_new()) {
  SALLYPORT_CHECK(context_ != nullptr);
  SALLYPORT_CHECK(EVP_DigestInit_ex2(context_, EVP_sha256(), nullptr) == 1);
}

LineHasher::~LineHasher() {
  EVP_MD_CTX_free(context_);
}

Sha256 LineHasher::hash(std::string_view line) {
  Sha256 digest;
  bool done = EVP_DigestInit_ex2(context_, nullptr, nullptr) == 1 &&
              EVP_DigestUpdate(context_, line.data(), line.size()) == 1 &&
              EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1;
  SALLYPORT_CHECK(done);
  return digest;
}

void LineHasher::hash_hex(std::string_view line, char (&out)[kHexSize]) {
  auto digest = hash(line);
  for (std::size_t i = 0; i < digest.size(); ++i) {
    out[2 * i] = kHexDigits[digest[i] >> 4];
    out[2 * i + 1] = kHexDigits[digest[i] & 15];
  }
}

}  // namespace sallyport::audit
