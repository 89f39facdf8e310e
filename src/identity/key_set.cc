#include "identity/key_set.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "identity/entra_issuer.h"
#include "identity/signature.h"
#include "identity/strict_json.h"
#include "identity/weak_rsa.h"

namespace sallyport::identity {
namespace {

constexpr std::size_t kKeyIdBytes = 256;
constexpr std::size_t kLeastModulusBytes = 2048 / 8;
constexpr std::size_t kMostModulusBytes = 8192 / 8;  // a larger one makes each bad token dear
constexpr std::size_t kMostExponentBytes = 8;

std::unexpected<Error> rejected(std::string message) {
  return fail(kKeysRejected, std::move(message),
              "open the provider's jwks_uri in a browser: it must show a JSON object with `keys`");
}

std::atomic<std::uint64_t> next_serial{1};

/// Why a key is left out; `use` keys of another purpose are no reason to worry.
struct Dropped {
  std::string why;
  bool alarming = true;
};
template <typename T>
using Kept = std::expected<T, Dropped>;

std::unexpected<Dropped> drop(std::string why, bool alarming = true) {
  return std::unexpected(Dropped{std::move(why), alarming});
}

/// A member that must be text if it is there: empty if absent, nothing if of another type.
std::optional<std::string_view> text_of(const JsonView& jwk, std::string_view name) {
  auto member = jwk.member(name);
  if (!member) return std::string_view{};
  if (!member->is_text()) return std::nullopt;
  return member->text();
}

Kept<std::string> bytes_of(const JsonView& jwk, std::string_view name) {
  auto member = jwk.member(name);
  if (!member || !member->is_text()) return drop("member " + std::string(name) + " is missing");
  auto bytes = from_base64url(member->text());
  if (!bytes || bytes->empty()) {
    return drop("member " + std::string(name) + " is not canonical base64url");
  }
  return *std::move(bytes);
}

struct BuilderFree {
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Owned = std::unique_ptr<T, BuilderFree>;

struct Material {
  KeyType type;
  Owned<EVP_PKEY> pkey;
  std::string thumb;  ///< what the thumbprint is taken of
};

// Null if OpenSSL does not take it.
Owned<EVP_PKEY> from_parameters(const char* type, OSSL_PARAM_BLD* builder) {
  Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
  Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* pkey = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &pkey, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return Owned<EVP_PKEY>(pkey);
}

// The point is on the curve, in its group, and not the one at infinity. (OpenSSL's check of RSA
// keys looks for a prime modulus and takes milliseconds; what matters there is checked above.)
bool is_valid_point(evp_pkey_st* pkey) {
  Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  bool good = context && EVP_PKEY_public_check(context.get()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

std::string_view without_leading_zeros(std::string_view number) {
  while (number.starts_with('\0')) number.remove_prefix(1);
  return number;
}

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Kept<Material> rsa_key(const JsonView& jwk) {
  auto n = bytes_of(jwk, "n");
  if (!n) return std::unexpected(n.error());
  auto e = bytes_of(jwk, "e");
  if (!e) return std::unexpected(e.error());
  std::string_view modulus = without_leading_zeros(*n);
  std::string_view exponent = without_leading_zeros(*e);
  if (modulus.size() < kLeastModulusBytes ||
      (modulus.size() == kLeastModulusBytes &&
       (static_cast<unsigned char>(modulus[0]) & 0x80) == 0)) {
    return drop("RSA modulus shorter than 2048 bits");
  }
  if (modulus.size() > kMostModulusBytes) return drop("RSA modulus longer than 8192 bits");
  if ((modulus.back() & 1) == 0) return drop("RSA modulus is even");
  // NIST SP 800-56B section 6.2: odd and at least 65537.
  constexpr std::string_view kLeastExponent("\x01\x00\x01", 3);
  bool small = exponent.size() < 3 || (exponent.size() == 3 && exponent < kLeastExponent);
  if (small || (exponent.back() & 1) == 0) {
    return drop("RSA exponent is even or smaller than 65537");
  }
  if (exponent.size() > kMostExponentBytes) return drop("RSA exponent longer than 64 bits");
  if (has_roca_fingerprint(modulus)) return drop("RSA modulus of a broken generator (ROCA)");

  Owned<BIGNUM> bn_n(BN_bin2bn(octets(modulus), static_cast<int>(modulus.size()), nullptr));
  Owned<BIGNUM> bn_e(BN_bin2bn(octets(exponent), static_cast<int>(exponent.size()), nullptr));
  Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  SALLYPORT_CHECK(bn_n && bn_e && builder &&
                  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, bn_n.get()) == 1 &&
                  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, bn_e.get()) == 1);
  auto pkey = from_parameters("RSA", builder.get());
  if (pkey == nullptr) return drop("OpenSSL does not take the RSA key");
  return Material{.type = KeyType::kRsa,
                  .pkey = std::move(pkey),
                  .thumb = "RSA" + std::string(modulus) + "|" + std::string(exponent)};
}

struct Curve {
  std::string_view name;
  const char* group;
  std::size_t bytes;
  KeyType type;
};
constexpr Curve kCurves[] = {{"P-256", "P-256", 32, KeyType::kP256},
                             {"P-384", "P-384", 48, KeyType::kP384},
                             {"P-521", "P-521", 66, KeyType::kP521}};

Kept<Material> ec_key(const JsonView& jwk) {
  auto crv = text_of(jwk, "crv");
  if (!crv) return drop("crv is not a text");
  const auto* curve = std::ranges::find(kCurves, *crv, &Curve::name);
  if (curve == std::end(kCurves)) return drop("unknown curve", false);
  auto x = bytes_of(jwk, "x");
  if (!x) return std::unexpected(x.error());
  auto y = bytes_of(jwk, "y");
  if (!y) return std::unexpected(y.error());
  // RFC 7518 section 6.2.1.2: the full size of a coordinate, with its leading zeros.
  if (x->size() != curve->bytes || y->size() != curve->bytes) {
    return drop("coordinate of the wrong length");
  }
  std::string point = "\x04" + *x + *y;
  Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  SALLYPORT_CHECK(builder &&
                  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                                  curve->group, 0) == 1 &&
                  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                   point.data(), point.size()) == 1);
  auto pkey = from_parameters("EC", builder.get());
  if (pkey == nullptr || !is_valid_point(pkey.get())) return drop("the point is not on its curve");
  return Material{
      .type = curve->type, .pkey = std::move(pkey), .thumb = "EC" + std::string(*crv) + point};
}

Kept<Material> okp_key(const JsonView& jwk) {
  auto crv = text_of(jwk, "crv");
  if (!crv) return drop("crv is not a text");
  if (*crv != "Ed25519") return drop("unknown curve", false);
  auto x = bytes_of(jwk, "x");
  if (!x) return std::unexpected(x.error());
  if (x->size() != 32) return drop("Ed25519 key of the wrong length");
  Owned<EVP_PKEY> pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(*x), x->size()));
  if (pkey == nullptr) {
    ERR_clear_error();
    return drop("OpenSSL does not take the Ed25519 key");
  }
  return Material{.type = KeyType::kEd25519, .pkey = std::move(pkey), .thumb = "OKP" + *x};
}

Kept<Material> material_of(const JsonView& jwk) {
  auto kty = text_of(jwk, "kty");
  if (!kty || kty->empty()) return drop("kty is missing");
  if (*kty == "RSA") return rsa_key(jwk);
  if (*kty == "EC") return ec_key(jwk);
  if (*kty == "OKP") return okp_key(jwk);
  return drop("unknown kty", false);
}

bool has_private_member(const JsonView& jwk) {
  constexpr std::string_view kPrivate[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
  return std::ranges::any_of(kPrivate, [&](auto name) { return jwk.member(name).has_value(); });
}

// `use` and `key_ops` (RFC 7517 sections 4.2, 4.3), where they stand, must allow verification.
Kept<void> check_purpose(const JsonView& jwk) {
  auto use = text_of(jwk, "use");
  if (!use) return drop("use is not a text");
  if (!use->empty() && *use != "sig") return drop("not a signature key (use)", false);
  if (auto ops = jwk.member("key_ops")) {
    if (!ops->is_array()) return drop("key_ops is not a list");
    bool verify = false;
    for (JsonView op : *ops) {
      if (!op.is_text()) return drop("key_ops holds something else than text");
      if (op.text() == "verify") verify = true;
    }
    if (!verify) return drop("not a verification key (key_ops)", false);
  }
  return {};
}

// Microsoft's common documents list keys of other tenants, each with its `issuer`: a key of the
// consumer tenant must never verify a token of an organization's.
bool belongs_elsewhere(const JsonView& jwk, const std::optional<EntraIssuer>& ours) {
  auto issuer = text_of(jwk, "issuer");
  if (!ours || !issuer || issuer->empty()) return false;
  auto theirs = parse_entra_issuer(*issuer);
  return theirs && theirs->tenant != ours->tenant;
}

Kept<KeyPtr> read_key(const JsonView& jwk, std::string_view key_id,
                      const std::optional<EntraIssuer>& ours) {
  if (key_id.empty()) return drop("has no kid, so no token can name it");
  if (key_id.size() > kKeyIdBytes) return drop("kid is longer than 256 bytes");
  auto kty = text_of(jwk, "kty");
  if (kty == "oct") return drop("a symmetric key in a public key set");
  if (has_private_member(jwk)) return drop("the private key is published with it");
  if (auto purpose = check_purpose(jwk); !purpose) return std::unexpected(purpose.error());
  if (belongs_elsewhere(jwk, ours)) return drop("belongs to another tenant", false);
  auto alg = text_of(jwk, "alg");
  if (!alg) return drop("alg is not a text");
  std::optional<Algorithm> only;
  if (!alg->empty()) {
    only = parse_algorithm(*alg);
    if (!only) return drop("unknown alg", false);
  }
  auto material = material_of(jwk);
  if (!material) return std::unexpected(material.error());
  if (only && key_type_of(*only) != material->type) return drop("alg does not fit kty and crv");
  auto key = std::make_shared<const VerificationKey>(std::string(key_id), material->type, only,
                                                     material->pkey.get(), sha256(material->thumb));
  std::ignore = material->pkey.release();  // the key's now; without memory for it, still ours
  return key;
}

}  // namespace

VerificationKey::VerificationKey(std::string key_id, KeyType type, std::optional<Algorithm> only,
                                 evp_pkey_st* pkey, Sha256 thumbprint)
    : key_id_(std::move(key_id)), type_(type), only_(only), pkey_(pkey), thumbprint_(thumbprint) {
  for (std::size_t i = 0; i < kAlgorithmCount; ++i) {
    auto algorithm = static_cast<Algorithm>(i);
    if (allows(algorithm)) contexts_[i] = make_verify_context(pkey_, algorithm);
  }
}

VerificationKey::~VerificationKey() {
  for (auto* context : contexts_) EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(pkey_);
}

bool VerificationKey::allows(Algorithm algorithm) const {
  return key_type_of(algorithm) == type_ && (!only_ || *only_ == algorithm);
}

KeySet::KeySet(std::vector<KeyPtr> keys, std::vector<KeyAlarm> alarms)
    : keys_(std::move(keys)),
      alarms_(std::move(alarms)),
      serial_(next_serial.fetch_add(1, std::memory_order_relaxed)) {
  std::ranges::sort(keys_, {},
                    [](const KeyPtr& key) -> const std::string& { return key->key_id(); });
  for (std::size_t i = 1; i < keys_.size(); ++i) {
    SALLYPORT_CHECK(keys_[i - 1]->key_id() != keys_[i]->key_id());
  }
}

const VerificationKey* KeySet::find(std::string_view key_id) const {
  auto at = std::ranges::lower_bound(
      keys_, key_id, {}, [](const KeyPtr& key) { return std::string_view(key->key_id()); });
  return at != keys_.end() && (*at)->key_id() == key_id ? at->get() : nullptr;
}

Result<KeySetPtr> parse_key_set(std::string_view json, std::string_view issuer) {
  auto document = StrictJson::parse(json, kDocumentJson);
  if (!document) return rejected("the key set is " + std::string(describe(document.error())));
  auto list = document->root().member("keys");
  if (!list || !list->is_array()) return rejected("the key set has no list named `keys`");

  std::map<std::string_view, int> times;
  std::size_t count = 0;
  for (JsonView jwk : *list) {
    if (++count > kKeySetKeys) return rejected("the key set has more than 1000 keys");
    if (!jwk.is_object()) return rejected("the key set holds something else than a key");
    auto key_id = text_of(jwk, "kid");
    if (!key_id) return rejected("a kid in the key set is not a text");
    ++times[*key_id];
  }
  auto ours = parse_entra_issuer(issuer);
  std::vector<KeyPtr> keys;
  std::vector<KeyAlarm> alarms;
  for (JsonView jwk : *list) {
    std::string_view key_id = *text_of(jwk, "kid");
    // One name for two keys: which one a token means, nobody can say. Neither is used.
    Kept<KeyPtr> key = !key_id.empty() && times[key_id] > 1
                           ? drop("the key set has this kid more than once")
                           : read_key(jwk, key_id, ours);
    if (key) {
      keys.push_back(*std::move(key));
    } else {
      alarms.push_back({.key_id = std::string(key_id.substr(0, kKeyIdBytes)),
                        .why = std::move(key.error().why),
                        .alarming = key.error().alarming});
    }
  }
  if (keys.empty()) {
    return rejected("the key set has no usable key" +
                    (alarms.empty() ? std::string() : ": " + alarms.front().why));
  }
  return std::make_shared<const KeySet>(std::move(keys), std::move(alarms));
}

}  // namespace sallyport::identity
