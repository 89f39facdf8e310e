#include "config/pem.h"

#include <gtest/gtest.h>

#include "config/test_certificate.h"

namespace sallyport::config {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year;

const WallTime kStart = sys_days{year{2026} / 11 / 1};

TEST(Pem, ReadsTheFirstCertificateAndCountsTheRest) {
  auto leaf = make_test_certificate("DNS:claude.contoso.example,IP:127.0.0.1", kStart, 90);
  auto other = make_test_certificate("DNS:authority.example", kStart, 900);
  auto facts = read_certificates(leaf.certificate + other.certificate, "claude.contoso.example");
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->count, 2u);
  EXPECT_EQ(facts->not_before, kStart);
  EXPECT_EQ(facts->not_after, kStart + days{90});
  EXPECT_TRUE(facts->fits_host);
  EXPECT_TRUE(read_certificates(leaf.certificate, "127.0.0.1")->fits_host);
  EXPECT_TRUE(read_certificates(leaf.certificate, "")->fits_host);
  EXPECT_FALSE(read_certificates(leaf.certificate, "other.example")->fits_host);
  EXPECT_FALSE(read_certificates(leaf.certificate, "127.0.0.2")->fits_host);
}

TEST(Pem, RefusesFilesThatAreNotCertificates) {
  auto made = make_test_certificate("DNS:a.example", kStart, 90);
  auto torn = made.certificate.substr(0, made.certificate.size() / 2);
  for (const auto& pem :
       {std::string(), std::string("hello"), made.key, torn, made.certificate + torn}) {
    auto facts = read_certificates(pem, "");
    ASSERT_FALSE(facts);
    EXPECT_EQ(facts.error().code, "config.not_a_certificate");
  }
}

TEST(Pem, HoldsKeyAndCertificateTogether) {
  auto made = make_test_certificate("DNS:a.example", kStart, 90);
  auto other = make_test_certificate("DNS:b.example", kStart, 90);
  EXPECT_TRUE(check_key(made.certificate, made.key));
  EXPECT_EQ(check_key(made.certificate, other.key).error().code, "config.key_mismatch");
  EXPECT_EQ(check_key(other.certificate + made.certificate, made.key).error().code,
            "config.key_mismatch");
  EXPECT_EQ(check_key(made.certificate, made.certificate).error().code, "config.not_a_key");
  EXPECT_EQ(check_key(made.certificate, "").error().code, "config.not_a_key");
}

TEST(Pem, SaysThatAKeyIsLockedAndAsksForNoPassword) {
  auto made = make_test_certificate("DNS:a.example", kStart, 90);
  EXPECT_EQ(check_key(made.certificate, made.locked_key).error().code, "config.key_has_password");
}

}  // namespace
}  // namespace sallyport::config
