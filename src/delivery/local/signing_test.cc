#include "delivery/local/signing.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/files.h"
#include "base/test_folder.h"
#include "profile/codec/codec.h"
#include "profile/codec/formats.h"

namespace sallyport::delivery {
namespace {

namespace fs = std::filesystem;

std::string pem(const auto& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* bytes = nullptr;
  long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

class SigningTest : public testing::Test {
 protected:
  void SetUp() override {
    make("one");
    make("two");
  }

  // A self-signed certificate and its key as NAME.pem and NAME.key.
  void make(const std::string& name) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    ASSERT_TRUE(write_file_atomically(
        root_ / (name + ".pem"), pem([&](BIO* bio) { PEM_write_bio_X509(bio, certificate); })));
    ASSERT_TRUE(write_file_atomically(root_ / (name + ".key"), pem([&](BIO* bio) {
                                        PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0,
                                                                 nullptr, nullptr);
                                      })));
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  TestFolder test_folder_;
  fs::path root_ = test_folder_.path();
};

TEST_F(SigningTest, ASignedProfileReadsLikeTheUnsignedOne) {
  profile::Profile made;
  made.id = "x";
  made.values["inferenceProvider"] = "gateway";
  auto encoded = profile::encode(profile::format::kMobileconfig, made, {});
  ASSERT_TRUE(encoded);
  auto message = sign_profile(encoded->files[0].bytes, {root_ / "one.pem", root_ / "one.key", {}});
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(profile::detect("x", *message), &profile::format::kMobileconfig);
  EXPECT_EQ(*profile::signed_content(*message), encoded->files[0].bytes);
  auto decoded = profile::decode(profile::format::kMobileconfig, *message);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->values, made.values);
}

TEST_F(SigningTest, RefusesAKeyOfAnotherCertificate) {
  EXPECT_EQ(sign_profile("x", {root_ / "one.pem", root_ / "two.key", {}}).error().code,
            "sign.mismatch");
}

TEST_F(SigningTest, SaysWhichFileIsNotWhatItShouldBe) {
  EXPECT_EQ(sign_profile("x", {root_ / "one.key", root_ / "one.key", {}}).error().code,
            "sign.certificate");
  EXPECT_EQ(sign_profile("x", {root_ / "one.pem", root_ / "one.pem", {}}).error().code, "sign.key");
  EXPECT_EQ(sign_profile("x", {root_ / "none.pem", root_ / "one.key", {}}).error().code,
            "file.missing");
}

TEST_F(SigningTest, ChainCertificatesGoIntoTheMessage) {
  auto alone = sign_profile("x", {root_ / "one.pem", root_ / "one.key", {}});
  auto chained = sign_profile("x", {root_ / "one.pem", root_ / "one.key", root_ / "two.pem"});
  ASSERT_TRUE(alone && chained);
  EXPECT_GT(chained->size(), alone->size() + 100);
}

}  // namespace
}  // namespace sallyport::delivery
