// The bytes of one sending to a provider: a head of ours with its credential in the place of the
// person's, and the client's body with the deployments' names spliced in. Made anew for each
// sending; wipes the credential when it goes. Pure but for that.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/exchange.h"
#include "gateway/splice.h"

namespace sallyport::gateway {

/// What a provider is asked for; not for kModels, which no provider sees.
[[nodiscard]] upstream::Operation operation_of(Endpoint endpoint);

class ProviderRequest {
 public:
  /// Views into the client's head and body, and into `to`.
  ProviderRequest(const Exchange& x, const upstream::Candidate& to);
  ~ProviderRequest();
  ProviderRequest(const ProviderRequest&) = delete;
  ProviderRequest& operator=(const ProviderRequest&) = delete;

  [[nodiscard]] std::span<const std::string_view> pieces() const { return pieces_; }

 private:
  upstream::RequestEdits edits_;
  std::string head_;  ///< in one place: it holds the provider's key
  Few<std::string_view, 6> pieces_;
};

}  // namespace sallyport::gateway
