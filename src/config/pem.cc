#include "config/pem.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <ctime>
#include <memory>

#include "base/address.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Bio open(std::string_view pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free};
}

// Without this OpenSSL would ask for a password on the terminal.
int note_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

WallTime to_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  using namespace std::chrono;
  auto day = sys_days{year{parts.tm_year + 1900} / (parts.tm_mon + 1) / parts.tm_mday};
  return day + hours{parts.tm_hour} + minutes{parts.tm_min} + seconds{parts.tm_sec};
}

X509Ptr first_certificate(std::string_view pem) {
  auto bio = open(pem);
  bool asked = false;
  X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, note_password, &asked), &X509_free);
  ERR_clear_error();
  return certificate;
}

bool fits(X509* certificate, const std::string& host) {
  if (host.empty()) return true;
  if (is_ip_literal(host)) return X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
  return X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1;
}

}  // namespace

Result<CertificateFacts> read_certificates(std::string_view pem, const std::string& host) {
  CertificateFacts facts;
  auto bio = open(pem);
  bool asked = false;
  while (true) {
    X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, note_password, &asked), &X509_free);
    if (!certificate) break;
    if (facts.count++ > 0) continue;
    facts.not_before = to_time(X509_get0_notBefore(certificate.get()));
    facts.not_after = to_time(X509_get0_notAfter(certificate.get()));
    facts.fits_host = fits(certificate.get(), host);
  }
  // The loop ends with "no start line" at the end of a good file, with anything else at a bad one.
  bool clean_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (facts.count > 0 && clean_end) return facts;
  return fail("config.not_a_certificate",
              facts.count == 0
                  ? "the file holds no certificate that can be read"
                  : fmt::format("certificate {} of the file cannot be read", facts.count + 1),
              "put certificates in PEM form there (-----BEGIN CERTIFICATE-----)");
}

Result<void> check_signing_key(std::string_view certificate_pem, std::string_view key_pem) {
  if (auto checked = check_key(certificate_pem, key_pem); !checked) return checked;
  auto certificate = first_certificate(certificate_pem);
  EVP_PKEY* key = X509_get0_pubkey(certificate.get());
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_get_bits(key) >= 2048) return {};
  return fail("config.key_unfit", "Entra takes assertions signed with RSA of at least 2048 bits",
              "make such a key and certificate, and upload the certificate at the registration");
}

Result<void> check_key(std::string_view certificate_pem, std::string_view key_pem) {
  auto bio = open(key_pem);
  bool asked = false;
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, note_password, &asked), &EVP_PKEY_free);
  ERR_clear_error();
  if (asked) {
    return fail("config.key_has_password", "the private key is encrypted with a password",
                "store it without one and let only the gateway's user read it");
  }
  if (!key) {
    return fail("config.not_a_key", "the file holds no private key that can be read",
                "put the key in PEM form there (-----BEGIN PRIVATE KEY-----)");
  }
  auto certificate = first_certificate(certificate_pem);
  bool match = certificate && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!match) {
    return fail("config.key_mismatch", "the private key is not that of the certificate",
                "name the two files that belong together; the certificate must come first in its "
                "file, those of its authorities after it");
  }
  return {};
}

}  // namespace sallyport::config
