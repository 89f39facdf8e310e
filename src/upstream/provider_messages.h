// The providers that speak the Messages API as Anthropic wrote it: the client's path after the base
// URL's, a ready credential line, the model in the body, `anthropic-version` in the head, an event
// stream, Anthropic's errors. A kind of this family adds its traits and what its front says.
// Internal to upstream/.
#pragma once

#include "upstream/provider.h"

namespace sallyport::upstream {

inline constexpr http::Field kMessagesVersion{"anthropic-version", "2023-06-01"};

/// Anthropic's own id, and the one of Azure's API Management where that stands before it.
inline constexpr RequestIdField kAnthropicIds[] = {{"request-id", "request_id"},
                                                   {"apim-request-id", "apim_request_id"}};

/// What Anthropic's own word for an unknown model means, whoever's front it came through.
inline constexpr AnswerRow kNoSuchModel{
    404,
    With::kAny,
    "not_found_error",
    {false, "upstream.deployment_not_found",
     "the credential works, but the provider has no model of this name",
     "correct models[].deployments"}};

class MessagesProvider : public ProviderKind {
 public:
  constexpr explicit MessagesProvider(const Traits& traits) : ProviderKind(traits) {}

  void append_path(std::string& out, const Call& call) const final;
  void append_credential(std::string& out, const Credential& credential) const final;
  void edit(const Call& call, const ClientRequest& request, RequestEdits& edits) const final;
  void sign(std::string& head, std::span<const std::string_view> body, const Credential& credential,
            const Signing& signing) const final;
  [[nodiscard]] StreamFormat stream_of(int status, std::string_view content_type) const final;
  [[nodiscard]] ProviderError read_error(Operation operation, int status, std::string_view body,
                                         std::string_view secret) const final;

 protected:
  ~MessagesProvider() = default;

 private:
  /// What the provider's front says: makes the fault more exact, or fills code and message, where
  /// the error is not in Anthropic's words.
  virtual void read_front(const ErrorBody& body, ProviderError& error) const = 0;
};

}  // namespace sallyport::upstream
