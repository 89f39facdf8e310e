#include "identity/signature.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <memory>

#include "base/check.h"

namespace sallyport::identity {
namespace {

// OpenSSL's digests, looked up once: a look-up by name takes locks and a microsecond.
struct Digests {
  const EVP_MD* sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  const EVP_MD* sha384 = EVP_MD_fetch(nullptr, "SHA384", nullptr);
  const EVP_MD* sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
};

const Digests& digests() {
  static const Digests all;
  SALLYPORT_CHECK(all.sha256 != nullptr && all.sha384 != nullptr && all.sha512 != nullptr);
  return all;
}

struct Scheme {
  const EVP_MD* digest;  ///< null: the algorithm hashes by itself
  bool pss = false;
  std::size_t half = 0;  ///< ES*: bytes of R and of S
};

Scheme scheme_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRS256:
      return {.digest = digests().sha256};
    case Algorithm::kRS384:
      return {.digest = digests().sha384};
    case Algorithm::kRS512:
      return {.digest = digests().sha512};
    case Algorithm::kPS256:
      return {.digest = digests().sha256, .pss = true};
    case Algorithm::kPS384:
      return {.digest = digests().sha384, .pss = true};
    case Algorithm::kPS512:
      return {.digest = digests().sha512, .pss = true};
    case Algorithm::kES256:
      return {.digest = digests().sha256, .half = 32};
    case Algorithm::kES384:
      return {.digest = digests().sha384, .half = 48};
    case Algorithm::kES512:
      return {.digest = digests().sha512, .half = 66};
    case Algorithm::kEdDSA:
      return {.digest = nullptr};
  }
  return {.digest = nullptr};
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// R || S (RFC 7518 section 3.4) becomes the DER sequence that OpenSSL reads. R and S out of range
// (0, the group's order: CVE-2022-21449) are refused by OpenSSL's verification itself.
struct DerSignature {
  std::array<unsigned char, 160> der;
  std::size_t size = 0;
};

bool to_der(std::string_view raw, std::size_t half, DerSignature& out) {
  if (raw.size() != 2 * half) return false;
  std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(), &ECDSA_SIG_free);
  SALLYPORT_CHECK(pair != nullptr);
  BIGNUM* r = BN_bin2bn(bytes(raw), static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(bytes(raw) + half, static_cast<int>(half), nullptr);
  SALLYPORT_CHECK(r != nullptr && s != nullptr && ECDSA_SIG_set0(pair.get(), r, s) == 1);
  int size = i2d_ECDSA_SIG(pair.get(), nullptr);
  if (size <= 0 || static_cast<std::size_t>(size) > out.der.size()) return false;
  unsigned char* at = out.der.data();
  out.size = static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), &at));
  return true;
}

using Context = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

bool prepare(EVP_PKEY_CTX* context, const Scheme& scheme) {
  if (EVP_PKEY_verify_init(context) != 1) return false;
  // Salt as long as the hash (RFC 7518 section 3.5); MGF1 uses the same hash by default.
  if (scheme.pss && (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) <= 0 ||
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) <= 0)) {
    return false;
  }
  return EVP_PKEY_CTX_set_signature_md(context, scheme.digest) > 0;
}

// One context a thread, reset after each use.
EVP_MD_CTX* hashing() {
  thread_local std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                               &EVP_MD_CTX_free);
  SALLYPORT_CHECK(context != nullptr);
  return context.get();
}

// Hashes, then checks with a copy of the key's context.
bool verify_digest(const EVP_PKEY_CTX* prepared, const EVP_MD* digest, std::string_view input,
                   std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned int size = 0;
  if (EVP_DigestInit_ex2(hashing(), digest, nullptr) != 1 ||
      EVP_DigestUpdate(hashing(), input.data(), input.size()) != 1 ||
      EVP_DigestFinal_ex(hashing(), hash.data(), &size) != 1) {
    return false;
  }
  Context context(EVP_PKEY_CTX_dup(prepared), &EVP_PKEY_CTX_free);
  SALLYPORT_CHECK(context != nullptr);
  return EVP_PKEY_verify(context.get(), bytes(signature), signature.size(), hash.data(), size) == 1;
}

// EdDSA reads its input twice, so that nothing can be hashed before.
bool verify_input(EVP_PKEY* pkey, std::string_view input, std::string_view signature) {
  bool good =
      EVP_DigestVerifyInit_ex(hashing(), nullptr, nullptr, nullptr, nullptr, pkey, nullptr) == 1 &&
      EVP_DigestVerify(hashing(), bytes(signature), signature.size(), bytes(input), input.size()) ==
          1;
  EVP_MD_CTX_reset(hashing());
  return good;
}

}  // namespace

EVP_PKEY_CTX* make_verify_context(EVP_PKEY* pkey, Algorithm algorithm) {
  Scheme scheme = scheme_of(algorithm);
  if (scheme.digest == nullptr) return nullptr;
  Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr), &EVP_PKEY_CTX_free);
  SALLYPORT_CHECK(context != nullptr && prepare(context.get(), scheme));
  return context.release();
}

bool verify_signature(const VerificationKey& key, Algorithm algorithm, std::string_view input,
                      std::string_view signature) {
  if (!key.allows(algorithm)) return false;
  Scheme scheme = scheme_of(algorithm);
  DerSignature der;
  if (scheme.half != 0) {
    if (!to_der(signature, scheme.half, der)) return false;
    signature = {reinterpret_cast<const char*>(der.der.data()), der.size};
  } else if (signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key.pkey()))) {
    return false;  // OpenSSL takes a PSS signature without its leading zeros
  }
  const EVP_PKEY_CTX* prepared = key.context(algorithm);
  bool good = prepared != nullptr ? verify_digest(prepared, scheme.digest, input, signature)
                                  : verify_input(key.pkey(), input, signature);
  if (!good) ERR_clear_error();
  return good;
}

}  // namespace sallyport::identity
