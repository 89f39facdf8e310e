// One configured provider, ready for use: where it is, what its requests begin with, and its
// credential. Immutable; a reload makes new ones. Shared by all workers.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client_pool.h"
#include "upstream/provider.h"
#include "upstream/settings.h"

namespace sallyport::upstream {

class Upstream {
 public:
  /// Errors: upstream.base_url, upstream.proxy, tls.ca_file.
  [[nodiscard]] static Result<std::shared_ptr<const Upstream>> create(
      const UpstreamSettings& settings, std::chrono::milliseconds connect_limit);
  ~Upstream();
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const ProviderFacts& provider() const { return facts(provider_); }
  [[nodiscard]] const std::shared_ptr<const http::Destination>& destination() const {
    return destination_;
  }

  /// Appends the request line, Host and the credential: `POST /anthropic/v1/messages?beta=true`.
  /// `target` starts with `/v1/`. The text holds a secret: wipe the buffer after use.
  void begin_head(std::string& out, std::string_view target) const;

  /// Of what begin_head() appends, without the target.
  [[nodiscard]] std::size_t head_bytes() const;

  /// True if the text holds the credential.
  [[nodiscard]] bool reveals_credential(std::string_view text) const;

 private:
  Upstream() = default;
  std::string name_;
  Provider provider_ = Provider::kFoundry;
  std::shared_ptr<const http::Destination> destination_;
  std::shared_ptr<const Secret> api_key_;
  std::string before_target_;  ///< "POST /anthropic"
  std::string after_target_;   ///< " HTTP/1.1", Host and the credential; wiped
};

}  // namespace sallyport::upstream
