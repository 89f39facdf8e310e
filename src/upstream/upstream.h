// One configured provider, ready for use: where it is, what its requests begin with, and which
// credential they take. Immutable; a reload makes new ones. Shared by all workers.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client_pool.h"
#include "upstream/credential.h"
#include "upstream/provider.h"
#include "upstream/settings.h"

namespace sallyport::upstream {

inline constexpr std::string_view kUpstreamBaseUrl = "upstream.base_url";
inline constexpr std::string_view kUpstreamProxy = "upstream.proxy";

class Upstream {
 public:
  /// Errors: kUpstreamBaseUrl, kUpstreamProxy, tls.ca_file.
  [[nodiscard]] static Result<std::shared_ptr<const Upstream>> create(
      const UpstreamSettings& settings, std::chrono::milliseconds connect_limit);
  ~Upstream() = default;
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const ProviderKind& kind() const { return *kind_; }
  [[nodiscard]] const std::shared_ptr<const http::Destination>& destination() const {
    return destination_;
  }

  /// Its API key; null where the credential is a token, which CredentialService keeps under
  /// credential_id().
  [[nodiscard]] const CredentialPtr& fixed_credential() const { return fixed_credential_; }
  [[nodiscard]] std::uint64_t credential_id() const { return credential_id_; }

  /// Appends the request line, Host and, where it is a field of its own, the credential:
  /// `POST /anthropic/v1/messages?beta=true`. The text holds a secret: wipe the buffer after use.
  void begin_head(std::string& out, const Call& call, const Credential& credential) const;

  /// ProviderKind::sign() with what is this provider's.
  void sign(std::string& head, std::span<const std::string_view> body, const Credential& credential,
            Clock& clock) const {
    kind_->sign(head, body, credential, {clock, target_});
  }

  /// At most, of what begin_head() appends without the call's path, and sign().
  [[nodiscard]] std::size_t head_bytes(const Credential& credential) const;

 private:
  Upstream() = default;
  std::string name_;
  std::string target_;
  const ProviderKind* kind_ = nullptr;
  std::shared_ptr<const http::Destination> destination_;
  CredentialPtr fixed_credential_;
  std::uint64_t credential_id_ = 0;
  std::string before_path_;  ///< "POST /anthropic"
  std::string after_path_;   ///< " HTTP/1.1" and Host
};

}  // namespace sallyport::upstream
