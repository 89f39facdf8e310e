#include "signin/secret_channel.h"

#include <openssl/bn.h>
#include <openssl/evp.h>

#include <array>
#include <memory>

#include "base/check.h"
#include "base/encoding.h"

namespace sallyport::signin {
namespace {

constexpr std::size_t kGroupBytes = 128;
// Twice the strength of the group is enough where the prime is safe (RFC 7919 section 5.2).
constexpr std::size_t kPrivateBytes = 32;
constexpr std::size_t kKeyBytes = 16;

struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
};
using Number = std::unique_ptr<BIGNUM, FreeNumber>;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number number_of(std::string_view text) {
  Number number(BN_bin2bn(bytes(text), static_cast<int>(text.size()), nullptr));
  SALLYPORT_CHECK(number);
  return number;
}

// The Second Oakley Group of RFC 2409; its generator is 2.
Number prime() {
  Number made(BN_get_rfc2409_prime_1024(nullptr));
  SALLYPORT_CHECK(made);
  return made;
}

// base ^ exponent modulo the prime, with the zeros in front that its size wants.
std::string power(const BIGNUM* base, const Secret& exponent) {
  std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context(BN_CTX_secure_new(), &BN_CTX_free);
  Number modulus = prime(), secret = number_of(exponent.reveal()), result(BN_new());
  BN_set_flags(secret.get(), BN_FLG_CONSTTIME);
  SALLYPORT_CHECK(BN_mod_exp(result.get(), base, secret.get(), modulus.get(), context.get()) == 1);
  std::string text(kGroupBytes, '\0');
  SALLYPORT_CHECK(BN_bn2binpad(result.get(), reinterpret_cast<unsigned char*>(text.data()),
                               static_cast<int>(text.size())) == static_cast<int>(kGroupBytes));
  return text;
}

// HKDF (RFC 5869) with SHA-256, no salt and no info, as far as its first block.
Secret derive(std::string_view shared) {
  constexpr std::array<std::uint8_t, 32> kNoSalt{};
  Sha256 extracted = hmac_sha256(kNoSalt, shared);
  Sha256 expanded = hmac_sha256(extracted, "\1");
  Secret key(as_text(expanded).substr(0, kKeyBytes));
  wipe(extracted.data(), extracted.size());
  wipe(expanded.data(), expanded.size());
  return key;
}

}  // namespace

void SecretChannel::start_cryptography() {
  Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  EVP_DecryptInit_ex(cipher.get(), EVP_aes_128_cbc(), nullptr, nullptr, nullptr);
}

SecretChannel::SecretChannel(Entropy& entropy) {
  std::array<std::uint8_t, kPrivateBytes> random{};
  entropy.fill(random);
  private_key_ = Secret(std::string_view(reinterpret_cast<char*>(random.data()), random.size()));
  wipe(random.data(), random.size());
  Number generator(BN_new());
  SALLYPORT_CHECK(BN_set_word(generator.get(), 2) == 1);
  public_key_ = power(generator.get(), private_key_);
}

bool SecretChannel::agree(std::string_view public_key) {
  if (public_key.empty() || public_key.size() > kGroupBytes) return false;
  Number theirs = number_of(public_key), last = prime();
  BN_sub_word(last.get(), 1);
  // 0, 1 and -1 make a shared key that everybody knows.
  if (BN_cmp(theirs.get(), BN_value_one()) <= 0 || BN_cmp(theirs.get(), last.get()) >= 0) {
    return false;
  }
  std::string shared = power(theirs.get(), private_key_);
  key_ = derive(shared);
  wipe(shared);
  return true;
}

std::optional<Secret> SecretChannel::decrypt(std::string_view vector,
                                             std::string_view encrypted) const {
  constexpr std::size_t kBlock = 16;
  if (key_.empty() || vector.size() != kBlock || encrypted.empty() ||
      encrypted.size() % kBlock != 0) {
    return std::nullopt;
  }
  Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  SALLYPORT_CHECK(EVP_DecryptInit_ex(cipher.get(), EVP_aes_128_cbc(), nullptr, bytes(key_.reveal()),
                                     bytes(vector)) == 1);
  std::string plain(encrypted.size() + kBlock, '\0');
  auto* out = reinterpret_cast<unsigned char*>(plain.data());
  int written = 0, last = 0;
  bool good = EVP_DecryptUpdate(cipher.get(), out, &written, bytes(encrypted),
                                static_cast<int>(encrypted.size())) == 1 &&
              EVP_DecryptFinal_ex(cipher.get(), out + written, &last) == 1;
  Secret found;
  if (good)
    found = Secret(std::string_view(plain).substr(0, static_cast<std::size_t>(written + last)));
  wipe(plain);
  return good ? std::optional(std::move(found)) : std::nullopt;
}

}  // namespace sallyport::signin
