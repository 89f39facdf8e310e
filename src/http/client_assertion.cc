#include "http/client_assertion.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

#include "base/encoding.h"
#include "base/json_writer.h"

namespace sallyport::http {
namespace {

constexpr int kFewestBits = 2048;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::unexpected<Error> bad_key(std::string_view why) {
  ERR_clear_error();
  return fail("assertion.key", fmt::format("the assertion cannot be signed: {}", why),
              "give the certificate's own key: RSA of at least 2048 bits, PEM, no password");
}

Bio open(std::string_view pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
}

// Without this OpenSSL would ask for a password on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

std::string thumbprint(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  return to_base64url(as_text(std::span(digest.data(), size)));
}

// RSASSA-PSS with SHA-256, MGF1 with the same, a salt as long as the hash (RFC 7518 section 3.5).
std::string sign(EVP_PKEY* key, std::string_view input) {
  DigestPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* parameters = nullptr;
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = signature.size();
  bool good =
      context != nullptr &&
      EVP_DigestSignInit(context.get(), &parameters, EVP_sha256(), nullptr, key) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) > 0 &&
      EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) > 0 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(input.data()), input.size()) == 1;
  signature.resize(good ? size : 0);
  return signature;
}

}  // namespace

Result<Secret> sign_client_assertion(const AssertionParts& parts, WallTime now, Entropy& entropy) {
  auto certificate_in = open(parts.certificate_pem);
  X509Ptr certificate(PEM_read_bio_X509(certificate_in.get(), nullptr, no_password, nullptr),
                      &X509_free);
  if (!certificate) {
    ERR_clear_error();
    return fail("assertion.certificate",
                "the assertion cannot be signed: the certificate cannot be read",
                "give its PEM file");
  }
  auto key_in = open(parts.key_pem);
  KeyPtr key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, no_password, nullptr), &EVP_PKEY_free);
  if (!key) return bad_key("the key cannot be read");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA ||
      EVP_PKEY_get_bits(key.get()) < kFewestBits) {
    return bad_key("the key is no RSA key of at least 2048 bits");
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return bad_key("the key is not that of the certificate");
  }
  std::string header, claims;
  JsonWriter(header)
      .begin()
      .text("alg", "PS256")
      .text("typ", "JWT")
      .text("x5t#S256", thumbprint(certificate.get()))
      .end();
  auto seconds = unix_seconds(now);
  JsonWriter(claims)
      .begin()
      .text("aud", parts.audience)
      .text("iss", parts.client_id)
      .text("sub", parts.client_id)
      .text("jti", make_uuid7(now, entropy))
      .number("nbf", seconds)
      .number("iat", seconds)
      .number("exp", seconds + parts.life.count())
      .end();
  std::string token = to_base64url(header) + '.' + to_base64url(claims);
  std::string signature = sign(key.get(), token);
  if (signature.empty()) return bad_key("OpenSSL refused");
  token.reserve(token.size() + 1 + signature.size() * 4 / 3 + 4);
  token.append(".").append(to_base64url(signature));
  return Secret(std::move(token));
}

}  // namespace sallyport::http
