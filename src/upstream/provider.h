// What a model provider is: how a request is addressed, what its head and body need, what a stream
// of its is, how its errors read. One file a kind (provider_NAME.cc), one row in provider.cc; what
// the configuration may say of it is a row in settings.h. Those that speak the Messages API with
// its event stream share provider_messages.h.
//
//   const ProviderKind& kind = kind_of(Provider::kFoundry);
//   auto error = kind.read_error(Operation::kMessages, status, body, secret);
//
// A kind lives for ever, holds no state and may be called by any thread.
#pragma once

#include <cstdint>
#include <forward_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/few.h"
#include "http/field.h"
#include "upstream/credential.h"
#include "upstream/provider_answer.h"
#include "upstream/settings.h"

namespace sallyport::upstream {

enum class Operation : std::uint8_t { kMessages, kCountTokens };

/// What a request's address depends on.
struct Call {
  Operation operation = Operation::kMessages;
  std::string_view target;  ///< the client's, from `/v1/` on, with the query
  std::string_view model;   ///< what the provider calls it
  bool stream = false;
};

/// A model's name in a request's body.
struct ModelName {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string_view replacement;  ///< what the provider calls it, as JSON text; empty: the same
};

/// A client's request, as far as a provider's edits may depend on it.
struct ClientRequest {
  http::Fields fields;
  std::string_view body;
  std::span<const ModelName> models;  ///< every model that the body names, in their order
};

/// A part of a body that another text replaces.
struct BodyEdit {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string_view replacement;
};

/// What of a client's request is another thing at the provider. Views in it live as long as the
/// request; a text of the kind's own is kept here.
class RequestEdits {
 public:
  Few<BodyEdit, 4> body;                    ///< sorted by offset
  Few<std::string_view, 2> dropped_fields;  ///< of the client's head, in lower case
  std::string added_fields;                 ///< whole lines

  /// Keeps a text for as long as these edits live.
  [[nodiscard]] std::string_view keep(std::string text) {
    return texts_.emplace_front(std::move(text));
  }

 private:
  std::forward_list<std::string> texts_;
};

/// What a signature depends on besides head, body and credential.
struct Signing {
  Clock& clock;
  std::string_view target;  ///< where the provider is, by its `target_key`: the region, say
};

/// How a stream is written; gateway/stream_decoder.h has what reads each.
enum class StreamFormat : std::uint8_t {
  kNone,    ///< a whole answer
  kEvents,  ///< the Messages API's event stream
};

/// A header field with an id by which a provider's support finds a request.
struct RequestIdField {
  std::string_view field;     ///< in lower case
  std::string_view recorded;  ///< the member of the record that holds it; 20 bytes at most
};
inline constexpr std::size_t kMostRequestIds = 2;  ///< a provider

class ProviderKind {
 public:
  /// What does not need code of a kind's own.
  struct Traits {
    Provider provider;
    http::Field fallback;                 ///< sent where the client sends none of that name
    std::span<const RequestIdField> ids;  ///< at most kMostRequestIds
    /// Audiences that its tokens are known to be for, the usual one first; empty: it takes none.
    std::span<const std::string_view> scopes;
    /// What an answer to `upstream check` means, before what it means of any provider.
    std::span<const AnswerRow> answers;
  };

  ProviderKind(const ProviderKind&) = delete;
  ProviderKind& operator=(const ProviderKind&) = delete;
  [[nodiscard]] const Traits& traits() const { return traits_; }

  /// Appends what follows the base URL's path in the request line.
  virtual void append_path(std::string& out, const Call& call) const = 0;
  /// Appends the field that shows the credential, where that is a line of its own.
  virtual void append_credential(std::string& out, const Credential& credential) const = 0;
  /// Says what of the client's body and head has to change.
  virtual void edit(const Call& call, const ClientRequest& request, RequestEdits& edits) const = 0;
  /// Once all fields are in the head (request line to last field, without the empty line) and the
  /// body is edited: appends what signs both. `body`: its pieces.
  virtual void sign(std::string& head, std::span<const std::string_view> body,
                    const Credential& credential, const Signing& signing) const = 0;
  /// What an answer of this status and content type to a Messages request is.
  [[nodiscard]] virtual StreamFormat stream_of(int status, std::string_view content_type) const = 0;
  /// Reads an answer that is no success: any status but 2xx, or a 2xx that is no answer at all.
  /// What repeats `secret`, the credential that was shown, has no words and does not pass.
  [[nodiscard]] virtual ProviderError read_error(Operation operation, int status,
                                                 std::string_view body,
                                                 std::string_view secret) const = 0;

 protected:
  constexpr explicit ProviderKind(const Traits& traits) : traits_(traits) {}
  ~ProviderKind() = default;

 private:
  Traits traits_;
};

/// The row of the table.
[[nodiscard]] const ProviderKind& kind_of(Provider provider);

}  // namespace sallyport::upstream
