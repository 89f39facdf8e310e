// A tenant for unit tests and benchmarks: an Entra-shaped issuer with one key, and access tokens of
// it with any claim changed. Header-only and never part of the program.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "identity/test_issuer.h"
#include "identity/token_verifier.h"

namespace sallyport::identity {

inline constexpr std::string_view kTestTenant = "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4";
inline constexpr std::string_view kTestApi = "b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55";
inline constexpr std::string_view kTestClient = "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101";
inline constexpr std::string_view kTestPerson = "2e6a7c31-9d04-4b7f-a6e8-50c1d2f3a4b7";
inline constexpr std::string_view kTestIssuer =
    "https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0";

/// 2026-11-21T00:00:00Z, where FakeClock starts.
inline constexpr std::int64_t kTestNow = 1795219200;
[[nodiscard]] inline WallTime test_time(std::int64_t seconds_later = 0) {
  return WallTime(std::chrono::seconds(kTestNow + seconds_later));
}

[[nodiscard]] inline std::string in_quotes(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

/// Members of a JSON object by name; each value is JSON as it will stand in the token.
class Members {
 public:
  Members() = default;
  Members(std::initializer_list<std::pair<const std::string, std::string>> members)
      : members_(members) {}
  Members with(std::string_view name, std::string_view json) const {
    Members copy = *this;
    copy.members_[std::string(name)] = json;
    return copy;
  }
  Members without(std::string_view name) const {
    Members copy = *this;
    copy.members_.erase(std::string(name));
    return copy;
  }
  [[nodiscard]] const std::map<std::string, std::string>& all() const { return members_; }
  [[nodiscard]] std::string json() const {
    std::string out = "{";
    for (const auto& [name, value] : members_) {
      if (out.size() > 1) out += ',';
      out += in_quotes(name) + ":" + value;
    }
    return out + "}";
  }

 private:
  std::map<std::string, std::string> members_;
};

[[nodiscard]] inline Members entra_header() {
  return {{"alg", "\"RS256\""}, {"kid", "\"k1\""}, {"typ", "\"JWT\""}};
}

/// A person's access token of version 2 for our own API application.
[[nodiscard]] inline Members entra_claims() {
  return {{"aud", in_quotes(kTestApi)},
          {"iss", in_quotes(kTestIssuer)},
          {"iat", std::to_string(kTestNow - 60)},
          {"nbf", std::to_string(kTestNow - 60)},
          {"exp", std::to_string(kTestNow + 3600)},
          {"azp", in_quotes(kTestClient)},
          {"azpacr", "\"0\""},
          {"name", "\"Rina Okafor\""},
          {"oid", in_quotes(kTestPerson)},
          {"preferred_username", "\"rina.okafor@example.com\""},
          {"roles", "[\"Claude.User\"]"},
          {"scp", "\"Gateway.Access\""},
          {"sid", "\"00c1f6d2-7f57-4c35-9b63-4f5b6d0a1e22\""},
          {"sub", "\"pair-wise-for-api-app\""},
          {"tid", in_quotes(kTestTenant)},
          {"uti", "\"p0Vq3nYd1kG7sB5tE2xDAA\""},
          {"ver", "\"2.0\""}};
}

[[nodiscard]] inline IssuerSettings entra_settings() {
  IssuerSettings settings;
  settings.name = "contoso";
  settings.issuer = kTestIssuer;
  settings.audiences = {std::string(kTestApi)};
  return settings;
}

[[nodiscard]] inline KeySetPtr test_keys(const std::vector<std::string>& keys,
                                         std::string_view issuer = kTestIssuer) {
  auto parsed = parse_key_set(jwks(keys), issuer);
  SALLYPORT_CHECK(parsed.has_value());
  return *std::move(parsed);
}

/// Key k1 (RSA) for every issuer in `all`.
[[nodiscard]] inline SnapshotPtr snapshot_of(std::vector<IssuerSettings> all,
                                             std::uint64_t generation = 1) {
  static const KeySetPtr keys = test_keys({TestKey::rsa().jwk("k1")});
  std::vector<IssuerState> states;
  states.reserve(all.size());
  for (auto& settings : all) states.emplace_back(std::move(settings), keys);
  return make_snapshot(generation, std::move(states));
}

/// Signed by k1 with RS256, whatever the header says.
[[nodiscard]] inline std::string signed_token(const Members& claims,
                                              const Members& header = entra_header()) {
  return TestKey::rsa().token(header.json(), claims.json(), "RS256");
}

}  // namespace sallyport::identity
