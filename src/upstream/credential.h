// What a provider is shown in the place of the person's token: one header line, ready to be sent, or
// a pair of keys that its kind signs requests with. Immutable and shared; workers read snapshots of all of them (Credentials), posted to their loops
// by the owner of the CredentialService. Wiped when the last holder lets go.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "cloud/token_source.h"
#include "upstream/settings.h"

namespace sallyport::upstream {

/// A field that is ready to be sent; its holder wipes it.
struct HeaderLine {
  std::string text;  ///< with its end
  std::size_t secret_at = 0;
  std::size_t secret_size = 0;
};

/// What requests are signed with.
struct KeyPair {
  std::string id;
  Secret key;            ///< never sent
  Secret session_token;  ///< sent beside the signature; empty: there is none
};

class Credential {
 public:
  /// `x-api-key: KEY` or, with header "authorization", `authorization: Bearer TOKEN`.
  Credential(std::string_view header, std::string_view secret, std::uint64_t serial,
             WallTime obtained, WallTime expires);
  Credential(KeyPair pair, std::uint64_t serial, WallTime obtained, WallTime expires);
  ~Credential();
  Credential(const Credential&) = delete;
  Credential& operator=(const Credential&) = delete;

  /// The whole header line with its end; empty for a pair of keys. A secret: wipe what it is copied
  /// into.
  [[nodiscard]] std::string_view line() const;
  /// Null: it is a line.
  [[nodiscard]] const KeyPair* key_pair() const { return std::get_if<KeyPair>(&shown_); }
  /// Two credentials of a source are the same exactly when their serials are.
  [[nodiscard]] std::uint64_t serial() const { return serial_; }
  [[nodiscard]] WallTime obtained() const { return obtained_; }
  [[nodiscard]] WallTime expires() const { return expires_; }  ///< WallTime::max(): never
  /// The secret that is sent, to look for it in what comes back: a view, never a copy. Of a pair of
  /// keys the session token.
  [[nodiscard]] std::string_view secret() const;
  /// True if the text holds a secret of it, sent or not.
  [[nodiscard]] bool revealed_in(std::string_view text) const;
  /// Is it the secret that is sent? Compares in constant time.
  [[nodiscard]] bool holds(std::string_view secret) const;

 private:
  std::variant<HeaderLine, KeyPair> shown_;
  std::uint64_t serial_;
  WallTime obtained_;
  WallTime expires_;
};
using CredentialPtr = std::shared_ptr<const Credential>;

/// The one place where what a source gave becomes what a provider is shown.
[[nodiscard]] CredentialPtr credential_of(const cloud::AccessToken& token, std::uint64_t serial,
                                          WallTime obtained);

/// The newest credential of each source that has one.
class Credentials {
 public:
  void add(std::uint64_t id, CredentialPtr credential) {
    entries_.emplace_back(id, std::move(credential));
  }
  /// Null: there is none now.
  [[nodiscard]] const CredentialPtr& find(std::uint64_t id) const;

 private:
  std::vector<std::pair<std::uint64_t, CredentialPtr>> entries_;
};
using CredentialsPtr = std::shared_ptr<const Credentials>;

/// Names an identity at one provider: the same for settings that differ in secrets alone, so that
/// a rotated secret does not take the running token away, and never the same for two providers, so
/// that no credential goes to an address that it was not meant for.
[[nodiscard]] std::uint64_t credential_id(const UpstreamSettings& settings);

/// True if also the secrets and the ways to the source are the same.
[[nodiscard]] bool same_credential(const CredentialSettings& a, const CredentialSettings& b);

}  // namespace sallyport::upstream
