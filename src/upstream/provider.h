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
#include <span>
#include <string>
#include <string_view>

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

/// A part of a body that another text replaces.
struct BodyEdit {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string_view replacement;
};
using BodyEdits = Few<BodyEdit, 4>;

enum class StreamFormat : std::uint8_t {
  kNone,    ///< a whole answer
  kEvents,  ///< the Messages API's event stream
};

/// Header fields with the ids by which a provider's support finds a request; empty: none.
struct RequestIdFields {
  std::string_view own;
  std::string_view front;  ///< of the gateway in front of it
};

class ProviderKind {
 public:
  /// What does not need code of a kind's own.
  struct Traits {
    Provider provider;
    http::Field fallback;  ///< sent where the client sends none of that name
    RequestIdFields ids;
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
  /// Appends the field that shows the credential, where that is a ready line.
  virtual void append_credential(std::string& out, const Credential& credential) const = 0;
  /// Appends the edits that the body needs, sorted by offset. `models`: every model that it names,
  /// in their order; the views of the edits live as long as those of `models` and `body`.
  virtual void edit_body(const Call& call, std::string_view body, std::span<const ModelName> models,
                         BodyEdits& edits) const = 0;
  /// Once all fields are in the head (request line to last field, without the empty line) and the
  /// body is edited: appends what signs both. `body`: its pieces.
  virtual void sign(std::string& head, std::span<const std::string_view> body,
                    const Credential& credential) const = 0;
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
