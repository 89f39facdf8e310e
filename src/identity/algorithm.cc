#include "identity/algorithm.h"

#include <array>

namespace sallyport::identity {
namespace {

struct Row {
  std::string_view name;
  KeyType type;
};
constexpr std::array<Row, kAlgorithmCount> kRows{{
    {"RS256", KeyType::kRsa},
    {"RS384", KeyType::kRsa},
    {"RS512", KeyType::kRsa},
    {"PS256", KeyType::kRsa},
    {"PS384", KeyType::kRsa},
    {"PS512", KeyType::kRsa},
    {"ES256", KeyType::kP256},
    {"ES384", KeyType::kP384},
    {"ES512", KeyType::kP521},
    {"EdDSA", KeyType::kEd25519},
}};

}  // namespace

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == name) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

std::string_view name_of(Algorithm algorithm) {
  return kRows[static_cast<std::size_t>(algorithm)].name;
}

std::string_view name_of(KeyType type) {
  constexpr std::array<std::string_view, 5> kNames{"RSA", "P-256", "P-384", "P-521", "Ed25519"};
  return kNames[static_cast<std::size_t>(type)];
}

KeyType key_type_of(Algorithm algorithm) {
  return kRows[static_cast<std::size_t>(algorithm)].type;
}

}  // namespace sallyport::identity
