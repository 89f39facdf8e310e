// An issuer's published keys (JWK set, RFC 7517), read strictly and then never changed. A key that
// a careful reader would not use is dropped and named in alarms(); a document that is not a key set
// at all is refused whole. Keys are parsed once, into OpenSSL's form. Immutable; any thread.
//
//   auto keys = parse_key_set(body, settings.issuer);
//   if (const VerificationKey* key = (*keys)->find(kid)) verify_signature(*key, ...);
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/encoding.h"
#include "base/result.h"
#include "identity/algorithm.h"

struct evp_pkey_ctx_st;
struct evp_pkey_st;

namespace sallyport::identity {

/// The code of a key set that was refused.
inline constexpr std::string_view kKeysRejected = "keys.rejected";

inline constexpr std::size_t kKeySetBytes = 1 << 20;
inline constexpr std::size_t kKeySetKeys = 1000;  ///< Entra asks that 10 to 1000 be bearable

class VerificationKey {
 public:
  VerificationKey(std::string key_id, KeyType type, std::optional<Algorithm> only,
                  evp_pkey_st* pkey, Sha256 thumbprint);
  ~VerificationKey();
  VerificationKey(const VerificationKey&) = delete;
  VerificationKey& operator=(const VerificationKey&) = delete;

  [[nodiscard]] const std::string& key_id() const { return key_id_; }
  [[nodiscard]] KeyType type() const { return type_; }
  /// True if the key's type fits and its `alg`, where the provider set one, is this one.
  [[nodiscard]] bool allows(Algorithm algorithm) const;
  [[nodiscard]] evp_pkey_st* pkey() const { return pkey_; }
  /// What make_verify_context() made of it for an algorithm that it allows; for others null.
  [[nodiscard]] const evp_pkey_ctx_st* context(Algorithm algorithm) const {
    return contexts_[static_cast<std::size_t>(algorithm)];
  }
  /// Of the public key material: tells a key from another one under the same `kid`.
  [[nodiscard]] const Sha256& thumbprint() const { return thumbprint_; }

 private:
  std::string key_id_;
  KeyType type_;
  std::optional<Algorithm> only_;
  evp_pkey_st* pkey_;                                         ///< owned
  std::array<evp_pkey_ctx_st*, kAlgorithmCount> contexts_{};  ///< owned
  Sha256 thumbprint_;
};
using KeyPtr = std::shared_ptr<const VerificationKey>;

/// A key that was left out, and why. `alarming` is false for what is merely of no use here (an
/// encryption key, an algorithm that we do not know) and true for what the provider should not
/// have published (a weak key, a private or symmetric one, one name for two keys).
struct KeyAlarm {
  std::string key_id;  ///< bounded; empty if the key has none
  std::string why;
  bool alarming = true;
};

class KeySet {
 public:
  /// `keys` must have different key ids.
  explicit KeySet(std::vector<KeyPtr> keys, std::vector<KeyAlarm> alarms = {});

  /// The key of that id, compared as bytes; nullptr if there is none.
  [[nodiscard]] const VerificationKey* find(std::string_view key_id) const;
  [[nodiscard]] const std::vector<KeyPtr>& keys() const { return keys_; }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }
  [[nodiscard]] const std::vector<KeyAlarm>& alarms() const { return alarms_; }
  /// Different for every KeySet of this process, so that a cache sees a change in one compare.
  [[nodiscard]] std::uint64_t serial() const { return serial_; }

 private:
  std::vector<KeyPtr> keys_;  ///< sorted by key id
  std::vector<KeyAlarm> alarms_;
  std::uint64_t serial_;
};
using KeySetPtr = std::shared_ptr<const KeySet>;

/// Error: keys.rejected (not JSON, duplicate members, no `keys`, too large, no usable key).
/// `issuer` is the configured one: a key that says it belongs to another tenant is dropped.
[[nodiscard]] Result<KeySetPtr> parse_key_set(std::string_view json, std::string_view issuer);

}  // namespace sallyport::identity
