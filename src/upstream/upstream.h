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

class Upstream {
 public:
  /// Errors: upstream.base_url, upstream.proxy, tls.ca_file.
  [[nodiscard]] static Result<std::shared_ptr<const Upstream>> create(
      const UpstreamSettings& settings, std::chrono::milliseconds connect_limit);
  ~Upstream() = default;
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const ProviderFacts& provider() const { return facts(provider_); }
  [[nodiscard]] const std::shared_ptr<const http::Destination>& destination() const {
    return destination_;
  }

  /// Its API key; null where the credential is a token, which CredentialService keeps under
  /// credential_id().
  [[nodiscard]] const CredentialPtr& fixed_credential() const { return fixed_credential_; }
  [[nodiscard]] std::uint64_t credential_id() const { return credential_id_; }

  /// Appends the request line, Host and the credential: `POST /anthropic/v1/messages?beta=true`.
  /// `target` starts with `/v1/`. The text holds a secret: wipe the buffer after use.
  void begin_head(std::string& out, std::string_view target, const Credential& credential) const;

  /// Of what begin_head() appends, without the target.
  [[nodiscard]] std::size_t head_bytes(const Credential& credential) const;

 private:
  Upstream() = default;
  std::string name_;
  Provider provider_ = Provider::kFoundry;
  std::shared_ptr<const http::Destination> destination_;
  CredentialPtr fixed_credential_;
  std::uint64_t credential_id_ = 0;
  std::string before_target_;  ///< "POST /anthropic"
  std::string after_target_;   ///< " HTTP/1.1" and Host
};

}  // namespace sallyport::upstream
