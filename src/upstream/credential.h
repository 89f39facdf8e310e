// What a provider is shown in the place of the person's token, ready to be sent: one header line.
// Immutable and shared; workers read snapshots of all of them (Credentials), posted to their loops
// by the owner of the CredentialService. Wiped when the last holder lets go.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cloud/token_source.h"
#include "upstream/settings.h"

namespace sallyport::upstream {

class Credential {
 public:
  /// `x-api-key: KEY` or, with header "authorization", `authorization: Bearer TOKEN`.
  Credential(std::string_view header, std::string_view secret, std::uint64_t serial,
             WallTime obtained, WallTime expires);
  ~Credential();
  Credential(const Credential&) = delete;
  Credential& operator=(const Credential&) = delete;

  /// The whole header line with its end. A secret: wipe what it is copied into.
  [[nodiscard]] std::string_view line() const { return line_; }
  /// Two credentials of a source are the same exactly when their serials are.
  [[nodiscard]] std::uint64_t serial() const { return serial_; }
  [[nodiscard]] WallTime obtained() const { return obtained_; }
  [[nodiscard]] WallTime expires() const { return expires_; }  ///< WallTime::max(): never
  /// The secret itself, to look for it in what comes back: a view, never a copy.
  [[nodiscard]] std::string_view secret() const;
  /// True if the text holds the secret.
  [[nodiscard]] bool revealed_in(std::string_view text) const;
  /// Compares in constant time.
  [[nodiscard]] bool holds(std::string_view secret) const;

 private:
  std::string line_;
  std::size_t secret_at_;
  std::size_t secret_size_;
  std::uint64_t serial_;
  WallTime obtained_;
  WallTime expires_;
};
using CredentialPtr = std::shared_ptr<const Credential>;

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
