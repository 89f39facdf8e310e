#include "identity/token_tag.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <utility>

#include "base/check.h"

namespace sallyport::identity {
namespace {

constexpr unsigned char kNonce[12] = {};

}  // namespace

TokenTagger::TokenTagger(const Sha256& process_key) : context_(EVP_CIPHER_CTX_new()) {
  SALLYPORT_CHECK(context_ != nullptr);
  SALLYPORT_CHECK(
      EVP_EncryptInit_ex(context_, EVP_aes_256_gcm(), nullptr, process_key.data(), kNonce) == 1);
}

TokenTagger::~TokenTagger() {
  EVP_CIPHER_CTX_free(context_);
}

TokenTag TokenTagger::operator()(std::string_view token) {
  TokenTag tag;
  unsigned char nothing[16];
  int size = 0;
  auto* bytes = reinterpret_cast<const unsigned char*>(token.data());
  SALLYPORT_CHECK(std::in_range<int>(token.size()));
  bool done = EVP_EncryptInit_ex(context_, nullptr, nullptr, nullptr, kNonce) == 1 &&
              (token.empty() || EVP_EncryptUpdate(context_, nullptr, &size, bytes,
                                                  static_cast<int>(token.size())) == 1) &&
              EVP_EncryptFinal_ex(context_, nothing, &size) == 1 &&
              EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()),
                                  tag.data()) == 1;
  SALLYPORT_CHECK(done);
  return tag;
}

bool same(const TokenTag& a, const TokenTag& b) noexcept {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sallyport::identity
