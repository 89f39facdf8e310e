#include "admin/seal.h"

#include <openssl/evp.h>

#include <memory>

#include "base/check.h"
#include "base/encoding.h"

namespace sallyport::admin {
namespace {

constexpr std::size_t kKey = 32;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string random_bytes(Entropy& entropy, std::size_t count) {
  std::string made(count, '\0');
  entropy.fill({reinterpret_cast<std::uint8_t*>(made.data()), made.size()});
  return made;
}

Cipher start(bool closes, const Secret& key, std::string_view iv) {
  Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  SALLYPORT_CHECK(cipher != nullptr);
  SALLYPORT_CHECK(EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes(key.reveal()),
                                    bytes(iv), closes ? 1 : 0) == 1);
  return cipher;
}

}  // namespace

Seal::Seal(Entropy& entropy) : entropy_(entropy), key_(random_bytes(entropy, kKey)) {}

std::string Seal::close(const Secret& content) const {
  auto sealed = random_bytes(entropy_, kIv);
  auto cipher = start(true, key_, sealed);
  sealed.resize(kIv + content.size() + kTag);
  auto* out = reinterpret_cast<unsigned char*>(sealed.data() + kIv);
  int length = 0;
  SALLYPORT_CHECK(EVP_CipherUpdate(cipher.get(), out, &length, bytes(content.reveal()),
                                   static_cast<int>(content.size())) == 1);
  SALLYPORT_CHECK(EVP_CipherFinal_ex(cipher.get(), out + length, &length) == 1);
  SALLYPORT_CHECK(
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTag, out + content.size()) == 1);
  return to_base64url(sealed);
}

std::optional<Secret> Seal::open(std::string_view sealed) const {
  auto whole = from_base64url(sealed);
  if (!whole || whole->size() <= kAround) return std::nullopt;
  auto cipher = start(false, key_, std::string_view(*whole).substr(0, kIv));
  const std::size_t size = whole->size() - kAround;
  std::string content(size, '\0');
  auto* in = reinterpret_cast<unsigned char*>(whole->data() + kIv);
  auto* out = reinterpret_cast<unsigned char*>(content.data());
  int length = 0;
  bool genuine = EVP_CipherUpdate(cipher.get(), out, &length, in, static_cast<int>(size)) == 1 &&
                 EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTag, in + size) == 1 &&
                 EVP_CipherFinal_ex(cipher.get(), out + length, &length) == 1;
  Secret opened(std::move(content));  // wiped, whatever it is
  if (!genuine) return std::nullopt;
  return opened;
}

}  // namespace sallyport::admin
