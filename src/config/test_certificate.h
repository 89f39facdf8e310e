// For tests: a fresh key and a certificate that it signs itself, both as PEM text.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

#include "base/check.h"
#include "base/clock.h"

namespace sallyport::config {

struct TestCertificate {
  std::string certificate;
  std::string key;
  std::string locked_key;  ///< the same, encrypted with a password
};

inline std::string drain(BIO* bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

/// `names` as OpenSSL writes them: "DNS:gateway.example,IP:127.0.0.1".
inline TestCertificate make_test_certificate(const std::string& names, WallTime from, int days,
                                             bool rsa = false) {
  EVP_PKEY* key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  SALLYPORT_CHECK(key != nullptr && certificate != nullptr);
  auto start = std::chrono::floor<std::chrono::seconds>(from).time_since_epoch().count();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate), start);
  ASN1_TIME_adj(X509_getm_notAfter(certificate), start, days, 0);
  X509_set_pubkey(certificate, key);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  SALLYPORT_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  SALLYPORT_CHECK(X509_sign(certificate, key, EVP_sha256()) > 0);

  TestCertificate made;
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  made.certificate = drain(bio);
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  made.key = drain(bio);
  bio = BIO_new(BIO_s_mem());
  char password[] = "locked";
  PEM_write_bio_PrivateKey(bio, key, EVP_aes_128_cbc(), nullptr, 0, nullptr, password);
  made.locked_key = drain(bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return made;
}

}  // namespace sallyport::config
