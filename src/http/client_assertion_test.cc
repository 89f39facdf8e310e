// The assertion as Entra checks it: signature, thumbprint, claims.
#include "http/client_assertion.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/encoding.h"

namespace sallyport::http {
namespace {

constexpr std::string_view kUrl = "https://login.example/t/oauth2/v2.0/token";

std::string text_of(BIO* bio) {
  char* data = nullptr;
  auto size = static_cast<std::size_t>(BIO_get_mem_data(bio, &data));
  std::string text(data, size);
  BIO_free(bio);
  return text;
}

struct Pair {
  EVP_PKEY* key;
  X509* x509 = X509_new();
  std::string certificate, pem;

  explicit Pair(EVP_PKEY* of) : key(of) {
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    X509_sign(x509, key, EVP_sha256());
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x509);
    certificate = text_of(bio);
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    pem = text_of(bio);
  }
  Pair(const Pair&) = delete;
  ~Pair() {
    X509_free(x509);
    EVP_PKEY_free(key);
  }
};

bool verifies(EVP_PKEY* key, std::string_view input, std::string_view signature) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* parameters = nullptr;
  EVP_DigestVerifyInit(context, &parameters, EVP_sha256(), nullptr, key);
  EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
  EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST);
  bool good =
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()),
                       signature.size(), reinterpret_cast<const unsigned char*>(input.data()),
                       input.size()) == 1;
  EVP_MD_CTX_free(context);
  return good;
}

struct Signed {
  std::string header, claims, input, signature;
};

Signed parts_of(const Secret& token) {
  std::string text(token.reveal());
  auto first = text.find('.'), last = text.rfind('.');
  return {*from_base64url(text.substr(0, first)),
          *from_base64url(text.substr(first + 1, last - first - 1)), text.substr(0, last),
          *from_base64url(text.substr(last + 1))};
}

TEST(ClientAssertion, IsWhatEntraAsksFor) {
  Pair pair(EVP_RSA_gen(2048));
  FakeClock clock;
  FakeEntropy entropy;
  auto sign = [&](std::chrono::seconds life) {
    return sign_client_assertion({.certificate_pem = pair.certificate,
                                  .key_pem = pair.pem,
                                  .audience = kUrl,
                                  .client_id = "client",
                                  .life = life},
                                 clock.wall(), entropy);
  };
  auto made = sign(std::chrono::seconds(300));
  ASSERT_TRUE(made) << made.error().message;
  auto parts = parts_of(*made);
  unsigned char* der = nullptr;
  int size = i2d_X509(pair.x509, &der);
  auto thumb = sha256({reinterpret_cast<char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  EXPECT_EQ(parts.header,
            R"({"alg":"PS256","typ":"JWT","x5t#S256":")" + to_base64url(as_text(thumb)) + "\"}");
  auto claims_with = [&](std::string_view id, int life) {
    auto now = unix_seconds(clock.wall());
    return R"({"aud":")" + std::string(kUrl) + R"(","iss":"client","sub":"client","jti":")" +
           std::string(id) + R"(","nbf":)" + std::to_string(now) + R"(,"iat":)" +
           std::to_string(now) + R"(,"exp":)" + std::to_string(now + life) + "}";
  };
  auto id_in = [](const std::string& claims) {
    return claims.substr(claims.find(R"("jti":")") + 7, 36);
  };
  EXPECT_EQ(parts.claims, claims_with(id_in(parts.claims), 300));
  EXPECT_TRUE(verifies(pair.key, parts.input, parts.signature));
  auto next = sign(std::chrono::seconds(600));
  ASSERT_TRUE(next);
  auto again = parts_of(*next);
  EXPECT_EQ(again.claims, claims_with(id_in(again.claims), 600));
  EXPECT_NE(id_in(again.claims), id_in(parts.claims));
}

TEST(ClientAssertion, NeedsAGoodKeyOfItsCertificate) {
  Pair pair(EVP_RSA_gen(2048)), other(EVP_RSA_gen(2048)), weak(EVP_RSA_gen(1024)),
      curve(EVP_EC_gen("P-256"));
  FakeClock clock;
  FakeEntropy entropy;
  auto code = [&](const std::string& certificate, const std::string& key) {
    auto made = sign_client_assertion({.certificate_pem = certificate,
                                       .key_pem = key,
                                       .audience = kUrl,
                                       .client_id = "client",
                                       .life = std::chrono::seconds(300)},
                                      clock.wall(), entropy);
    return made ? std::string_view("signed") : made.error().code;
  };
  EXPECT_EQ(code(pair.certificate, pair.pem), "signed");
  EXPECT_EQ(code(pair.certificate, other.pem), "assertion.key");
  EXPECT_EQ(code(weak.certificate, weak.pem), "assertion.key");
  EXPECT_EQ(code(curve.certificate, curve.pem), "assertion.key");
  EXPECT_EQ(code(pair.certificate, "-----BEGIN PRIVATE KEY-----\n"), "assertion.key");
  EXPECT_EQ(code("", pair.pem), "assertion.certificate");
}

}  // namespace
}  // namespace sallyport::http
