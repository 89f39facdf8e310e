// The signature algorithms that a token may name (RFC 7518 section 3.1, RFC 8037), and nothing
// else: no `none`, and no HMAC, since a published key would be its secret. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sallyport::identity {

enum class Algorithm : std::uint8_t {
  kRS256,
  kRS384,
  kRS512,
  kPS256,
  kPS384,
  kPS512,
  kES256,
  kES384,
  kES512,
  kEdDSA,
};
inline constexpr std::size_t kAlgorithmCount = 10;

enum class KeyType : std::uint8_t { kRsa, kP256, kP384, kP521, kEd25519 };

/// Exact, case-sensitive, as the standard says; nothing for every other name.
[[nodiscard]] std::optional<Algorithm> parse_algorithm(std::string_view name);
[[nodiscard]] std::string_view name_of(Algorithm algorithm);
[[nodiscard]] std::string_view name_of(KeyType type);
/// Which one type of key may be used with it.
[[nodiscard]] KeyType key_type_of(Algorithm algorithm);

}  // namespace sallyport::identity
