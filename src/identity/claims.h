// The claims of a token, read with the types that the standards give them and in the words of
// several providers. Pure views over the payload; nothing is trusted here. Any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/strict_json.h"

namespace sallyport::identity {

/// A claim that is there, but not as it must be.
struct ClaimFault {
  std::string_view claim;
  std::string_view what;
};
template <typename T>
using Claim = std::expected<T, ClaimFault>;

/// The payload of a token. The StrictJson must outlive it and stay in place.
class Claims {
 public:
  explicit Claims(const StrictJson& payload) : root_(payload.root()) {}

  [[nodiscard]] bool has(std::string_view name) const { return root_.member(name).has_value(); }
  [[nodiscard]] std::optional<JsonView> get(std::string_view name) const {
    return root_.member(name);
  }

  /// An identifier: a text of at most 512 bytes without control characters; empty if absent.
  [[nodiscard]] Claim<std::string_view> identifier(std::string_view name) const;
  /// RFC 7519 NumericDate: a JSON number from 1 to year 9999, rounded down; 0 if absent.
  [[nodiscard]] Claim<std::int64_t> date(std::string_view name) const;
  /// A list of identifiers; a single text counts as a list of one; empty if absent.
  [[nodiscard]] Claim<std::vector<std::string_view>> list(std::string_view name) const;
  /// Words between spaces (Entra's `scp`, RFC 9068's `scope`) or a list (Okta's `scp`).
  [[nodiscard]] Claim<std::vector<std::string_view>> words(std::string_view name) const;
  /// A list inside objects: Keycloak's `realm_access.roles`.
  [[nodiscard]] Claim<std::vector<std::string_view>> nested_list(
      std::initializer_list<std::string_view> path) const;
  /// A readable text for display only, cut to 200 bytes; empty if absent or of another type.
  [[nodiscard]] std::string display(std::string_view name) const;

 private:
  JsonView root_;
};

/// At most `most` bytes, cut between characters, control characters replaced: for logs and records.
[[nodiscard]] std::string bounded(std::string_view text, std::size_t most = 200);

}  // namespace sallyport::identity
