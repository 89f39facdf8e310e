// A token taken apart: the compact serialisation of RFC 7515 section 7.1, with the header
// parameters that decide anything. Form only; whether it is true, the verifier says. Pure; any
// thread.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "identity/reason.h"
#include "identity/strict_json.h"

namespace sallyport::identity {

/// What was wrong with the form, for the operator; `where` is a literal.
struct FormFault {
  Reason reason;
  std::string_view where;
  std::string_view what;
};

class CompactJws {
 public:
  /// Three canonical base64url parts, a header that is a JSON object. Errors: kTooLarge,
  /// kMalformed, kEncrypted (five parts), kDuplicateMember.
  [[nodiscard]] static std::expected<CompactJws, FormFault> parse(std::string_view token);

  [[nodiscard]] JsonView header() const { return header_.root(); }
  [[nodiscard]] const std::string& payload() const { return *payload_; }
  [[nodiscard]] const std::string& signature() const { return *signature_; }
  /// What is signed: the first two parts with their dot. A view into the token.
  [[nodiscard]] std::string_view signing_input() const { return signing_input_; }

 private:
  // Views of the header point into the text, so it must stay in place when this moves.
  std::unique_ptr<const std::string> header_text_;
  std::unique_ptr<const std::string> payload_;
  std::unique_ptr<const std::string> signature_;
  StrictJson header_;
  std::string_view signing_input_;
};

/// The rules for header parameters that hold for every issuer: `alg` and `kid` are texts and there,
/// nothing critical, no key or key address inside, not encrypted or nested.
[[nodiscard]] std::optional<FormFault> check_header(const CompactJws& jws);

}  // namespace sallyport::identity
