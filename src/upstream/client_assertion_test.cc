// The assertion as Entra checks it: signature, thumbprint, claims.
#include "upstream/client_assertion.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <boost/json.hpp>

#include "base/encoding.h"

namespace sallyport::upstream {
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

TEST(ClientAssertion, IsWhatEntraAsksFor) {
  Pair pair(EVP_RSA_gen(2048));
  FakeClock clock;
  FakeEntropy entropy;
  auto made = sign_assertion(pair.certificate, pair.pem, kUrl, "client", clock.wall(), entropy);
  ASSERT_TRUE(made) << made.error().message;
  std::string token(made->reveal());
  auto first = token.find('.');
  auto last = token.rfind('.');
  ASSERT_LT(first, last);
  auto header = boost::json::parse(*from_base64url(token.substr(0, first))).as_object();
  EXPECT_EQ(header.size(), 3u);
  EXPECT_EQ(header.at("alg"), "PS256");
  EXPECT_EQ(header.at("typ"), "JWT");
  unsigned char* der = nullptr;
  int size = i2d_X509(pair.x509, &der);
  auto thumb = sha256({reinterpret_cast<char*>(der), static_cast<std::size_t>(size)});
  OPENSSL_free(der);
  EXPECT_EQ(header.at("x5t#S256").as_string(), to_base64url(as_text(thumb)));
  auto claims =
      boost::json::parse(*from_base64url(token.substr(first + 1, last - first - 1))).as_object();
  EXPECT_EQ(claims.size(), 7u);
  EXPECT_EQ(claims.at("aud").as_string(), kUrl);
  EXPECT_EQ(claims.at("iss"), "client");
  EXPECT_EQ(claims.at("sub"), "client");
  EXPECT_EQ(claims.at("nbf"), unix_seconds(clock.wall()));
  EXPECT_EQ(claims.at("iat"), unix_seconds(clock.wall()));
  EXPECT_EQ(claims.at("exp"), unix_seconds(clock.wall()) + 300);
  EXPECT_TRUE(verifies(pair.key, token.substr(0, last), *from_base64url(token.substr(last + 1))));
  auto next = sign_assertion(pair.certificate, pair.pem, kUrl, "client", clock.wall(), entropy);
  auto again = boost::json::parse(*from_base64url(next->reveal().substr(
                                      first + 1, next->reveal().rfind('.') - first - 1)))
                   .as_object();
  EXPECT_NE(again.at("jti"), claims.at("jti"));
}

TEST(ClientAssertion, NeedsAGoodKeyOfItsCertificate) {
  Pair pair(EVP_RSA_gen(2048)), other(EVP_RSA_gen(2048)), weak(EVP_RSA_gen(1024)),
      curve(EVP_EC_gen("P-256"));
  FakeClock clock;
  FakeEntropy entropy;
  auto fails = [&](const std::string& certificate, const std::string& key) {
    auto made = sign_assertion(certificate, key, kUrl, "client", clock.wall(), entropy);
    return !made && made.error().code == "credential.signature";
  };
  EXPECT_TRUE(fails(pair.certificate, other.pem));
  EXPECT_TRUE(fails(weak.certificate, weak.pem));
  EXPECT_TRUE(fails(curve.certificate, curve.pem));
  EXPECT_TRUE(fails("", pair.pem));
  EXPECT_TRUE(fails(pair.certificate, "-----BEGIN PRIVATE KEY-----\n"));
}

}  // namespace
}  // namespace sallyport::upstream
