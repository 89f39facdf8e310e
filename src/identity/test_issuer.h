// An identity provider for unit tests and benchmarks: makes keys, publishes them, signs whatever it
// is told to. Header-only and never part of the program.
//
//   const TestKey& key = TestKey::rsa();
//   auto token = key.token(R"({"alg":"RS256","kid":"k1"})", R"({"iss":...})", "RS256");
#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/encoding.h"
#include "identity/snapshot.h"

namespace sallyport::identity {

class TestKey {
 public:
  /// The same key at every call, made on the first: making one takes a tenth of a second.
  static const TestKey& rsa() { return kept("RSA", 2048); }
  static const TestKey& other_rsa() {
    static const TestKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
    return key;
  }
  static const TestKey& p256() { return kept_curve("P-256"); }
  static const TestKey& p384() { return kept_curve("P-384"); }
  static const TestKey& p521() { return kept_curve("P-521"); }
  static const TestKey& ed25519() {
    static const TestKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    return key;
  }
  static TestKey make_rsa(std::size_t bits) {
    return TestKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
  }

  explicit TestKey(EVP_PKEY* pkey) : pkey_(pkey, &EVP_PKEY_free) {
    SALLYPORT_CHECK(pkey != nullptr);
  }

  /// `{"kty":...,"kid":KID MORE}`; `more` starts with a comma: `,"alg":"RS256"`.
  [[nodiscard]] std::string jwk(std::string_view kid, std::string_view more = "") const {
    return "{" + public_members() + ",\"kid\":\"" + std::string(kid) + "\"" + std::string(more) +
           "}";
  }

  [[nodiscard]] std::string public_members() const {
    if (EVP_PKEY_is_a(pkey_.get(), "RSA")) {
      return R"("kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
             number(OSSL_PKEY_PARAM_RSA_E) + "\"";
    }
    if (EVP_PKEY_is_a(pkey_.get(), "EC")) return ec_members();
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    SALLYPORT_CHECK(EVP_PKEY_get_raw_public_key(
                        pkey_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size) == 1);
    return R"("kty":"OKP","crv":"Ed25519","x":")" + to_base64url(raw) + "\"";
  }

  /// A raw JWS signature by the algorithm of that name, whatever the token's header says.
  [[nodiscard]] std::string sign(std::string_view algorithm, std::string_view input) const {
    std::string bits(algorithm.substr(algorithm.size() - 3));
    std::string digest = "SHA" + bits;
    bool eddsa = algorithm == "EdDSA";
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                    &EVP_MD_CTX_free);
    EVP_PKEY_CTX* parameters = nullptr;
    SALLYPORT_CHECK(EVP_DigestSignInit_ex(context.get(), &parameters,
                                          eddsa ? nullptr : digest.c_str(), nullptr, nullptr,
                                          pkey_.get(), nullptr) == 1);
    if (algorithm.starts_with("PS")) {
      SALLYPORT_CHECK(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) > 0);
      SALLYPORT_CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) > 0);
    }
    std::size_t size = 1024;
    std::string out(size, '\0');
    SALLYPORT_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()),
                                   &size, reinterpret_cast<const unsigned char*>(input.data()),
                                   input.size()) == 1);
    out.resize(size);
    return algorithm.starts_with("ES") ? raw_ecdsa(out) : out;
  }

  /// HEADER.PAYLOAD.SIGNATURE
  [[nodiscard]] std::string token(std::string_view header, std::string_view payload,
                                  std::string_view algorithm) const {
    std::string input = to_base64url(header) + "." + to_base64url(payload);
    return input + "." + to_base64url(sign(algorithm, input));
  }

  [[nodiscard]] EVP_PKEY* pkey() const { return pkey_.get(); }
  [[nodiscard]] std::string number(const char* name) const {
    BIGNUM* value = nullptr;
    SALLYPORT_CHECK(EVP_PKEY_get_bn_param(pkey_.get(), name, &value) == 1);
    std::string out(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(out.data()));
    BN_free(value);
    return to_base64url(out);
  }

 private:
  static const TestKey& kept(const char* type, std::size_t bits) {
    static const TestKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, type, bits));
    return key;
  }
  static const TestKey& kept_curve(std::string_view curve) {
    static const TestKey p256(EVP_EC_gen("P-256"));
    static const TestKey p384(EVP_EC_gen("P-384"));
    static const TestKey p521(EVP_EC_gen("P-521"));
    return curve == "P-256" ? p256 : curve == "P-384" ? p384 : p521;
  }

  [[nodiscard]] std::size_t half() const {
    return (static_cast<std::size_t>(EVP_PKEY_get_bits(pkey_.get())) + 7) / 8;
  }
  [[nodiscard]] std::string coordinate(const char* name) const {
    BIGNUM* value = nullptr;
    SALLYPORT_CHECK(EVP_PKEY_get_bn_param(pkey_.get(), name, &value) == 1);
    std::string out(half(), '\0');
    BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(half()));
    BN_free(value);
    return to_base64url(out);
  }
  [[nodiscard]] std::string ec_members() const {
    std::string curve = half() == 32 ? "P-256" : half() == 48 ? "P-384" : "P-521";
    return R"("kty":"EC","crv":")" + curve + R"(","x":")" + coordinate(OSSL_PKEY_PARAM_EC_PUB_X) +
           R"(","y":")" + coordinate(OSSL_PKEY_PARAM_EC_PUB_Y) + "\"";
  }
  [[nodiscard]] std::string raw_ecdsa(const std::string& der) const {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    SALLYPORT_CHECK(pair != nullptr);
    std::string out(2 * half(), '\0');
    auto* to = reinterpret_cast<unsigned char*>(out.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, static_cast<int>(half()));
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + half(), static_cast<int>(half()));
    ECDSA_SIG_free(pair);
    return out;
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pkey_;
};

/// `{"keys":[...]}`
[[nodiscard]] inline std::string jwks(const std::vector<std::string>& keys) {
  std::string out = "{\"keys\":[";
  for (const auto& key : keys) {
    if (out.back() != '[') out += ',';
    out += key;
  }
  return out + "]}";
}

}  // namespace sallyport::identity
